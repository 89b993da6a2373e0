"""A small company under control, syncs of it in time that passes at once, and what they leave in core."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from itpm_pipeline.canonical.schema import metadata
from itpm_pipeline.config import Settings
from itpm_pipeline.extract.client import Client
from itpm_pipeline.extract.source import Depth, Source
from itpm_pipeline.ingest.outcomes import SyncReport
from itpm_pipeline.ingest.sync import sync
from itpm_pipeline.sandbox.company.simulation import build_company
from itpm_pipeline.sandbox.control.server import Control
from itpm_pipeline.sandbox.serve import GITHUB_TOKEN, JIRA_EMAIL, JIRA_TOKEN, Running, serve
from itpm_pipeline.sources.github.source import GithubSource
from itpm_pipeline.sources.jira.source import JiraSource
from itpm_pipeline.warehouse.engine import open_warehouse

NAMES = {"jira": "acme-jira", "github": "acme-gh"}
PROJECTS = {"jira": ("WEB", "SHOP"), "github": ("acme/checkout", "acme/mobile-app")}
"""Two a tracker: the first is the one that faults are aimed at."""
MOST_ATTEMPTS = 4

VOLATILE = {"synced_at", "_raw_hash", "observed_at", "read_at", "since"}
"""Columns that tell when something was read, which is another time in each run."""

Content = Mapping[str, Sequence[str]]


class QuickTime:
    """A clock that sleeping moves: waits take no time, and are as long as they were meant to be."""

    def __init__(self) -> None:
        self._now = 0.0
        self._lock = threading.Lock()

    def now(self) -> float:
        with self._lock:
            return self._now

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self._now += seconds


@dataclass
class Place:
    """A warehouse and a landing store of its own, for the projects of one tracker or of both."""

    settings: Settings
    reports: list[SyncReport] = field(default_factory=list)

    def sync(self, depth: Depth = Depth.CHANGES) -> SyncReport:
        """What changed since the last time, or more."""
        time = QuickTime()

        def open_source(tracker: Any) -> Source:
            client = Client(
                tracker.name, concurrency=4, max_attempts=MOST_ATTEMPTS, clock=time.now, sleep=time.sleep
            )
            return JiraSource(tracker, client=client) if tracker.kind == "jira" else GithubSource(tracker, client)

        report = sync(self.settings, open_source=open_source, depth=depth)
        self.reports.append(report)
        return report

    def content(self, table: str | None = None, **where: str) -> Content:
        """Rows of core as text in order, without what tells when they were read; of one table and value if asked."""
        found = {}
        with open_warehouse(self.settings.warehouse.url).reading() as conn:
            for one in metadata.sorted_tables:
                if table not in (None, one.name):
                    continue
                columns = [column for column in one.columns if column.name not in VOLATILE]
                chosen = sa.select(*columns).where(*(one.c[name] == value for name, value in where.items()))
                found[one.name] = sorted(str(tuple(row)) for row in conn.execute(chosen))
        return found

    def project_id(self, key: str) -> str:
        """Id in core of a project."""
        with open_warehouse(self.settings.warehouse.url).reading() as conn:
            table = metadata.tables["core.project"]
            return str(conn.execute(sa.select(table.c.project_id).where(table.c.project_key == key)).scalar_one())


@dataclass
class FaultyCompany:
    """Served under control."""

    running: Running

    def control(self, tracker: str) -> Control:
        return self.running.jira_control if tracker == "jira" else self.running.github_control

    def place(self, folder: Path, *trackers: str, timeout_seconds: float = 20) -> Place:
        """A new place, with pages so small that there are several."""
        shared = {"timeout_seconds": timeout_seconds, "concurrency": 4}
        jira, github = PROJECTS["jira"], [name.removeprefix("acme/") for name in PROJECTS["github"]]
        configured = {
            "jira": {
                "name": NAMES["jira"], "kind": "jira", "url": self.running.jira_url, "email": JIRA_EMAIL,
                "token": JIRA_TOKEN, "projects": {"include": list(jira)}, "page_size": 4, **shared,
            },
            "github": {
                "name": NAMES["github"], "kind": "github", "url": self.running.github_url, "token": GITHUB_TOKEN,
                "organizations": ["acme"], "repositories": {"include": github}, "page_size": 4, **shared,
            },
        }  # fmt: skip
        return Place(Settings.model_validate({
            "warehouse": {"url": f"duckdb:///{folder}/warehouse.duckdb"}, "landing": {"url": f"{folder}/landing"},
            "trackers": [configured[tracker] for tracker in trackers or configured],
        }))  # fmt: skip


def faulty_company() -> FaultyCompany:
    """To be stopped by its ``running``."""
    company = build_company(200)
    return FaultyCompany(serve(company, github_hourly_points=None, elapsed=lambda: 0.0, control=True))
