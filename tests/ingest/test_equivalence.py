"""Whatever changes and however it is split into runs: incremental = rebuilt = loaded at once (DESIGN 5.6)."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scripted_tracker import ScriptedSource, World
from warehouse_rows import core_rows

from itpm_pipeline.config import Settings
from itpm_pipeline.errors import TransientError
from itpm_pipeline.extract.records import RawRecord
from itpm_pipeline.extract.source import Cursor, Depth, Read
from itpm_pipeline.ingest.landing import Landing
from itpm_pipeline.ingest.rebuild import rebuild
from itpm_pipeline.ingest.sync import sync

pytestmark = pytest.mark.slow

EXAMPLES = 6  # a run with 200 takes minutes, and found nothing more when this was written
change = st.fixed_dictionaries(
    {"native_id": st.sampled_from("1234"), "project": st.sampled_from(["PAY", "WEB"])},
    optional={
        "title": st.sampled_from(["a", "b"]),
        "assignee": st.sampled_from([None, ("ann", "Ann"), ("ann", "Ann B."), ("bob", "Bob")]),
        "history": st.lists(st.sampled_from("xyz"), unique=True, max_size=3),
        "sprint": st.sampled_from(["7", "8", None]),
        "cf_1": st.sampled_from([1, 2]),
        "cf_2": st.sampled_from([3, None]),
        "broken": st.booleans(),
    },
)
undo = st.just("undo")  # a record that returns to an earlier version
refield = st.sampled_from(["cf_1", "cf_2"])  # changes how every record is mapped
step = st.lists(st.one_of(change, change, change, undo, refield), max_size=5)


class AllAtOnce(ScriptedSource):
    """Yields every version that was ever landed as one reading of the first project."""

    def __init__(self, world: World, tracker: str, versions: list[RawRecord]) -> None:
        super().__init__(world, tracker)
        self._versions = versions

    def read_site(self, cursor: Cursor | None, *, reconcile: bool = False) -> Read:
        return self._read((r for r in self._versions if r.stream == "fields"), "fields", "_site")

    def read_project(self, project: Any, cursor: Cursor | None, *, reconcile: bool = False) -> Read:
        wanted = (r for r in self._versions if r.stream == "issues" and project.key == "PAY")
        return self._read(wanted, "issues", project.key)


def landed(settings: Settings) -> Iterator[RawRecord]:
    landing = Landing(settings.landing.url)
    for manifest in landing.manifests("toy"):
        index = landing.index(manifest)
        yield from landing.records([(row["file"], row["file_row"]) for row in index.to_pylist()])


def apply_step(world: World, changes: list[Any], snapshots: list[dict[str, Any]]) -> None:
    for one in changes:
        if isinstance(one, dict):
            fields = dict(one)
            world.put(fields.pop("native_id"), **fields)
            snapshots.append(dict(world.issues))
        elif one == "undo":
            if len(snapshots) > 1:
                snapshots.pop()
                # The old payload comes back to the letter; the tracker tells of it at the next full read.
                world.issues = dict(snapshots[-1])
        else:
            world.fields = {"points": one}


@pytest.mark.parametrize("concurrency", [1, 3])
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(
        st.tuples(step, st.sampled_from(Depth), st.sampled_from([None, None, "PAY"])), min_size=1, max_size=5
    ),
    data=st.data(),
)
def test_incremental_equals_rebuild_equals_all_at_once(new_settings, concurrency, steps, data):
    world = World(projects={"PAY": "1", "WEB": "2"})
    incremental = new_settings(concurrency=concurrency)
    snapshots: list[dict[str, Any]] = []
    for changes, depth, failing in steps:
        apply_step(world, changes, snapshots)
        world.failing = {failing: TransientError("down")} if failing else {}
        sync(incremental, depth=depth, open_source=lambda tracker: ScriptedSource(world, tracker.name))
    expected = core_rows(incremental)

    rebuild(incremental, open_source=lambda tracker: ScriptedSource(world, tracker.name))
    assert core_rows(incremental) == expected

    if concurrency == 1:
        # In order of time per record, but records of a reading in any order.
        versions = data.draw(st.permutations(list(landed(incremental))))
        versions.sort(key=lambda record: (record.native_id, record.fetched_at))
        at_once = new_settings()
        sync(at_once, open_source=lambda tracker: AllAtOnce(world, tracker.name, versions))
        without = ("previous_read_at",)  # tells of the readings themselves
        assert core_rows(at_once, without=without) == core_rows(incremental, without=without)
