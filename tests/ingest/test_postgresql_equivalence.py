"""Two warehouses, a file and a database, on one landing store: whichever of them reads, both end in the same rows."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scripted_tracker import ScriptedSource, World
from warehouse_rows import core_rows

from itpm_pipeline.config import Place, Settings
from itpm_pipeline.errors import TransientError
from itpm_pipeline.extract.source import Depth
from itpm_pipeline.ingest.rebuild import load_pending, rebuild
from itpm_pipeline.ingest.sync import sync
from itpm_pipeline.warehouse import ops
from itpm_pipeline.warehouse.engine import open_warehouse

pytestmark = pytest.mark.slow

EXAMPLES = 2  # a run with 30 found nothing more when this was written
ISSUE = st.fixed_dictionaries(
    {"native_id": st.sampled_from("1234"), "project": st.sampled_from(["PAY", "WEB"])},
    optional={
        "title": st.sampled_from(["a", "b", "nul\0 and \\. and 'quote", ""]),
        "assignee": st.sampled_from([None, ("ann", "Ann"), ("ann", "Ann B."), ("bob", "Bob")]),
        "history": st.lists(st.sampled_from("xyz"), unique=True, max_size=3),
        "sprint": st.sampled_from(["7", "8", None]),
        "cf_1": st.sampled_from([1, 2.5]),
        "broken": st.booleans(),
    },
)
ROUND = st.fixed_dictionaries(
    {
        "changes": st.lists(ISSUE, max_size=4), "vanish": st.sampled_from([None, None, "1"]),
        "points": st.sampled_from(["cf_1", "cf_1", "cf_2"]), "failing": st.sampled_from([None, None, "PAY"]),
        "depth": st.sampled_from(Depth), "reader": st.sampled_from([0, 1]),
    }
)  # fmt: skip


@pytest.fixture(scope="module")
def prepared_database(postgres_server: Any) -> str:
    name = postgres_server.new_database()
    open_warehouse(postgres_server.url(name)).prepare()
    return str(name)


def everything(config: Settings) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of core and of what the pipeline remembers; PostgreSQL has U+FFFD for the character NUL."""
    found = core_rows(config)
    for table in (ops.CURSOR, ops.SOURCE_RECORD, ops.LANDING_COMMIT, ops.MAPPING_CONTEXT, ops.REJECTED_RECORD):
        found[table.name] = core_rows(config, tables=[table]).get(table.name, [])
    return {name: [tuple(map(without_nul, row)) for row in rows] for name, rows in found.items()}


def without_nul(value: Any) -> Any:
    return value.replace("\0", "\ufffd") if isinstance(value, str) else value


def of_kinds(new_settings: Any, server: Any, template: str) -> Iterator[Settings]:
    on_file = new_settings()
    yield on_file
    yield on_file.model_copy(update={"warehouse": Place(url=server.url(server.new_database(template)))})


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rounds=st.lists(ROUND, min_size=2, max_size=4))
def test_a_file_and_a_database_hold_the_same_rows(new_settings, postgres_server, prepared_database, rounds):
    world = World(projects={"PAY": "1", "WEB": "2"})
    kinds = list(of_kinds(new_settings, postgres_server, prepared_database))

    def opener(tracker: Any) -> ScriptedSource:
        return ScriptedSource(world, tracker.name)

    for one in rounds:
        for change in one["changes"]:
            fields = dict(change)
            world.put(fields.pop("native_id"), **fields)
        world.issues.pop(one["vanish"], None)
        world.fields = {"points": one["points"]}
        world.failing = {one["failing"]: TransientError("down")} if one["failing"] else {}
        sync(kinds[one["reader"]], depth=one["depth"], open_source=opener)
        load_pending(kinds[1 - one["reader"]], open_source=opener)
        on_file, in_database = map(everything, kinds)
        assert in_database == on_file
    rebuild(kinds[1], open_source=opener)
    assert everything(kinds[1]) == on_file
