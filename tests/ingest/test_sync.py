"""One run after another brings core up to date, whatever fails in between."""

import json
import shutil
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from scripted_tracker import ScriptedSource, World
from toy_settings import SECRET
from warehouse_rows import core_rows, rows_of

from itpm_pipeline.errors import ConfigurationError, CredentialError, LockedError, TransientError, WarehouseError
from itpm_pipeline.extract.records import SITE, OutcomeStatus, RawRecord
from itpm_pipeline.extract.source import Depth
from itpm_pipeline.ingest.extraction import Run, discover, extract_project, extract_site
from itpm_pipeline.ingest.landing import Landing
from itpm_pipeline.ingest.rebuild import load_pending, rebuild
from itpm_pipeline.ingest.state import TrackerState
from itpm_pipeline.ingest.sync import sync
from itpm_pipeline.warehouse.duckdb import working_path
from itpm_pipeline.warehouse.engine import open_warehouse


def statuses(report) -> dict[str, tuple[str, str | None]]:
    return {f"{one.where}/{one.stream}": (one.status.value, one.reason) for one in report.outcomes}


def titles(settings) -> dict[str, str | None]:
    return dict(rows_of(settings, "select issue_key, summary from core.issue order by 1"))


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


def test_common_columns_tell_the_origin(world, settings, opener):
    world.put("1")
    sync(settings, open_source=opener)
    ((source, instance, synced_at, stamp),) = rows_of(
        settings, "select source, instance, synced_at, _raw_hash from core.issue"
    )
    ((payload_hash, fetched_at),) = rows_of(
        settings, "select payload_hash, fetched_at from ops.source_record where stream = 'issues'"
    )
    assert (source, instance, synced_at) == ("jira", "toy", fetched_at)
    assert stamp.endswith(f":{payload_hash}")


def test_second_run_without_changes_changes_no_row(world, settings, opener):
    world.put("1", title="Pay", assignee=["ann", "Ann"], history=["a", "b"], sprint="7")
    sync(settings, open_source=opener)
    before = core_rows(settings)
    for depth in (Depth.CHANGES, Depth.FULL):
        report = sync(settings, open_source=opener, depth=depth)
        assert report.totals["landed"] == 0
        assert report.totals["fetched"] == 1 + (depth is Depth.FULL)
        assert core_rows(settings) == before


def test_a_project_that_fails_is_told_and_the_others_go_on(world, settings, opener):
    world.projects = {"PAY": "1", "WEB": "2", "OPS": "3"}
    world.put("1", "PAY", title="a")
    world.put("2", "WEB", title="b")
    world.failing = {"WEB": TransientError(f"toy: connection reset; token {SECRET}")}
    world.skipped = {"OPS": "no permission to read issues"}

    report = sync(settings, open_source=opener)

    assert titles(settings) == {"PAY-1": "a"}
    assert statuses(report) == {
        "toy:_site/fields": ("ok", None),
        "toy:PAY/issues": ("ok", None),
        "toy:WEB/*": ("failed", "toy: connection reset; token [hidden]"),
        "toy:OPS/issues": ("skipped", "no permission to read issues"),
    }
    assert [one.where for one in report.failed] == ["toy:WEB"]
    assert rows_of(settings, "select project, status, reason from ops.sync_log where status <> 'ok' order by 1") == [
        ("OPS", "skipped", "no permission to read issues"),
        ("WEB", "failed", "toy: connection reset; token [hidden]"),
    ]
    assert json.loads(report.to_json())["failed"] == 1

    world.failing = {}
    assert sync(settings, open_source=opener).failed == []
    assert titles(settings) == {"PAY-1": "a", "WEB-2": "b"}


def test_a_mistake_in_a_source_costs_its_project_only(world, settings, opener):
    world.projects = {"PAY": "1", "WEB": "2"}
    world.put("1", "PAY", title="a")
    world.failing = {"WEB": KeyError("nodes")}
    report = sync(settings, open_source=opener)
    assert statuses(report)["toy:WEB/*"] == ("failed", "unexpected KeyError: 'nodes'")
    assert titles(settings) == {"PAY-1": "a"}


