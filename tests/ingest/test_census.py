"""What is not there any more is marked, and only that (DESIGN 5.5)."""

from datetime import UTC, datetime

import pytest
from counted_tracker import CountedSource, CountedWorld
from warehouse_rows import core_rows, rows_of

from itpm_pipeline.canonical.vocabulary import AbsenceReason
from itpm_pipeline.errors import TransientError
from itpm_pipeline.extract.records import OutcomeStatus
from itpm_pipeline.extract.source import Depth, Whereabouts
from itpm_pipeline.ingest.rebuild import rebuild
from itpm_pipeline.ingest.sync import sync

pytestmark = pytest.mark.slow

READABLE = (True, None)

@pytest.fixture
def world() -> CountedWorld:
    world = CountedWorld(projects={"PAY": "1", "WEB": "2"})
    for native, project in (("11", "PAY"), ("12", "PAY"), ("13", "PAY"), ("21", "WEB")):
        world.put(native, project, title=native)
    return world


@pytest.fixture
def opener(world: CountedWorld):
    return lambda tracker: CountedSource(world, tracker.name)


@pytest.fixture
def run(settings, opener):
    """Syncs to the given depth, the first sync being done; in the end, rebuilding must give what there is."""

    def run_once(depth: Depth = Depth.RECONCILE, **options):
        return sync(settings, depth=depth, open_source=opener, **options)

    sync(settings, open_source=opener)
    yield run_once
    expected = core_rows(settings)
    rebuild(settings, open_source=opener)
    assert core_rows(settings) == expected


def gone(settings) -> dict[str, str]:
    """Marked issues, with the reason."""
    return dict(rows_of(settings, """
        select split_part(issue_id, ':', 3), deleted_reason from core.issue
        where is_deleted and deleted_observed_at is not null
    """))


def projects(settings) -> dict[str, tuple[bool, str | None]]:
    rows = rows_of(settings, "select project_key, is_readable, skip_reason from core.project")
    return {key: (is_readable, reason) for key, is_readable, reason in rows}


def census_of(report, project: str) -> dict[str, int]:
    (found,) = [one for one in report.outcomes if one.stream == "absences" and one.project == project]
    assert found.status is OutcomeStatus.OK, found.reason
    return dict(found.details)


@pytest.mark.parametrize("depth", [Depth.RECONCILE, Depth.FULL])
def test_a_deleted_issue_is_marked_and_stays(world, settings, run, depth):
    del world.issues["12"]
    before = datetime.now(UTC)
    report = run(depth)
    assert gone(settings) == {"12": "deleted"}
    assert rows_of(settings, "select count(*) from core.issue") == [(4,)]
    ((seen,),) = rows_of(settings, "select deleted_observed_at from core.issue where is_deleted")
    assert before <= seen <= datetime.now(UTC)
    assert census_of(report, "PAY") == {"known": 3, "visible": 2, "deleted": 1}

    report = run(depth)
    assert report.totals["landed"] == 0, "what is known to be gone is no news"
    assert rows_of(settings, "select deleted_observed_at from core.issue where is_deleted") == [(seen,)]
    assert world.asked == ["12"], "and is not looked for again"


def test_an_hourly_sync_looks_for_no_issue(world, settings, run):
    del world.issues["12"]
    run(Depth.CHANGES)
    assert gone(settings) == {}
    assert world.asked == []


def test_an_issue_that_returns_unchanged_is_there_again(world, settings, run):
    world.hidden = {"12"}
    world.fates["12"] = Whereabouts("12", reason=AbsenceReason.PERMISSION_LOST)
    run()
    assert gone(settings) == {"12": "permission_lost"}
    world.hidden = set()
    report = run()
    assert gone(settings) == {}
    assert census_of(report, "PAY")["returned"] == 1
    world.hidden = {"12"}
    run()
    assert gone(settings) == {"12": "permission_lost"}, "and may vanish once more"


