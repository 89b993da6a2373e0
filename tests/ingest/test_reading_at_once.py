"""The site and the projects of a tracker are read at the same time; the site is committed first."""

import threading
import time
from collections.abc import Iterator

import pytest
from scripted_tracker import ScriptedSource
from warehouse_rows import rows_of

from itpm_pipeline.errors import CredentialError
from itpm_pipeline.extract.records import SITE, ProjectRef, RawRecord
from itpm_pipeline.extract.source import Cursor, Read
from itpm_pipeline.ingest.sync import sync

PATIENCE = 20
HEAD_START = 0.5
"""Seconds in which a project that does not wait for its site would be committed."""
READING = 0.05
"""Seconds that reading a project takes at least, so that all that may be read at once are."""


class SlowSite(ScriptedSource):
    """Its site is read when so many ``projects`` are, or fails then."""

    def __init__(self, world, error: Exception | None = None, *, projects: int = 1) -> None:
        super().__init__(world)
        self._projects_are_read = threading.Event()
        self._projects = projects
        self._error = error
        self._guard = threading.Lock()
        self._at_once: set[str] = set()
        self.most_at_once = 0

    def read_site(self, cursor: Cursor | None, *, reconcile: bool = False) -> Read:
        read = super().read_site(cursor, reconcile=reconcile)
        records = read.records

        def late() -> Iterator[RawRecord]:
            assert self._projects_are_read.wait(PATIENCE), "projects are not read while the site is"
            time.sleep(HEAD_START)
            if self._error:
                raise self._error
            yield from records

        read.records = late()
        return read

    def read_project(self, project: ProjectRef, cursor: Cursor | None, *, reconcile: bool = False) -> Read:
        read = super().read_project(project, cursor, reconcile=reconcile)
        records = read.records

        def told() -> Iterator[RawRecord]:
            with self._guard:
                self._at_once.add(project.key)
                self.most_at_once = max(self.most_at_once, len(self._at_once))
            yield from records
            time.sleep(READING)
            with self._guard:
                self._at_once.remove(project.key)
                self._projects -= 1
                if not self._projects:
                    self._projects_are_read.set()

        read.records = told()
        return read


@pytest.fixture
def two_projects(world):
    world.projects = {"PAY": "1", "WEB": "2"}
    world.put("1", "PAY", cf_1=5)
    world.put("2", "WEB", cf_1=8)
    return world


def test_a_project_that_is_read_before_its_site_is_committed_after_it(two_projects, settings):
    report = sync(settings, open_source=lambda _: SlowSite(two_projects))
    assert report.failed == []
    commits = rows_of(settings, "select project from ops.landing_commit order by committed_at")
    assert commits[0] == (SITE,)
    assert sorted(commits[1:]) == [("PAY",), ("WEB",)]
    # Mapped with what the site says of fields: which of them holds the points.
    assert rows_of(settings, "select estimate_points from core.issue order by 1") == [(5.0,), (8.0,)]


def test_of_a_site_that_fails_no_project_is_committed(two_projects, settings, tmp_path):
    report = sync(settings, open_source=lambda _: SlowSite(two_projects, CredentialError("token refused")))
    assert [(one.where, one.reason) for one in report.failed] == [(f"toy:{SITE}", "token refused")]
    assert rows_of(settings, "select distinct project from ops.landing_commit") == [(SITE,)]
    assert list(tmp_path.rglob("*.parquet")) == []
    assert sync(settings, open_source=lambda _: SlowSite(two_projects)).failed == []
    assert rows_of(settings, "select count(*) from core.issue") == [(2,)]


def test_projects_that_wait_for_their_site_keep_no_other_from_being_read(world, new_settings):
    world.projects = {f"P{number}": str(number) for number in range(9)}
    source = SlowSite(world, projects=len(world.projects))
    assert sync(new_settings(concurrency=4), open_source=lambda _: source).failed == []
    assert source.most_at_once <= 2, "half of the slots are the site's"
