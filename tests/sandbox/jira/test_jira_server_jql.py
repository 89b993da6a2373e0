"""JQL: what clients send, the time zone in which it is read, and errors in Jira's words."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from jira_server_company import EMAIL, TOKEN, Caller, hand_made_company

from itpm_pipeline.sandbox.clock import Clock
from itpm_pipeline.sandbox.jira.answers import JiraError
from itpm_pipeline.sandbox.jira.app import create_app
from itpm_pipeline.sandbox.jira.find import Finder
from itpm_pipeline.sandbox.jira.site import Site


@pytest.fixture(scope="module")
def finder() -> Finder:
    company = hand_made_company()
    return Finder(Site(company, Clock(company.now, lambda: 0.0), email=EMAIL, timezone="Europe/Berlin"))


def keys(finder: Finder, jql: str) -> set[str]:
    return {issue.key for issue in finder.find(jql).issues}


SMALL = "key in (PAY-1, PAY-2, PAY-3, PAY-4, PAY-5, PAY-6, PAY-7)"


@pytest.mark.parametrize(("jql", "found"), [
    ("status = Done", {"PAY-5", "PAY-7"}),
    ("status != 'To Do'", {"PAY-5", "PAY-7"}),
    ("status in (Done, 'In Progress')", {"PAY-5", "PAY-7"}),
    ("status not in (1, 3)", {"PAY-5", "PAY-7"}),
    ("statusCategory = Done", {"PAY-5", "PAY-7"}),
    ('statusCategory != "To Do"', {"PAY-5", "PAY-7"}),
    ("NOT statusCategory = new", {"PAY-5", "PAY-7"}),
    ("issuetype = Epic", {"PAY-1"}),
    ("type in (Epic, Sub-task)", {"PAY-1", "PAY-3"}),
    ("resolution is EMPTY", {"PAY-1", "PAY-2", "PAY-3", "PAY-4", "PAY-6", "PAY-7"}),
    ("resolution = Unresolved", {"PAY-1", "PAY-2", "PAY-3", "PAY-4", "PAY-6", "PAY-7"}),
    ("resolution is not EMPTY", {"PAY-5"}),
    ("assignee = 'Bela Banerjee'", {"PAY-4"}),
    ("assignee = '557058:acc-3'", {"PAY-5"}),
    ("assignee != '557058:acc-3'", {"PAY-4"}),  # passes over the unassigned, as Jira's != does
    ("assignee in (EMPTY, '557058:acc-3')", {"PAY-1", "PAY-2", "PAY-3", "PAY-5", "PAY-6", "PAY-7"}),
    ("reporter = currentUser() AND sprint is not empty", {"PAY-4"}),
    ("sprint = 58", {"PAY-4"}),
    ("sprint in ('PAY Sprint 58', 57)", {"PAY-4"}),
    ("sprint in openSprints()", {"PAY-4"}),
    ("sprint in futureSprints()", set()),
    ("cf[10020] = 59", {"PAY-4"}),
    ("parent = PAY-1", {"PAY-2"}),
    ('"Epic Link" = 11000', {"PAY-2"}),
    ("parent is not EMPTY", {"PAY-2", "PAY-3"}),
    ("labels = a", {"PAY-2", "PAY-3", "PAY-5", "PAY-6"}),
    ("labels is empty", {"PAY-1", "PAY-4", "PAY-7"}),
    ("fixVersion = '2.0'", {"PAY-4"}),
    ("component = card", {"PAY-4"}),
    ("priority = High", {"PAY-4"}),
    ("Flagged = Impediment", {"PAY-4"}),
    ("key > PAY-5", {"PAY-6", "PAY-7"}),
    ("id = 11004 OR key = pay-1", {"PAY-1", "PAY-5"}),
    ("key not in (PAY-1, PAY-2, PAY-3)", {"PAY-4", "PAY-5", "PAY-6", "PAY-7"}),
    ("summary ~ 'issue 6'", {"PAY-7"}),
    ("resolved >= -10d", {"PAY-5"}),
    ("resolved < '-10d'", set()),
    ("due <= 2026-12-01", {"PAY-4"}),
    ("due < '2026/12/01'", set()),
    ("due is EMPTY AND status = Done", {"PAY-5", "PAY-7"}),
    ('updated >= "-4w" AND updated <= now()', {"PAY-7"}),
    ("updated >= startOfDay(-17d)", {"PAY-7"}),
    ("updated >= startOfDay(-15d)", set()),
    ("updated >= startOfMonth() OR updated >= startOfWeek()", set()),
    ("updated < endOfDay('-16d') AND updated > startOfDay('-16d')", {"PAY-7"}),
    ("status = Done AND (assignee is EMPTY OR sprint = 58)", {"PAY-7"}),
    ("status = Done AND assignee is EMPTY OR sprint = 58", {"PAY-4", "PAY-7"}),
    ("project = pay AND NOT (status = 1 || status = 3)", {"PAY-5", "PAY-7"}),
])  # fmt: skip
def test_finds(finder: Finder, jql: str, found: set[str]) -> None:
    assert keys(finder, f"{SMALL} AND ({jql})") == found


def test_text_and_project_by_name_and_id(finder: Finder) -> None:
    assert len(keys(finder, "project = 'Data Platform'")) == len(keys(finder, "project = 10002")) == 19
    assert keys(finder, "project in (DATA, PAY) AND text ~ 'see blocked'") == {"PAY-4"}


def test_a_moved_issue_is_found_under_all_its_keys(finder: Finder) -> None:
    assert keys(finder, "key = DATA-3") == keys(finder, "key = PAY-241") == {"PAY-241"}


@pytest.mark.parametrize(("jql", "message"), [
    ("project = NOPE", "The value 'NOPE' does not exist for the field 'project'."),
    ("project = 10004", "A value with ID '10004' does not exist for the field 'project'."),
    ("project in (PAY, SEC)", "The value 'SEC' does not exist for the field 'project'."),
    ("project = LEG", "The value 'LEG' does not exist for the field 'project'."),
    ("key = PAY-999", "An issue with key 'PAY-999' does not exist for field 'key'."),
    ("id in (11003, 11007)", "A value with ID '11007' does not exist for the field 'id'."),
    ("status = Wishing", "The value 'Wishing' does not exist for the field 'status'."),
    ("sprint = 999", "Sprint with id '999' does not exist or you do not have permission to view it."),
    ("colour = red", "Field 'colour' does not exist or you do not have permission to view it."),
    ("updated > yesterday", "Date value 'yesterday' for field 'updated' is invalid."),
    ('updated >= "2026-11-16T08:00:00Z"', "Date value '2026-11-16T08:00:00Z' for field 'updated' is invalid."),
    ("updated >= lastLogin()", "Unable to find JQL function 'lastLogin()'"),
    ("updated >= startOfDay(-1)", "Function 'startOfDay' expects a period such as -1d, but got '-1'."),
    ("updated >= now(-1d)", "Function 'now' expects no argument."),
    ("status > Done", "The operator '>' is not supported by the 'status' field."),
    ("project = PAY ORDER BY votes", "Not able to sort using field 'votes'."),
    ("project = PAY ORDER BY key, id, created, updated, due, rank, status, type", "JQL can be ordered by at most 7"),
    ("project PAY", "Error in the JQL Query: Expecting operator"),
    ("project = PAY AND", "Error in the JQL Query: Expecting a field name before the end of the query."),
    ("project = 'PAY", "Error in the JQL Query: The quoted string 'PAY' has not been completed."),
    ("(project = PAY", "Error in the JQL Query: Expecting ')' before the end of the query."),
    ("project = PAY status = 1", "Error in the JQL Query: Expecting either 'OR' or 'AND' but got 'status'."),
    ("assignee is nobody", "The operator 'is' only supports the EMPTY and NULL operands."),
    ("status was Done", "History searches do not support the 'status' field."),
])  # fmt: skip
def test_refuses_in_jiras_words(finder: Finder, jql: str, message: str) -> None:
    with pytest.raises(JiraError) as refusal:
        finder.find(jql)
    assert refusal.value.status == 400
    assert refusal.value.body["errorMessages"][0].startswith(message)


UPDATED = datetime(2026, 11, 14, 8, tzinfo=UTC)
"""When the moved issue was last updated."""


@pytest.mark.parametrize(("zone", "offset"), [
    ("Europe/Berlin", 1), ("UTC", 0), ("Pacific/Kiritimati", 14), ("Etc/GMT+12", -12),
])  # fmt: skip
def test_words_are_read_in_the_accounts_time_zone(serve_jira: Callable[..., Caller], zone: str, offset: int) -> None:
    """The same instant written in UTC words finds different issues in each zone; epoch milliseconds do not."""
    site = serve_jira(hand_made_company(), account_timezone=zone)
    local = UPDATED.astimezone().tzinfo  # only to be sure that this machine's zone plays no part
    assert local is not None
    hour = (8 + offset) % 24
    day = 14 + (8 + offset) // 24
    assert site.search(f'key = PAY-241 AND updated >= "2026-11-{day} {hour:02d}:00"')
    assert not site.search(f'key = PAY-241 AND updated >= "2026-11-{day} {hour:02d}:01"')
    assert bool(site.search('key = PAY-241 AND updated >= "2026-11-14 08:01"')) is (offset > 0)
    epoch = int(UPDATED.timestamp() * 1000)
    assert site.search(f"key = PAY-241 AND updated >= {epoch} AND updated <= {epoch}")
    assert not site.search(f"key = PAY-241 AND updated > {epoch}")
    shown = site.get("/rest/api/3/issue/PAY-241", fields="updated")["fields"]["updated"]
    assert shown == f"2026-11-{day:02d}T{hour:02d}:00:00.000{'+' if offset >= 0 else '-'}{abs(offset):02d}00"


def test_relative_dates_move_with_the_clock() -> None:
    company = hand_made_company()
    passed = [0.0]
    clock = Clock(company.now, lambda: passed[0])
    site = create_app(company, clock, token=TOKEN, email=EMAIL).state.site
    finder = Finder(site)
    assert keys(finder, "key = PAY-241 AND updated >= -2d") == {"PAY-241"}
    passed[0] = 1.0
    assert keys(finder, "key = PAY-241 AND updated >= -2d") == set()