def test_an_issue_that_returns_changed_is_there_again_without_a_census(world, settings, run):
    world.hidden = {"12"}
    run()
    world.hidden = set()
    world.put("12", title="new")
    run(Depth.CHANGES)
    assert gone(settings) == {}
    del world.issues["12"]
    run()
    assert gone(settings) == {"12": "deleted"}


def test_what_a_list_forgets_is_looked_for_before_it_is_given_up(world, settings, run):
    for number in range(100, 160):
        world.put(str(number), title="many")
    run(Depth.CHANGES)
    world.unlisted = set(world.issues)  # an empty list is no empty project
    report = run()
    assert gone(settings) == {}
    assert census_of(report, "PAY") == {"known": 63, "visible": 0}
    assert len(world.asked) == 64


def test_an_issue_that_moved_is_there(world, settings, run):
    world.put("12", "WEB")
    run()
    assert gone(settings) == {}
    project = "select project_id from core.issue where issue_id like '%12'"
    assert rows_of(settings, project) == [("jira:toy:project:2",)]


def test_an_issue_that_moved_without_telling_is_read_where_it_is(world, settings, run):
    before = world.issues["12"]["updated"]
    world.put("12", "WEB")
    world.issues["12"]["updated"] = before
    report = run()
    assert rows_of(settings, "select issue_key from core.issue where issue_id like '%12'") == [("WEB-12",)]
    assert census_of(report, "WEB")["read_again"] == 1
    assert world.asked == [], "another list has it"


def test_an_issue_that_moved_into_a_project_not_read_now_is_read_there(world, settings, run):
    world.put("12", "WEB")
    run(projects=["PAY"])
    assert gone(settings) == {}
    assert rows_of(settings, "select issue_key from core.issue where issue_id like '%12'") == [("WEB-12",)]


def test_an_issue_that_moved_out_of_what_is_synced_is_marked(world, settings, run):
    world.projects["OPS"] = "3"
    world.left_out = {"OPS"}
    world.put("12", "OPS")
    run()
    assert gone(settings) == {"12": "out_of_scope"}


def test_a_transferred_issue_names_its_successor(world, settings, run):
    del world.issues["12"]
    world.put("22", "WEB")
    world.fates["12"] = Whereabouts("12", reason=AbsenceReason.TRANSFERRED, successor="22")
    run()
    assert gone(settings) == {"12": "transferred"}
    assert rows_of(settings, "select successor_issue_id from core.issue where is_deleted") == [("jira:toy:22",)]


def test_an_issue_that_no_search_showed_is_read_by_the_census(world, settings, run):
    world.unlisted = {"14"}  # the search shows it too late for any look-back
    world.put("14", title="late")
    run(Depth.CHANGES)
    world.unlisted = set()
    world.seconds = iter(range(10**6, 2 * 10**6))
    assert rows_of(settings, "select count(*) from core.issue") == [(4,)]
    report = run()
    assert rows_of(settings, "select summary from core.issue where issue_id like '%14'") == [("late",)]
    assert census_of(report, "PAY")["read_again"] == 1


def test_a_project_that_cannot_be_counted_fails_alone(world, settings, run):
    del world.issues["12"], world.issues["21"]
    world.uncounted = {"PAY"}
    report = run()
    assert [(one.where, one.stream, one.reason) for one in report.failed] == [
        ("toy:PAY", "absences", "PAY tells nothing")
    ]
    assert gone(settings) == {"21": "deleted"}


def test_a_project_that_fails_is_not_judged(world, settings, run):
    del world.issues["12"]
    world.failing = {"PAY": TransientError("down")}
    report = run()
    assert gone(settings) == {}
    assert not [one for one in report.outcomes if one.stream == "absences" and one.project == "PAY"]
    assert projects(settings)["PAY"] == READABLE


def test_a_project_that_could_not_be_read_and_fails_now_is_as_it_was(world, settings, run):
    world.skipped = {"WEB": "archived"}
    run(Depth.CHANGES)
    world.skipped, world.failing = {}, {"WEB": TransientError("down")}
    run(Depth.CHANGES)
    assert projects(settings)["WEB"] == (False, "archived")
    assert gone(settings) == {"21": "permission_lost"}


