"""docs/postgresql.md: what it tells to copy works, and what it says of the code is so."""

import re
import textwrap
from pathlib import Path
from typing import Any
from urllib.parse import quote

import dagster as dg
import pytest
import yaml

from itpm_pipeline.config import load_settings
from itpm_pipeline.warehouse.postgresql.tables import LOOKED_UP_BY, WORKING

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "postgresql.md").read_text(encoding="utf-8")
BLOCKS = [textwrap.dedent(text) for text in re.findall(r"```yaml\n(.*?) *```", PAGE, re.DOTALL)]


def test_the_settings_shown_are_accepted(tmp_path: Path) -> None:
    (tmp_path / "program.yaml").write_text(BLOCKS[0], encoding="utf-8")
    settings = load_settings(tmp_path / "program.yaml", {"ITPM_PG_PASSWORD": "p@ss/word"})
    assert settings.warehouse.url.startswith("postgresql+psycopg://itpm:p%40ss%2Fword@db.acme.example/itpm")


def test_schemas_and_indexes_are_those_of_the_code() -> None:
    for schema in (*WORKING, *WORKING.values()):
        assert f"`{schema}`" in PAGE
    named = set(re.findall(r"`([a-z_]+_(?:id|key))`", PAGE))
    assert named <= set(LOOKED_UP_BY)
    assert len(named) > 5


@pytest.mark.slow
def test_dagster_keeps_its_runs_in_the_database_shown(
    postgres_server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("dagster_postgres")
    address = postgres_server.url(postgres_server.new_database()).replace("+psycopg", "")
    monkeypatch.setenv("DAGSTER_PG_URL", address.replace(f"host={postgres_server.folder}",
                                                         f"host={quote(str(postgres_server.folder), safe='')}"))
    (tmp_path / "dagster.yaml").write_text(BLOCKS[1] + "telemetry: {enabled: false}\n", encoding="utf-8")
    assert list(yaml.safe_load(BLOCKS[1])) == ["storage"]

    @dg.asset
    def one() -> int:
        return 1

    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        assert dg.materialize([one], instance=instance).success
        assert instance.get_latest_materialization_event(dg.AssetKey("one")) is not None
        assert type(instance.run_storage).__name__ == "PostgresRunStorage"