@pytest.mark.parametrize(("where", "stream"), [(SITE, "*"), ("discover", "discover")])
def test_a_tracker_that_fails_leaves_the_other_alone(world, new_settings, where, stream):
    settings = new_settings("one", "two")
    world.put("1", title="a")
    broken = World(failing={where: CredentialError("token refused")})
    worlds = {"one": broken, "two": world}
    report = sync(settings, open_source=lambda tracker: ScriptedSource(worlds[tracker.name], tracker.name))
    assert statuses(report)[f"one:_site/{stream}"] == ("failed", "token refused")
    assert rows_of(settings, "select instance, issue_key from core.issue") == [("two", "PAY-1")]


def test_a_tracker_that_cannot_be_opened_is_told(world, new_settings):
    settings = new_settings("one", "two")
    world.put("1")

    def open_source(tracker):
        if tracker.name == "one":
            raise CredentialError(f"bad key {SECRET}")
        return ScriptedSource(world, tracker.name)

    report = sync(settings, open_source=open_source)
    assert [(one.where, one.reason) for one in report.failed] == [("one:_site", "bad key [hidden]")]
    assert rows_of(settings, "select instance from core.issue") == [("two",)]


def test_unreadable_reference_records_cost_their_tracker_only(world, new_settings):
    settings = new_settings("one", "two")
    world.put("1")
    odd = World(fields={"no points": 1})
    odd.put("1")
    worlds = {"one": odd, "two": world}

    def open_source(tracker):
        return ScriptedSource(worlds[tracker.name], tracker.name)

    report = sync(settings, open_source=open_source)
    assert {one.tracker for one in report.failed} == {"one"}
    assert "KeyError" in (report.failed[0].reason or "")
    assert rows_of(settings, "select instance from core.issue") == [("two",)]
    # What was landed is loaded as soon as it can be understood.
    odd.fields = {"points": "cf_1"}
    assert sync(settings, open_source=open_source).failed == []
    assert rows_of(settings, "select instance from core.issue order by 1") == [("one",), ("two",)]


def test_a_record_that_cannot_be_mapped_is_kept_aside_until_it_can(world, settings, opener):
    world.put("1", title="good")
    world.put("2", title="was good")
    sync(settings, open_source=opener)
    world.put("2", title="bad", broken="yes")
    world.put("3", broken="very")

    report = sync(settings, open_source=opener)

    assert report.failed == []
    assert report.totals["rejected"] == 2
    rejected = rows_of(settings, "select native_id, project, reason, file from ops.rejected_record order by 1")
    assert [row[:3] for row in rejected] == [
        ("2", "PAY", "issue 2: broken is 'yes'"), ("3", "PAY", "issue 3: broken is 'very'"),
    ]
    assert (Path(settings.landing.url) / rejected[0][3]).is_file()
    assert titles(settings) == {"PAY-1": "good", "PAY-2": "was good"}

    world.put("2", title="good again", broken=False)
    sync(settings, open_source=opener)
    assert rows_of(settings, "select native_id from ops.rejected_record") == [("3",)]
    assert titles(settings)["PAY-2"] == "good again"


def test_a_record_that_is_good_again_within_one_reading_is_not_kept_aside(world, settings):
    class Twice(ScriptedSource):
        def read_project(self, project, cursor, *, reconcile=False):
            versions = [{**world.issues["1"], "broken": broken} for broken in (True, False)]
            records = [self._record("issues", project.key, "1", version) for version in versions]
            return self._read(iter(records), "issues", project.key)

    world.put("1", title="a")
    report = sync(settings, open_source=lambda tracker: Twice(world, tracker.name))
    assert (report.totals["mapped"], report.totals["rejected"]) == (2, 1)
    assert rows_of(settings, "select * from ops.rejected_record") == []
    assert titles(settings) == {"PAY-1": "a"}


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"issue_id": "jira:toy:2", "estimate_points": "many"}, "does not fit"),
        ({"issue_id": "jira:toy:2", "summary": "\ud800"}, "does not fit"),
        ({"issue_id": "jira:toy:2", "comment_count": 2**70}, "does not fit"),
        ({"issue_id": None}, "issue.issue_id is part of the key"),
        ({"issue_id": "jira:toy:2", "color": "red"}, "no column 'color'"),
    ],
)
def test_a_row_that_does_not_fit_costs_its_record_only(world, settings, row, reason):
    class Odd(ScriptedSource):
        def map_record(self, record, context, rows):
            super().map_record(record, context, rows)
            if record.native_id == "2":
                rows.add("issue", row)

    for number in "123":
        world.put(number, title=number)
    report = sync(settings, open_source=lambda tracker: Odd(world, tracker.name))
    assert report.totals["rejected"] == 1
    ((native_id, why),) = rows_of(settings, "select native_id, reason from ops.rejected_record")
    assert native_id == "2"
    assert reason in why
    assert why.isprintable()
    assert set(titles(settings)) == {"PAY-1", "PAY-3"}


