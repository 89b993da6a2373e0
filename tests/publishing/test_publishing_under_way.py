"""Readers of the published warehouse while the pipeline works, and after it was killed: 0 errors, whole versions only.

CI looks at a few rounds with a part of the models; ``--hypothesis-profile=nightly`` at 20 with all of them.
"""

import json
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from itpm_pipeline.cli.build import build_and_publish
from itpm_pipeline.cli.demo import SECRETS
from itpm_pipeline.config import Settings, load_settings
from itpm_pipeline.ingest.progress import Silent
from itpm_pipeline.ingest.sync import sync
from itpm_pipeline.sandbox.company.program_yaml import write_program
from itpm_pipeline.sandbox.company.simulation import build_company
from itpm_pipeline.sandbox.mutations.churn import change_some
from itpm_pipeline.sandbox.serve import Running, serve
from itpm_pipeline.warehouse.engine import open_published

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("publishing")]

HERE = Path(__file__).parent
FEW = ["+mart_team_sprint_velocity", "+dim_team", "+dim_sprint"]


@dataclass(frozen=True)
class Place:
    """A company that is served, and a warehouse of one kind in which it was built once."""

    running: Running
    program: Path
    settings: Settings
    select: list[str]
    first: datetime

    @property
    def url(self) -> str:
        return self.settings.warehouse.url

    def build(self, number: int) -> None:
        """Each for an instant of its own."""
        instant = self.first + timedelta(seconds=number)
        build_and_publish(self.settings, as_of=instant, select=self.select or None, progress=Silent())

    @property
    def tables(self) -> list[str]:
        """Those of core, int and mart that tell the instant of their build, and have rows."""
        with open_published(self.url) as published:
            found = published.query(
                "select table_schema || '.' || table_name as name from information_schema.columns"
                " where column_name = 'as_of' and table_schema in ('int', 'mart') order by 1"
            )
            names = [row["name"] for row in found.to_pylist()]
            counts = {name: published.query(f"select count(*) as n from {name}").to_pylist()[0]["n"] for name in names}
        return [name for name, rows in counts.items() if rows]


@pytest.fixture(scope="module", params=["duckdb", "postgresql"])
def place(request, tmp_path_factory: pytest.TempPathFactory, examples: Callable[..., int]) -> Iterator[Place]:
    select = FEW if examples(1, nightly=2) == 1 else []
    with serve(build_company(200), github_hourly_points=None) as running:
        folder = tmp_path_factory.mktemp(request.param)
        program = write_program(running.company, folder, running.jira_url, running.github_url)
        variables = dict(SECRETS)
        if request.param == "postgresql":
            server = request.getfixturevalue("postgres_server")
            variables["ITPM_WAREHOUSE_URL"] = server.url(server.new_database())
        settings = load_settings(program, variables)
        assert sync(settings).failed == []
        assert settings.as_of is not None
        made = Place(running, program, settings, select, settings.as_of)
        made.build(0)
        yield made


def tell(what: str) -> None:
    """Shown with ``pytest -s``."""
    sys.stdout.write(f"\n{what}\n")


def test_readers_see_whole_versions_and_no_error(place: Place, examples: Callable[..., int]) -> None:
    rounds = examples(3, nightly=20)
    command = [sys.executable, str(HERE / "published_reader.py"), place.url, *place.tables]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as reader:
        assert reader.stdout is not None
        assert reader.stdout.readline() == "ready\n"
        for number in range(1, rounds + 1):
            change_some(place.running.jira_editor, place.running.github_editor, 0.05)
            assert sync(place.settings).failed == []
            place.build(number)
        told, _ = reader.communicate("")
    assert reader.returncode == 0
    seen = json.loads(told)
    tell(f"{rounds} syncs and builds: {seen['readings']} readings saw {len(seen['versions'])} versions")
    assert seen["errors"] == []
    assert seen["torn"] == []
    assert seen["versions"] == sorted(seen["versions"]), "a version came back"
    assert seen["readings"] > 5 * rounds
    assert len(seen["versions"]) > rounds / 2


def test_a_killed_build_leaves_the_last_version_and_the_next_heals(place: Place, examples: Callable[..., int]) -> None:
    kills, seed = examples(3, nightly=20), random.randrange(2**32)
    first = place.first + timedelta(hours=1)
    command = [
        sys.executable, str(HERE / "killed_builds.py"), str(place.program), place.url, str(kills), str(seed),
        first.isoformat(), json.dumps(place.select), *place.tables,
    ]  # fmt: skip
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 0, f"seed {seed}"
    result: dict[str, Any] = json.loads(done.stdout)
    died = sum(one["died"] for one in result["answers"])
    tell(f"{kills} kills within {result['seconds']} s of building, {died} of them before it had ended")
    for number, one in enumerate(result["answers"]):
        moment = f"seed {seed}, kill {number} after {one['after']} s"
        assert whole(one["left"]) == whole(one["before"]), moment
        published_before_it_died = one["left"]["version"] == one["before"]["version"] + 1
        assert one["left"] == one["before"] or published_before_it_died, moment
        assert one["healed"] == 0, moment
        # A version that was numbered and not handed over leaves a gap.
        assert one["then"]["version"] - one["left"]["version"] in (1, 2), moment
        assert len(set(one["then"]["instants"])) == 1, moment
        assert datetime.fromisoformat(one["then"]["instants"][0]) == datetime.fromisoformat(one["expected"]), moment


def whole(found: dict[str, Any]) -> tuple[bool, int]:
    """Whether all tables tell one instant, and how many tell one."""
    return len(set(found["instants"])) == 1, found["tables"]
