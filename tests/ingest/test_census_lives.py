"""Whatever vanishes, moves and comes back, however deep each sync is: marks are right, and rebuilding gives them."""

from typing import Any

import pytest
from counted_tracker import CountedSource, CountedWorld
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from warehouse_rows import core_rows, rows_of

from itpm_pipeline.errors import TransientError
from itpm_pipeline.extract.source import Depth
from itpm_pipeline.ingest.rebuild import rebuild
from itpm_pipeline.ingest.sync import sync

pytestmark = pytest.mark.slow

EXAMPLES = 5  # a few dozen take a minute, and found nothing more when this was written
PROJECTS = {"PAY": "1", "WEB": "2", "OPS": "3"}
LEFT_OUT = "OPS"

native = st.sampled_from("1234")
change = st.one_of(
    st.tuples(st.just("put"), native, st.sampled_from(sorted(PROJECTS))),
    st.tuples(st.sampled_from(["delete", "hide", "show"]), native),
    st.tuples(st.sampled_from(["hide_project", "show_project"]), st.sampled_from(["PAY", "WEB"])),
)
step = st.tuples(
    st.lists(change, max_size=4), st.sampled_from(Depth), st.sampled_from([None, None, None, "PAY", "discover"])
)


def apply(world: CountedWorld, name: str, *arguments: Any) -> None:
    if name == "put":
        world.put(arguments[0], arguments[1])
    elif name == "delete":
        world.issues.pop(arguments[0], None)
    elif name == "hide":
        world.hidden.add(arguments[0])
    elif name == "show":
        world.hidden.discard(arguments[0])
    elif name == "hide_project":
        world.skipped[arguments[0]] = "archived"
    else:
        world.skipped.pop(arguments[0], None)


def visible(world: CountedWorld) -> set[str]:
    """Issues that a reader with our settings sees."""
    shown = PROJECTS.keys() - world.skipped.keys() - {LEFT_OUT}
    return {one for project in shown for one in world.visible(project)}


def present(found: Any) -> set[str]:
    sql = "select split_part(issue_id, ':', 3) from core.issue where not coalesce(is_deleted, false)"
    return {one for (one,) in rows_of(found, sql)}


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(step, min_size=1, max_size=5))
def test_marks_are_right_after_every_census(new_settings, steps):
    world = CountedWorld(projects=dict(PROJECTS), left_out={LEFT_OUT})
    found = new_settings()
    for changes, depth, failing in [*steps, ([], Depth.RECONCILE, None)]:
        for one in changes:
            apply(world, *one)
        world.failing = {failing: TransientError("down")} if failing else {}
        sync(found, depth=depth, open_source=lambda tracker: CountedSource(world, tracker.name))
        if depth.reconciles and failing is None:
            assert present(found) == visible(world)
    expected = core_rows(found)
    rebuild(found, open_source=lambda tracker: CountedSource(world, tracker.name))
    assert core_rows(found) == expected