def test_what_a_field_means_changes_for_all_records(world, settings, opener):
    """The story-point field is another one now: also records that did not change are mapped anew."""
    world.put("1", cf_1=1, cf_2=10)
    world.put("2", cf_1=2, cf_2=20)
    sync(settings, open_source=opener)
    world.fields = {"points": "cf_2"}
    world.put("2", cf_1=3)
    report = sync(settings, open_source=opener)
    assert rows_of(settings, "select issue_key, estimate_points from core.issue order by 1") == [
        ("PAY-1", 10.0), ("PAY-2", 20.0),
    ]
    assert report.totals["landed"] == 2
    assert rows_of(settings, "select fingerprint from ops.mapping_context") == [("points=cf_2",)]


def test_mapping_anew_refuses_an_incomplete_landing_store(world, settings, opener):
    world.put("1", cf_1=1, cf_2=10)
    sync(settings, open_source=opener)
    before = core_rows(settings)
    shutil.rmtree(Path(settings.landing.url) / "toy" / "_commits")
    world.fields = {"points": "cf_2"}
    with pytest.raises(WarehouseError, match="2 commits are missing"):
        sync(settings, open_source=opener)
    assert core_rows(settings) == before


def test_only_what_is_asked_for_is_read(world, new_settings):
    settings = new_settings("one", "two")
    world.projects = {"PAY": "1", "PAYX": "2", "WEB": "3"}
    for number, project in enumerate(world.projects):
        world.put(str(number), project)

    def run(**options):
        report = sync(settings, open_source=lambda tracker: ScriptedSource(world, tracker.name), **options)
        return sorted({one.where for one in report.outcomes if one.project != SITE}), report

    assert run(trackers=["two"], projects=["WEB"])[0] == ["two:WEB"]
    assert run(projects=["one:PAY*"])[0] == ["one:PAY", "one:PAYX"]
    assert run(projects=["WEB"])[0] == ["one:WEB", "two:WEB"]
    found, report = run(projects=["one:NONE", "one:WEB"])
    assert found == ["one:NONE", "one:WEB"]
    assert [(one.where, one.reason) for one in report.failed] == [("one:NONE", "the tracker shows no such project")]
    for options in ({"trackers": ["three"]}, {"projects": ["three:PAY"]}):
        with pytest.raises(ConfigurationError, match="no tracker is called 'three'"):
            run(**options)


def test_a_key_that_passed_to_another_project_is_read_from_the_start(world, settings, opener):
    world.put("1", title="old issue of the new project")
    sync(settings, open_source=opener)
    moved_in = dict(world.issues["1"], id="2")
    world.issues["2"] = moved_in  # not changed since, so an incremental read would not see it
    world.projects["PAY"] = "10001"
    sync(settings, open_source=opener)
    assert set(titles(settings)) == {"PAY-1", "PAY-2"}


