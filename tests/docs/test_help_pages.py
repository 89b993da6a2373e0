"""docs/troubleshoot.md, connect.md, security.md, query.md: complete, and true of the code."""

import importlib
import pkgutil
import re
import textwrap
from pathlib import Path

import pytest

import itpm_pipeline
from itpm_pipeline import errors
from itpm_pipeline.config import load_settings
from itpm_pipeline.sources.github.source import WANTED_SCOPES
from itpm_pipeline.warehouse import ops

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = {path.name: path.read_text(encoding="utf-8") for path in [*DOCS.glob("*.md"), ROOT / "README.md"]}
ROWS = {
    cells[0].strip("`"): cells
    for line in PAGES["troubleshoot.md"].splitlines()
    if len(cells := [cell.strip() for cell in line.strip("|").split("|")]) == 4 and cells[0].endswith("Error`")
}
"""Table of errors: name → cells."""
YAML = re.compile(r"^ *```yaml\n(.*?)^ *```", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")


def all_errors() -> dict[str, type[Exception]]:
    """Every public error the library raises on purpose."""
    for module in pkgutil.walk_packages(itpm_pipeline.__path__, "itpm_pipeline."):
        importlib.import_module(module.name)
    found: dict[str, type[Exception]] = {}
    waiting: list[type[Exception]] = [errors.ItpmError]
    while waiting:
        one = waiting.pop()
        ours = one.__module__.startswith("itpm_pipeline.") and ".sandbox" not in one.__module__
        if ours and not one.__name__.startswith("_"):
            found[one.__name__] = one
        waiting += one.__subclasses__()
    return found


def test_every_error_is_explained_with_its_exit_code() -> None:
    known = all_errors()
    assert set(known) <= set(ROWS)
    for name, error in known.items():
        assert ROWS[name][1] in {str(getattr(error, "exit_code", None)), "0"}, name
        assert ROWS[name][2], name


def test_no_error_is_explained_that_there_is_not() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "itpm_pipeline").rglob("*.py"))
    assert [name for name in ROWS if f"class {name}(" not in text] == []


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere(name: str) -> None:
    folder = ROOT if name == "README.md" else DOCS
    for target in LINK.findall(re.sub(r"```.*?```|`[^`\n]*`", "", PAGES[name], flags=re.DOTALL)):
        if target.startswith(("https://", "http://")):
            continue
        path, _, anchor = target.partition("#")
        found = folder / path if path else folder / name
        assert found.exists(), target
        if anchor and found.suffix == ".md":
            headings = re.findall(r"^#+ (.+)$", found.read_text(encoding="utf-8"), re.MULTILINE)
            anchors = {re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-") for heading in headings}
            assert anchor in anchors, target


@pytest.mark.parametrize("block", YAML.findall(PAGES["connect.md"]))
def test_trackers_shown_are_accepted(block: str, tmp_path: Path) -> None:
    (tmp_path / "program.yaml").write_text(textwrap.dedent(block), encoding="utf-8")
    names = re.findall(r"\$\{(\w+)\}", block)
    assert load_settings(tmp_path / "program.yaml", dict.fromkeys(names, "value")).trackers


def test_scopes_are_those_that_check_wants() -> None:
    for scope in WANTED_SCOPES:
        assert f"`{scope}`" in PAGES["connect.md"]


def test_queries_of_the_page_name_columns_that_are_there() -> None:
    tables = {table.name: {column.name for column in table.columns} for table in ops.metadata.tables.values()}
    queries = re.findall(r'itpm sql "(select .+? from ops\.(\w+).*?)"', PAGES["troubleshoot.md"])
    assert len(queries) >= 3
    for query, table in queries:
        asked = query.partition(" from ")[0].removeprefix("select ").split(",")
        names = {name.strip() for name in asked} - {"*", "count(*) as records"}
        assert names <= tables[table], query


def test_tests_that_security_names_exist() -> None:
    for path in re.findall(r"`(tests/[\w./]+)`", PAGES["security.md"]):
        assert (ROOT / path).exists(), path


def test_sensors_and_schedules_named_exist() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "assets").glob("*.py"))
    for name in ("hourly_sync", "nightly_reconcile", "failed_runs", "red_programs"):
        assert f'"{name}"' in text
    assert 'f"failed_{kind}_projects"' in text
