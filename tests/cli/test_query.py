"""``itpm sql``: results as tables, CSV and JSON, without handing a tracker's text to terminal or spreadsheet."""

import csv
import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from itpm_pipeline.cli import main
from itpm_pipeline.warehouse.engine import open_warehouse

Itpm = Callable[..., tuple[int, str, str]]

HOSTILE = "select '=HYPERLINK(\"x\")' as formula, 'red' || chr(27) || '[31m' || chr(8238) as control, null as nothing"


@pytest.fixture
def itpm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Itpm:
    """Runs a command in this process; exit code, standard output, standard error."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ITPM_CONFIG", raising=False)
    monkeypatch.setenv("COLUMNS", "80")
    # Who only asks the warehouse needs no tracker's secret.
    tracker = "{name: gh, kind: github, url: 'https://api.github.com', token: '${NOT_SET_ANYWHERE}'}"
    (tmp_path / "program.yaml").write_text(f"trackers: [{tracker}]\n", encoding="utf-8")

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["itpm", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        captured = capsys.readouterr()
        return int(ended.value.code or 0), captured.out, captured.err

    return run


@pytest.fixture
def published(tmp_path: Path) -> None:
    """An empty warehouse, for readers."""
    warehouse = open_warehouse(f"duckdb:///{tmp_path}/data/warehouse.duckdb")
    with warehouse.hold():
        warehouse.prepare()
        warehouse.publish()


@pytest.mark.usefixtures("published")
def test_table_shows_control_characters_as_question_marks(itpm: Itpm) -> None:
    code, out, _ = itpm("sql", HOSTILE)
    assert code == 0
    assert "red?[31m?" in out
    assert "\x1b" not in out
    assert "None" not in out


@pytest.mark.usefixtures("published")
def test_table_is_cut_and_says_so(itpm: Itpm) -> None:
    _, out, _ = itpm("sql", "select range as n from range(500)", "--limit", "7")
    assert "7 of 500 rows" in out


@pytest.mark.usefixtures("published")
def test_csv_keeps_formulas_text(itpm: Itpm) -> None:
    _, out, _ = itpm("sql", HOSTILE, "--format", "csv")
    (row,) = csv.DictReader(io.StringIO(out))
    assert row["formula"] == "'=HYPERLINK(\"x\")"
    assert row["nothing"] == ""


@pytest.mark.usefixtures("published")
def test_csv_keeps_negative_numbers_numbers(itpm: Itpm) -> None:
    _, out, _ = itpm("sql", "select -5 as n, '-5' as t", "-f", "csv")
    assert out.splitlines() == ["n,t", "-5,'-5"]


@pytest.mark.usefixtures("published")
def test_json_has_numbers_and_instants(itpm: Itpm) -> None:
    _, out, _ = itpm(
        "sql", "select sum(n) as total, 1.5 as half, timestamptz '2026-01-02 03:04:05+00' as at, chr(27) as esc "
        "from (select 2 as n)", "--format", "json",
    )  # fmt: skip
    assert json.loads(out) == [{"total": 2, "half": 1.5, "at": "2026-01-02T03:04:05+00:00", "esc": "\x1b"}]
    assert "\x1b" not in out


@pytest.mark.usefixtures("published")
@pytest.mark.parametrize("statement", ["create table mart.mine (x int)", "delete from core.issue", "attach 'x.duckdb'"])
def test_writing_is_refused(itpm: Itpm, statement: str) -> None:
    code, out, err = itpm("sql", statement)
    assert (code, out) == (1, "")
    assert err.startswith("itpm: ")
    assert len(err.splitlines()) == 1


@pytest.mark.usefixtures("published")
def test_other_files_cannot_be_read(itpm: Itpm, tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text("a\ns3cret\n", encoding="utf-8")
    code, out, err = itpm("sql", f"select * from '{tmp_path}/secret.csv'")
    assert code == 1
    assert "s3cret" not in out + err


@pytest.mark.usefixtures("published")
def test_wrong_query_is_one_line(itpm: Itpm) -> None:
    code, _, err = itpm("sql", "select nonsense from mart.nothing")
    assert code == 1
    assert len(err.splitlines()) == 1
    assert "nothing" in err


def test_nothing_published_yet(itpm: Itpm) -> None:
    code, _, err = itpm("sql", "select 1")
    assert code == 1
    assert "run `itpm sync` and `itpm build` first" in err


def test_unknown_format(itpm: Itpm) -> None:
    code, _, err = itpm("sql", "select 1", "--format", "xml")
    assert code == 2
    assert "xml" in err


@pytest.mark.parametrize("arguments", [(), ("frobnicate",), ("sync", "--nonsense")])
def test_wrong_usage(itpm: Itpm, arguments: tuple[str, ...]) -> None:
    assert itpm(*arguments)[0] == 2


def test_version(itpm: Itpm) -> None:
    code, out, _ = itpm("--version")
    assert code == 0
    assert out.startswith("itpm 0.")