def test_cursors_watermarks_and_previous_reads(world, settings, opener):
    world.put("1", sprint="7")
    sync(settings, open_source=opener, run_id="first")
    world.put("1", sprint="8")
    sync(settings, open_source=opener, run_id="second")
    (first, second) = rows_of(
        settings,
        "select started_at, cursor_from, cursor_to from ops.sync_log where project = 'PAY' order by started_at",
    )
    assert first[1] is None
    assert second[1] == first[2]
    assert rows_of(settings, "select value, previous_read_at from core.field_observation order by observed_at") == [
        ("7", None), ("8", first[0]),
    ]
    assert rows_of(settings, "select watermark, run_id from ops.cursor where project = 'PAY'") == [
        (second[2], "second"),
    ]


def test_a_lost_warehouse_comes_back_without_asking_the_tracker(world, settings, opener):
    world.put("1", title="a", sprint="7", history=["x"])
    sync(settings, open_source=opener)
    world.put("1", title="b", sprint="8")
    sync(settings, open_source=opener)
    before, asked = core_rows(settings), world.requests
    working_path(settings.warehouse.url).unlink()
    report = load_pending(settings, open_source=opener)
    assert core_rows(settings) == before
    assert world.requests == asked
    assert report.totals["mapped"] == 3
    assert load_pending(settings, open_source=opener).outcomes == []
    rebuild(settings, open_source=opener)
    assert core_rows(settings) == before


def test_extraction_needs_no_warehouse(world, settings, opener, tmp_path):
    """As workers do it: land site and projects first, load later, one process among many."""
    world.put("1", title="a", cf_1=2)
    source = ScriptedSource(world)
    run = Run(source, Landing(settings.landing.url), TrackerState(), "run1")
    extract_site(run)
    (project,) = discover(run)
    manifest = extract_project(run, project)
    assert manifest.landed == {"issues": 1}
    assert rows_of(settings, "select count(*) from core.issue") == [(0,)]
    load_pending(settings, open_source=opener)
    assert titles(settings) == {"PAY-1": "a"}


def test_a_commit_that_comes_to_light_late_takes_its_place_in_the_order(world, settings, opener, tmp_path):
    """A worker's manifest appears only after a later one was loaded; the result is as if it had come in time."""
    commits = Path(settings.landing.url) / "toy" / "_commits"
    world.put("1", title="a", sprint="7")
    sync(settings, open_source=opener)
    world.put("1", title="b", sprint="8")
    run = Run(ScriptedSource(world), Landing(settings.landing.url), TrackerState(), "run2")
    (project,) = discover(run)
    extract_project(run, project)
    (late,) = commits.rglob("*run2*")
    aside = late.rename(tmp_path / late.name)
    world.put("1", title="c", sprint="9")
    sync(settings, open_source=opener, run_id="run3")
    aside.rename(late)

    load_pending(settings, open_source=opener)

    assert titles(settings) == {"PAY-1": "c"}
    assert rows_of(settings, "select value from core.field_observation order by observed_at") == [
        ("7",), ("8",), ("9",),
    ]
    assert rows_of(settings, "select run_id from ops.cursor where project = 'PAY'") == [("run3",)]
    found = core_rows(settings)
    rebuild(settings, open_source=opener)
    assert core_rows(settings) == found


def test_an_older_version_met_by_another_reading_does_not_win(world, settings, opener):
    """Two projects are read at once and both show sprint 1; the one committed first has the newer version."""
    newer = {"id": "1", "project": "PAY", "title": "new", "history": [], "updated": "2026-01-01T00:00:09+00:00"}
    older = {**newer, "title": "old", "history": ["gone"], "sprint": "7"}
    instants = {"PAY": datetime(2026, 1, 2, tzinfo=UTC), "WEB": datetime(2026, 1, 1, tzinfo=UTC)}

    class Shared(ScriptedSource):
        def read_project(self, project, cursor, *, reconcile=False):
            payload = json.dumps(newer if project.key == "PAY" else older).encode()
            record = RawRecord("issues", project.key, "1", payload, instants[project.key])
            return self._read(iter([record]), "issues", project.key)

    for key in ("PAY", "WEB"):
        world.projects = {key: key}
        sync(settings, open_source=lambda tracker: Shared(world, tracker.name))
    assert titles(settings) == {"PAY-1": "new"}
    assert rows_of(settings, "select count(*) from core.issue_field_event") == [(0,)]
    assert rows_of(settings, "select value from core.field_observation") == [("7",)]
    ((stored,),) = rows_of(settings, "select fetched_at from ops.source_record where stream = 'issues'")
    assert stored == instants["PAY"]


