"""Whatever happens between and during syncs: incremental = rebuilt from landing = read afresh (DESIGN 5.6)."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from deadly_instants import Instants
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test
from living_tracker import LivingSource, Town, content
from warehouse_rows import core_rows, rows_of

from itpm_pipeline.config import Settings
from itpm_pipeline.errors import TransientError
from itpm_pipeline.extract.source import Depth
from itpm_pipeline.ingest.outcomes import SyncReport
from itpm_pipeline.ingest.rebuild import rebuild
from itpm_pipeline.ingest.sync import sync

pytestmark = pytest.mark.slow

KEPT_ASIDE = "select stream, native_id, reason from ops.rejected_record order by all"
LAST_INSTANT = 120
"""A sync passes 60 to 110 instants; one that is to die later does not die."""

changes = st.fixed_dictionaries(
    {},
    optional={
        "title": st.sampled_from(["a", "b"]),
        "assignee": st.sampled_from([None, "ann", "bob"]),
        "history": st.lists(st.sampled_from("xyz"), unique=True, max_size=3),
        "sprint": st.sampled_from(["7", "8", None]),
        "cf_1": st.sampled_from([1, 2]),
        "cf_2": st.sampled_from([3, None]),
        "broken": st.booleans(),
    },
)
issues = st.sampled_from("12345")
projects = st.sampled_from(["PAY", "WEB"])


class Crash(BaseException):
    """The run dies here; nothing it still does changes anything."""


def crash() -> None:
    raise Crash


class Syncs(RuleBasedStateMachine):
    """A tracker and a warehouse that follows it."""

    def __init__(self, new_settings: Any) -> None:
        super().__init__()
        self.new_settings = new_settings
        self.settings: Settings = new_settings(concurrency=2)
        self.town = Town(projects={"PAY": "1", "WEB": "2"})
        self.names_are_new = True
        self.names_given = 0
        self.is_current = False

    @rule(issue=issues, project=projects, fields=changes)
    def change(self, issue: str, project: str, fields: dict[str, Any]) -> None:
        """Create an issue, change it, or move it to another project."""
        self.town.put(issue, project, **fields)
        self.is_current = False

    @rule(issue=issues)
    def delete(self, issue: str) -> None:
        self.town.issues.pop(issue, None)

    @rule(person=st.sampled_from(["ann", "bob"]))
    def rename(self, person: str) -> None:
        """Nothing tells of it but the name in issues, whose time of change stays."""
        self.names_given += 1
        self.town.names[person] = f"{person} {self.names_given}"
        self.names_are_new = False

    @rule(points=st.sampled_from(["cf_1", "cf_2"]))
    def refield(self, points: str) -> None:
        """Change what every record means."""
        self.is_current &= self.town.fields["points"] == points
        self.town.fields = {"points": points}

    @rule(depth=st.sampled_from(Depth), instant=st.integers(0, LAST_INSTANT))
    def die_while_syncing(self, depth: Depth, instant: int) -> None:
        with Instants(instant, crash).installed():
            try:
                self._sync(self.settings, depth)
            except Crash:
                self.is_current = False

    @rule(depth=st.sampled_from(Depth), project=projects)
    def sync_while_a_project_fails(self, depth: Depth, project: str) -> None:
        self.town.failing = {project: TransientError("down")}
        report = self._sync(self.settings, depth)
        assert [outcome.project for outcome in report.failed] == [project]
        self.town.failing = {}
        self.is_current = False

    @rule(depth=st.sampled_from(Depth))
    def sync(self, depth: Depth) -> None:
        assert self._sync(self.settings, depth).failed == []
        self.is_current = True
        self.names_are_new |= depth is Depth.FULL

    @precondition(lambda self: self.is_current)
    @rule()
    def sync_again(self) -> None:
        before = core_rows(self.settings)
        assert self._sync(self.settings, Depth.CHANGES).totals["landed"] == 0
        assert core_rows(self.settings) == before

    @precondition(lambda self: self.is_current)
    @rule()
    def compare(self) -> None:
        """With a rebuild, in everything; with a sync that begins today, in what it can know."""
        incremental, kept_aside = core_rows(self.settings), rows_of(self.settings, KEPT_ASIDE)
        told = content(self.settings, self.town, names_are_new=self.names_are_new)
        rebuild(self.settings, open_source=self._open)
        assert core_rows(self.settings) == incremental
        assert rows_of(self.settings, KEPT_ASIDE) == kept_aside
        fresh = self.new_settings(concurrency=2)
        self._sync(fresh, Depth.FULL)
        assert content(fresh, self.town, names_are_new=self.names_are_new) == told
        gone = {("issues", key) for key in "12345"} - {("issues", key) for key in self.town.issues}
        assert rows_of(fresh, KEPT_ASIDE) == [row for row in kept_aside if row[:2] not in gone]
        self._remove(fresh)

    def teardown(self) -> None:
        """End with a comparison, whatever came before."""
        self.sync(Depth.CHANGES)
        self.compare()
        self._remove(self.settings)

    def _open(self, tracker: Any) -> LivingSource:
        return LivingSource(self.town, tracker.name)

    def _sync(self, settings: Settings, depth: Depth) -> SyncReport:
        return sync(settings, depth=depth, open_source=self._open)

    def _remove(self, settings: Settings) -> None:
        shutil.rmtree(Path(settings.landing.url).parents[1])


def test_incremental_equals_rebuilt_equals_read_afresh(new_settings, examples):
    run_state_machine_as_test(
        lambda: Syncs(new_settings),
        settings=hypothesis_settings(max_examples=examples(12), stateful_step_count=12, deadline=None),
    )
