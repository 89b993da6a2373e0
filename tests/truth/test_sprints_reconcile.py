"""Every closed sprint against the site's own sprint report, over HTTP, and what becomes of a report that differs."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest
from whole_pipeline import SECRETS

from itpm_pipeline.cli.build import build_and_publish
from itpm_pipeline.config import Settings, load_settings
from itpm_pipeline.extract.records import OutcomeStatus
from itpm_pipeline.ingest.progress import Silent
from itpm_pipeline.ingest.sync import sync
from itpm_pipeline.sandbox.company.model import SprintTruth
from itpm_pipeline.sandbox.company.program_yaml import write_program
from itpm_pipeline.sandbox.company.simulation import build_company
from itpm_pipeline.sandbox.serve import Running, serve

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("reconcile")]

ENDPOINT = "GET /rest/greenhopper/1.0/rapid/charts/sprintreport"
WANTED = ["+velocity", "+mart_data_quality", "+dim_program", "+dim_issue"]


@dataclass
class Compared:
    """A served company, and its Jira side as the pipeline reads and compares it."""

    running: Running
    settings: Settings

    def read(self) -> tuple[int, Any]:
        """Sync and build: reports asked for, and the outcome of their stream."""
        before = self.running.jira.state.requests[ENDPOINT]
        report = sync(self.settings, trackers=["acme-jira"])
        assert report.failed == []
        self.built, self.publication = build_and_publish(self.settings, select=WANTED, progress=Silent())
        (outcome,) = [one for one in report.outcomes if one.stream == "sprint_reports"]
        return self.running.jira.state.requests[ENDPOINT] - before, outcome

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(self.publication.place, read_only=True) as connection:
            return connection.execute(query).fetchall()

    @property
    def velocity(self) -> list[tuple[Any, ...]]:
        return self.rows("select * exclude (as_of) from mart.mart_team_sprint_velocity order by sprint_id")


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Compared]:
    company = build_company("small")
    with serve(company, github_hourly_points=None) as running:
        program = write_program(company, tmp_path_factory.mktemp("reconcile"), running.jira_url, running.github_url)
        program.write_text(program.read_text().replace("  kind: jira\n", "  kind: jira\n  reconcile: true\n"))
        yield Compared(running, load_settings(Path(program), SECRETS))


def test_every_closed_sprint_reconciles_and_a_doctored_report_shows_as_exactly_that(compared: Compared) -> None:
    company = compared.running.company
    closed = sum(sprint.state == "closed" for sprint in company.sprints.values())
    asked, outcome = compared.read()
    assert (asked, outcome.status, outcome.details["answered"]) == (closed, OutcomeStatus.OK, closed)
    assert closed > 100
    counts = "select count(*), count(*) filter (is_reported), count(*) filter (is_equal) from mart.{}"
    assert compared.rows(counts.format("mart_sprint_reconciliation")) == [(closed, closed, closed)]
    assert compared.rows("select * from mart.mart_sprint_reconciliation_issue") == []
    assert "jira_reports_the_same" not in {warning.name for warning in compared.built.warnings}
    velocity = compared.velocity

    doctored = next(one for one in company.truth.sprints if one.sprint.startswith("jira:") and len(one.completed) > 2)
    moved = _doctor(doctored)
    sprint = int(doctored.sprint.removeprefix("jira:"))
    compared.running.jira_editor.update_sprint(sprint=sprint, goal="Other words")
    assert compared.read()[0] == 1, "only the sprint whose row changed"
    assert compared.rows("select sprint_id, issue_id, our_category, jira_category, reason_key from "
                         "mart.mart_sprint_reconciliation_issue") == [
        (f"jira:acme-jira:sprint:{sprint}", f"jira:acme-jira:{moved}", "completed", "not_completed", None),
    ]  # fmt: skip
    assert compared.rows("select sprint_id from mart.mart_sprint_reconciliation where not is_equal") == [
        (f"jira:acme-jira:sprint:{sprint}",)]  # fmt: skip
    assert {one.name: one.failed_rows for one in compared.built.warnings}["jira_reports_the_same"] == 1
    assert compared.velocity == velocity, "no number of ours moves"


def _doctor(account: SprintTruth) -> str:
    """One completed issue is told as not completed."""
    issue = next(iter(account.completed))
    account.not_completed[issue] = account.completed.pop(issue)
    return issue