def test_two_syncs_at_once_take_turns(world, settings, opener):
    world.put("1", title="a")
    inside, go_on = threading.Event(), threading.Event()

    class Slow(ScriptedSource):
        def discover(self):
            inside.set()
            assert go_on.wait(30)
            return super().discover()

    first = threading.Thread(
        target=sync, args=(settings,), kwargs={"open_source": lambda tracker: Slow(world, tracker.name)}
    )
    first.start()
    assert inside.wait(30)
    second = open_warehouse(settings.warehouse.url, lock_wait_seconds=0.1)
    with pytest.raises(LockedError, match="Try again"), second.hold():
        pass
    with pytest.raises(LockedError, match="another run"):
        sync(settings, open_source=opener, lock_wait_seconds=0.1)
    go_on.set()
    first.join()
    assert sync(settings, open_source=opener, lock_wait_seconds=30).failed == []
    assert titles(settings) == {"PAY-1": "a"}


def test_a_landing_store_that_fails_ends_the_run_and_changes_nothing(world, settings, opener):
    Path(settings.landing.url).write_text("a file where the folder should be")
    with pytest.raises(WarehouseError, match="landing store"):
        sync(settings, open_source=opener)
    assert core_rows(settings) == {}


def test_a_warehouse_that_fails_ends_the_run_and_the_next_one_loads_what_was_landed(
    world, settings, opener, monkeypatch
):
    world.projects = {key: key for key in ("PAY", "WEB", "OPS")}
    for number, key in enumerate(world.projects):
        world.put(str(number), key)
    from itpm_pipeline.ingest import writing

    real = writing.carry_out

    def fails_with_one(conn, tracker, plans):
        results = real(conn, tracker, plans)
        if any(applied.manifest.project == "OPS" for applied in results):
            raise WarehouseError("disk full")
        return results

    monkeypatch.setattr(writing, "carry_out", fails_with_one)
    with pytest.raises(WarehouseError, match="disk full"):
        sync(settings, open_source=opener)
    monkeypatch.undo()
    assert len(titles(settings)) < 3
    assert sync(settings, open_source=opener).failed == []
    assert len(titles(settings)) == 3


def test_sources_are_closed_and_progress_is_told(world, settings):
    world.put("1")
    source = ScriptedSource(world)
    told = []

    class Progress:
        def started(self, total, what):
            told.append((total, what))

        def advanced(self, what, steps=1):
            told.append(("+", what))

        def finished(self, what):
            told.append(("end", what))

    sync(settings, open_source=lambda tracker: source, progress=Progress())
    assert source.closed
    assert [one for one in told if one[1] == "toy:PAY"] == [(None, "toy:PAY"), ("+", "toy:PAY"), ("end", "toy:PAY")]
    loading = [step for step, what in told if what == "loading toy"]
    assert (loading[0], loading.count("+"), loading[-1]) == (None, 2, "end")


def test_rows_of_a_tracker_that_left_the_settings_survive_a_rebuild(world, new_settings):
    settings = new_settings("one", "two")
    world.put("1")

    def open_source(tracker):
        return ScriptedSource(world, tracker.name)

    sync(settings, open_source=open_source)
    before = core_rows(settings)
    rebuild(settings.model_copy(update={"trackers": settings.trackers[:1]}), open_source=open_source)
    assert core_rows(settings) == before


def test_outcomes_are_told_per_stream(world, settings, opener):
    world.put("1")
    report = sync(settings, open_source=opener)
    (project, site) = report.outcomes
    assert (site.stream, project.stream) == ("fields", "issues")
    assert (project.fetched, project.landed, project.mapped, project.rejected, project.requests) == (1, 1, 1, 0, 1)
    assert project.status is OutcomeStatus.OK
    assert timedelta(seconds=project.seconds) > timedelta(0)
    told = json.loads(report.to_json())
    assert told["totals"]["fetched"] == 2
    assert told["outcomes"][0]["status"] == "ok"