# --- Projects ----------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("depth", list(Depth))
def test_a_project_that_vanishes_takes_its_issues_along_and_back(world, settings, run, depth):
    del world.projects["PAY"]
    run(depth)
    assert projects(settings) == {"PAY": (False, "not visible any more"), "WEB": READABLE}
    assert gone(settings) == dict.fromkeys(("11", "12", "13"), "permission_lost")
    ((seen,),) = rows_of(settings, "select distinct deleted_observed_at from core.issue where is_deleted")
    run(depth)
    assert rows_of(settings, "select distinct deleted_observed_at from core.issue where is_deleted") == [(seen,)]
    world.projects["PAY"] = "1"
    run(depth)
    assert projects(settings) == {"PAY": READABLE, "WEB": READABLE}
    assert gone(settings) == {}


def test_a_refused_project_is_not_readable_from_the_first_sync(world, settings, opener):
    world.skipped = {"WEB": "archived"}
    sync(settings, open_source=opener)
    assert projects(settings) == {"PAY": READABLE, "WEB": (False, "archived")}


def test_a_project_the_settings_leave_out_is_neither_deleted_nor_forbidden(world, settings, run):
    world.left_out = {"WEB"}
    run(Depth.CHANGES)
    assert projects(settings)["WEB"] == (False, "left out by the settings")
    assert gone(settings) == {"21": "out_of_scope"}
    world.left_out = set()
    run(Depth.CHANGES)
    assert gone(settings) == {}


def test_a_project_that_nobody_chose_stays_as_it_was(world, settings, run):
    del world.issues["21"]
    report = run(projects=["PAY"])
    assert gone(settings) == {}
    assert projects(settings)["WEB"] == READABLE
    assert {one.project for one in report.outcomes} == {"_site", "PAY"}


def test_an_unlisted_tracker_marks_nothing(world, settings, run):
    world.failing = {"discover": TransientError("down")}
    run()
    assert gone(settings) == {}
    assert projects(settings) == {"PAY": READABLE, "WEB": READABLE}


# --- Releases and items of boards --------------------------------------------------------------------------------

def test_a_release_that_vanished_is_marked_until_it_is_back(world, settings, run):
    world.versions = {"7", "8"}
    run(Depth.CHANGES)
    world.versions = {"8"}
    run()
    deleted = "select version_id from core.release_version where is_deleted"
    assert rows_of(settings, deleted) == [("jira:toy:version:7",)]
    world.versions = {"7", "8"}
    run()
    assert rows_of(settings, deleted) == []


def test_the_values_of_an_item_go_and_come_back_with_it(world, settings, run):
    world.items = {"i1": ("11", "s1"), "i2": ("12", "s2")}
    run(Depth.CHANGES)
    held = dict(world.items)
    del world.items["i1"]
    run()
    values = "select value from core.field_observation where entity_id = 'jira:toy:11' order by observed_at"
    assert rows_of(settings, values) == [("s1",), (None,)]
    ((bound,),) = rows_of(settings, "select previous_read_at from core.field_observation where value is null")
    assert bound is not None, "it went between two readings"
    world.items = held
    run()
    assert rows_of(settings, values) == [("s1",), (None,), ("s1",)]
    assert rows_of(settings, values.replace(":11", ":12")) == [("s2",)]


# --- The stream --------------------------------------------------------------------------------------------------

def test_a_census_leaves_the_cursor_where_it_was(world, settings, run):
    cursors = "select project, watermark, state from ops.cursor order by 1"
    run(Depth.CHANGES)
    report = run()
    assert all(row[1] is not None for row in rows_of(settings, cursors))
    log = rows_of(settings, "select distinct project, stream from ops.sync_log where stream = 'absences' order by 1")
    assert log == [("PAY", "absences"), ("WEB", "absences"), ("_site", "absences")]
    assert '"visible": 3' in report.to_json()
