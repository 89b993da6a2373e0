"""One run after another brings core up to date."""

from itpm_pipeline.ingest.rebuild import rebuild
from itpm_pipeline.ingest.sync import sync
from warehouse_rows import core_rows, rows_of


def test_first_run_loads_everything(world, settings, opener):
    world.put("1", title="Pay", cf_1=3, assignee=["ann", "Ann"], history=["a", "b"], sprint="7")
    world.put("2", title="Refund")

    report = sync(settings, open_source=opener)

    assert report.failed == []
    assert rows_of(settings, "select issue_key, summary, estimate_points from core.issue order by 1") == [
        ("PAY-1", "Pay", 3.0), ("PAY-2", "Refund", None),
    ]
    assert rows_of(settings, "select count(*) from core.issue_field_event") == [(2,)]
    assert report.totals["landed"] == 3
    assert report.rows["issue"] == {"inserted": 2, "updated": 0, "deleted": 0}


def test_second_run_without_changes_changes_no_row(world, settings, opener):
    world.put("1", title="Pay", assignee=["ann", "Ann"], history=["a", "b"], sprint="7")
    sync(settings, open_source=opener)
    before = core_rows(settings)

    for full in (False, True):
        report = sync(settings, open_source=opener, full=full)
        assert report.totals["landed"] == 0
        assert core_rows(settings) == before


def test_rebuild_gives_the_same_rows(world, settings, opener):
    for step in range(4):
        world.put("1", title=f"Pay {step}", assignee=["ann", f"Ann {step}"], history=["a", "b"][: step], sprint=str(step // 2))
        world.put(str(2 + step), title="More", assignee=["bob", "Bob"])
        sync(settings, open_source=opener)
    before = core_rows(settings)

    rebuild(settings, open_source=opener)

    assert core_rows(settings) == before
