"""Runs the whole pipeline over HTTP on a simulated company, and reads what it published."""

import gc
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb

from itpm_pipeline.cli.build import build_and_publish
from itpm_pipeline.config import load_settings
from itpm_pipeline.ingest.progress import Silent
from itpm_pipeline.ingest.sync import sync
from itpm_pipeline.sandbox.company.model import Company, GithubIssue, JiraIssue
from itpm_pipeline.sandbox.company.program_yaml import write_program
from itpm_pipeline.sandbox.company.simulation import build_company
from itpm_pipeline.sandbox.serve import GITHUB_TOKEN, JIRA_EMAIL, JIRA_TOKEN, serve

JIRA, GITHUB = "acme-jira", "acme-gh"
SECRETS = {
    "ITPM_DEMO_JIRA_EMAIL": JIRA_EMAIL, "ITPM_DEMO_JIRA_TOKEN": JIRA_TOKEN, "ITPM_DEMO_GITHUB_TOKEN": GITHUB_TOKEN,
}
Row = dict[str, Any]


@dataclass
class Published:
    """A company, and what the pipeline made of what its two trackers told."""

    company: Company
    connection: duckdb.DuckDBPyConnection

    def rows(self, query: str) -> list[Row]:
        """Rows of a query on the published warehouse."""
        cursor = self.connection.execute(query)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    @cached_property
    def jira_issues(self) -> dict[str, JiraIssue]:
        """Issues that our Jira account can find, by id in the warehouse."""
        shown = {key for key, one in self.company.jira_projects.items() if one.readable and not one.archived}
        return {
            f"jira:{JIRA}:{key}": issue for key, issue in self.company.jira_issues.items()
            if issue.deleted_at is None and issue.project_id in shown
        }

    @cached_property
    def github_issues(self) -> dict[str, GithubIssue]:
        """Issues that our GitHub account can see, by id in the warehouse."""
        return {
            f"github:{GITHUB}:{issue.node_id}": issue
            for repository in self.company.repositories.values() if repository.issues_enabled
            for issue in repository.issues if issue.deleted_at is None
        }

    @cached_property
    def sprint_issues(self) -> dict[str, list[Row]]:
        """Rows of fct_sprint_issue by time-box."""
        found: dict[str, list[Row]] = defaultdict(list)
        for row in self.rows("select * from mart.fct_sprint_issue"):
            found[row["sprint_id"]].append(row)
        return found

    @cached_property
    def sprints(self) -> dict[str, Row]:
        """Rows of mart_team_sprint_velocity by time-box."""
        return {row["sprint_id"]: row for row in self.rows("select * from mart.mart_team_sprint_velocity")}

    def issue_id(self, key: str) -> str:
        """Id in the warehouse of an issue of the truth (Jira ids are numbers, GitHub's are not)."""
        return f"jira:{JIRA}:{key}" if key in self.company.jira_issues else f"github:{GITHUB}:{key}"

    def sprint_id(self, name: str) -> str:
        """Id in the warehouse of a sprint or iteration of the truth."""
        kind, _, rest = name.partition(":")
        if kind == "jira":
            return f"jira:{JIRA}:sprint:{rest}"
        number, iteration = rest.split(":")
        field = next(one.iteration_field_id for one in self.company.github_projects if one.number == int(number))
        return f"github:{GITHUB}:iteration:{field}:{iteration}"


def run_pipeline(size: str | int, folder: Path) -> Iterator[Published]:
    """Simulate, serve, sync once, build, publish; the servers are gone when this yields."""
    company = build_company(size)
    gc.freeze()  # full collections would walk the whole company while it is served
    try:
        with serve(company, github_hourly_points=None) as running:
            settings = load_settings(write_program(company, folder, running.jira_url, running.github_url), SECRETS)
            assert sync(settings).failed == []
        _, publication = build_and_publish(settings, progress=Silent())
        with duckdb.connect(publication.place, read_only=True) as connection:
            connection.execute("set timezone = 'UTC'")
            yield Published(company, connection)
    finally:
        gc.unfreeze()
