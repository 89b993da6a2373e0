"""The time-zone trap: Jira reads dates in a query in the zone of the account that asks.

One simulated site is synced by accounts in zones from UTC+14 to UTC-11, first as a whole, then change by change. All of
them must end with the same rows, and none may read more than what changed since its last reading and the look-back.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, timedelta
from pathlib import Path

import duckdb
import pytest

from itpm_pipeline.config import Settings
from itpm_pipeline.extract.source import Depth
from itpm_pipeline.ingest.sync import sync
from itpm_pipeline.sandbox.clock import Clock
from itpm_pipeline.sandbox.company.model import Company
from itpm_pipeline.sandbox.company.simulation import build_company
from itpm_pipeline.sandbox.jira.app import create_app
from itpm_pipeline.sandbox.mutations.jira import JiraEditor
from itpm_pipeline.sandbox.serve import Served, serve_app
from itpm_pipeline.sources.jira.settings import LOOK_BACK
from itpm_pipeline.warehouse.duckdb import working_path

pytestmark = pytest.mark.slow

ZONES = ("Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Kathmandu")
PROJECTS = ("INF", "WEB")
OUR_CLOCK = ("synced_at", "read_at", "observed_at", "previous_read_at", "_raw_hash")
TABLES = (
    "issue", "issue_history", "issue_field_event", "issue_key_alias", "issue_sprint", "issue_version", "issue_link",
    "worklog", "sprint", "release_version", "person",
)  # fmt: skip


@dataclass
class Account:
    """One account in one zone, with a warehouse of its own."""

    settings: Settings
    served: Served

    def sync(self, depth: Depth = Depth.CHANGES) -> dict[str, int]:
        """Sync; how many issues each project handed over."""
        report = sync(self.settings, depth=depth)
        assert report.failed == []
        return {one.project: one.fetched for one in report.outcomes if one.stream == "issues"}

    def rows(self) -> dict[str, Counter]:
        """Rows of core without what our own clock put in."""
        with duckdb.connect(working_path(self.settings.warehouse.url), read_only=True) as connection:
            connection.execute("set timezone = 'UTC'")
            found = {}
            for table in TABLES:
                columns = [row[0] for row in connection.execute(f"describe core.{table}").fetchall()]
                kept = ", ".join(name for name in columns if name not in OUR_CLOCK)
                found[table] = Counter(connection.execute(f"select {kept} from core.{table}").fetchall())
        return found


class Site:
    """A site whose time stands still until it is told to pass."""

    def __init__(self) -> None:
        self.company: Company = build_company(size="small", seed=3)
        self.passed = 0.0
        self.clock = Clock(self.company.now, lambda: self.passed)
        self.editor = JiraEditor(self.company, self.clock)

    def wait(self, **how: float) -> None:
        self.passed += timedelta(**how).total_seconds()

    def account(self, zone: str, folder: Path) -> Account:
        served = serve_app(create_app(self.company, self.clock, token="t0ken", email="a@b.example",
                                      account_timezone=zone))  # fmt: skip
        tracker = {"kind": "jira", "name": "acme-jira", "url": served.url, "email": "a@b.example", "token": "t0ken",
                   "projects": list(PROJECTS)}  # fmt: skip
        places = {"warehouse": {"url": f"duckdb:///{folder}/warehouse.duckdb"}, "landing": {"url": f"{folder}/landing"}}
        return Account(Settings.model_validate({**places, "trackers": [tracker]}), served)

    def changed_since_last(self, elapsed: timedelta) -> Counter:
        """Issues by project that an incremental reading must hand over, now, the last one being so long ago."""
        since = self.clock.now().astimezone(UTC) - elapsed - LOOK_BACK
        keys = {one.id: one.key for one in self.company.jira_projects.values()}
        return Counter(
            keys[issue.project_id] for issue in self.company.jira_issues.values()
            if issue.updated_at >= since and issue.deleted_at is None and keys[issue.project_id] in PROJECTS
        )


@pytest.fixture
def site(tmp_path) -> Iterator[tuple[Site, dict[str, Account]]]:
    site = Site()
    accounts = {zone: site.account(zone, tmp_path / zone.replace("/", "-")) for zone in ZONES}
    yield site, accounts
    for account in accounts.values():
        account.served.stop()


def test_no_zone_loses_or_repeats_anything(site, tmp_path):
    site, accounts = site
    first = {zone: account.sync() for zone, account in accounts.items()}
    assert len({tuple(sorted(found.items())) for found in first.values()}) == 1
    assert first[ZONES[0]]["WEB"] > 50

    by_project = {key: [one.key for one in site.company.jira_issues.values() if one.key.startswith(f"{key}-")
                        and one.deleted_at is None] for key in PROJECTS}  # fmt: skip
    some, others = by_project["WEB"][:3], by_project["WEB"][2:4] + by_project["INF"][:1]
    for hours, keys in ((1, some), (26, others), (1, []), (1, [])):
        site.wait(hours=hours, minutes=-5)
        for number, key in enumerate(keys):
            site.editor.update(key, summary=f"after {hours} hours, {number}", points=3.0)
            site.editor.log_work(key, 1800)
        if keys:
            site.editor.create("INF", f"made after {hours} hours")
        site.wait(minutes=5)
        expected = site.changed_since_last(timedelta(hours=hours))
        for zone, account in accounts.items():
            found = {project: count for project, count in account.sync().items() if count}
            assert found == dict(expected), f"{zone}: what changed in {hours} hours, and the look-back"
    assert not expected, "nothing changed at last, and nothing was read"

    reference = site.account("UTC", tmp_path / "afresh")
    try:
        reference.sync(Depth.FULL)
        wanted = reference.rows()
    finally:
        reference.served.stop()
    assert sum(wanted["issue"].values()) > 80
    for zone, account in accounts.items():
        assert account.rows() == wanted, zone
