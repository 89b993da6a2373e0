"""Every fault at both trackers: the same content as without it, or a failure that names project and cause.

Waits are as long as the trackers ask, but pass at once; the table of all outcomes comes with ``pytest -v``.
"""

import re
from dataclasses import dataclass
from typing import Any

import pytest
from fault_world import MOST_ATTEMPTS, NAMES, PROJECTS

from itpm_pipeline.extract.source import Depth

pytestmark = pytest.mark.slow

SEARCH, HISTORIES = "search/jql$", "changelog/bulkfetch$"
ISSUES_OF_FIRST = {"operation": "^Repository$", "body": r'"name":\s*"checkout".*"after"'}
"""A further page of the issues of the repository that faults are aimed at (also its other lists)."""
WEB = {"path": SEARCH, "body": 'project = "WEB"'}
CHECKOUT = {"operation": "^Repository$", "body": r'"name":\s*"checkout"'}


@dataclass(frozen=True)
class Case:
    """``waits``: seconds that the tracker asks for, at least; ``retries``: at least so many."""

    name: str
    faults: list[dict[str, Any]]
    retries: int = 0
    waits: float = 0.0
    timeout_seconds: float = 20


def jira(name: str, *faults: dict[str, Any], **expected: Any) -> Any:
    return pytest.param("jira", Case(name, list(faults), **expected), id=f"jira-{name}")


def github(name: str, *faults: dict[str, Any], **expected: Any) -> Any:
    return pytest.param("github", Case(name, list(faults), **expected), id=f"github-{name}")


def fault(kind: str, where: dict[str, Any] | None = None, **parameters: Any) -> dict[str, Any]:
    return {"kind": kind, **(where or {}), **parameters}


HEALED = [
    # --- slowness
    jira("latency", fault("latency", seconds=0.02, times=None)),
    github("latency", fault("latency", seconds=0.02, times=None)),
    jira("answer after the timeout", fault("latency", WEB, seconds=2.6, skip=1), retries=1, timeout_seconds=2),
    github("answer after the timeout", fault("latency", CHECKOUT, seconds=2.6, skip=1), retries=0, timeout_seconds=2),
    jira("slow body", fault("slow_body", pause=0.02, pieces=4, times=6)),
    github("slow body", fault("slow_body", pause=0.02, pieces=4, times=6)),
    # --- limits
    jira("429 with Retry-After", fault("too_many_requests", retry_after=7, skip=5, times=3), retries=3, waits=7),
    github("429 with Retry-After", fault("too_many_requests", retry_after=7, skip=5, times=3), retries=3, waits=7),
    jira("429 without a word", fault("too_many_requests", WEB, retry_after=None), retries=1, waits=60),
    github("429 without a word", fault("too_many_requests", CHECKOUT, retry_after=None), retries=1, waits=60),
    jira("429, burst limit by its reset", fault("jira_rate_limit", WEB, reset_seconds=20), retries=1, waits=15),
    jira("429, hourly quota", fault("jira_rate_limit", WEB, reason="jira-quota-tenant-based", reset_seconds=900,
                                    retry_after=900), retries=1, waits=900),
    github("primary limit, REST", fault("github_primary_limit", {"path": "/repos$"}, reset_seconds=1800), waits=0),
    github("primary limit, 403", fault("github_primary_limit", CHECKOUT, reset_seconds=1800, skip=1), retries=1,
           waits=1800),
    github("primary limit, 429", fault("github_primary_limit", CHECKOUT, reset_seconds=1800, status=429), retries=1,
           waits=1800),
    github("primary limit, inside a 200", fault("github_primary_limit", CHECKOUT, reset_seconds=600, status=200),
           retries=1, waits=600),
    github("secondary limit with Retry-After", fault("github_secondary_limit", CHECKOUT, retry_after=30, times=2),
           retries=2, waits=60),
    github("secondary limit without a time", fault("github_secondary_limit", CHECKOUT, retry_after=None), retries=1,
           waits=60),
    # --- breakdowns
    jira("burst of 5xx", *(fault("server_error", status=status, skip=4) for status in (500, 502, 503)),
         fault("server_error", status=504, skip=20), retries=4),
    github("burst of 5xx", *(fault("server_error", status=status, skip=2) for status in (500, 502, 503, 504))),
    jira("503 until the last attempt", fault("server_error", {"path": HISTORIES}, times=MOST_ATTEMPTS - 1),
         retries=MOST_ATTEMPTS - 1),
    github("503 until the last attempt", fault("server_error", {"operation": "^Owner$"},
                                               times=MOST_ATTEMPTS - 1), retries=MOST_ATTEMPTS - 1),
    jira("reset within the body", fault("connection_reset", {"path": SEARCH}, after_bytes=500, times=2),
         fault("connection_reset", {"path": HISTORIES}), retries=3),
    github("reset within the body", fault("connection_reset", CHECKOUT, after_bytes=500, times=2), retries=2),
    jira("truncated JSON", fault("truncated_json", {"path": SEARCH}, times=2),
         fault("truncated_json", {"path": HISTORIES}), retries=3),
    github("truncated JSON", fault("truncated_json", CHECKOUT, times=2), retries=2),
    # Who asks for /serverInfo first is open; what discovery repeats is counted nowhere.
    jira("HTML page with 200", fault("html_page", WEB), fault("html_page", {"path": "/serverInfo$"}), retries=1),
    github("HTML page with 200", fault("html_page", CHECKOUT), fault("html_page", {"path": "/repos$"}), retries=1),
    # --- GraphQL
    github("502 on large pages", fault("graphql_overload", {"operation": "^Repository$"}, above=200, times=None)),
    github("502 on large lookups by id", fault("graphql_overload", {"operation": "^Relations$"}, above=400,
                                               times=None)),
    github("partial error, once", fault("partial_errors", ISSUES_OF_FIRST, at=["repository", "issues", "nodes", 0])),
    github("partial error without a type", fault("partial_errors", CHECKOUT, at=["repository"], type=None,
                                                 message="Something went wrong while executing your query.")),
]  # fmt: skip


@pytest.mark.parametrize(("tracker", "case"), HEALED)
def test_content_is_the_same_as_without_faults(faulty, new_place, clean, tell, assert_same, tracker, case):
    place, control = new_place(tracker, timeout_seconds=case.timeout_seconds), faulty.control(tracker)
    expected = clean(tracker).content()
    armed = control.arm(*case.faults)
    try:
        report = place.sync()
    finally:
        control.clear()
    assert all(one.fired == (one.fault.times or one.fired) for one in armed), [one.told() for one in armed]
    assert min(one.fired for one in armed) > 0
    assert report.failed == []
    assert_same(place.content(), expected)
    totals = report.totals
    assert (totals["retries"] >= case.retries, totals["waited_seconds"] >= case.waits) == (True, True), totals
    tell(case.name, tracker, "same content", place, sum(one.fired for one in armed))


@dataclass(frozen=True)
class Told:
    """``project``: whose reading fails; ``cause``: what its reason must say."""

    name: str
    project: str
    cause: str
    faults: list[dict[str, Any]]


FIRST = {tracker: keys[0] for tracker, keys in PROJECTS.items()}
TOLD = [
    ("jira", Told("503 for ever", "WEB", "HTTP 503 .* after all attempts", [fault("server_error", WEB, times=None)])),
    ("github", Told("502 for ever", "acme/checkout", "HTTP 502 .* after all attempts",
                    [fault("server_error", CHECKOUT, status=502, times=None)])),
    ("jira", Told("HTML page for ever", "WEB", "could not be decoded: .*Sign in",
                  [fault("html_page", WEB, times=None)])),
    ("github", Told("HTML page for ever", "acme/checkout", "could not be decoded: .*Sign in",
                    [fault("html_page", CHECKOUT, times=None)])),
    ("jira", Told("truncated JSON for ever", "WEB", "could not be decoded",
                  [fault("truncated_json", WEB, times=None)])),
    ("github", Told("truncated JSON for ever", "acme/checkout", "could not be decoded",
                    [fault("truncated_json", CHECKOUT, times=None)])),
    ("jira", Told("expired page token", "WEB", "HTTP 400 .*page token is invalid or has expired",
                  [fault("expired_page_token", WEB)])),
    ("github", Told("expired page token", "acme/checkout", "does not appear to be a valid cursor",
                    [fault("expired_page_token", CHECKOUT)])),
    ("jira", Told("403 for a project", "WEB", "HTTP 403 .*permission",
                  [fault("forbidden", {"path": "project/WEB/versions$"}, times=None)])),
    ("jira", Told("403 for histories", "", "HTTP 403 .*permission",
                  [fault("forbidden", {"path": HISTORIES}, times=1)])),
    ("github", Told("403 for a repository", "acme/checkout", "HTTP 403 .*not accessible",
                    [fault("forbidden", CHECKOUT, times=None)])),
    ("github", Told("partial error for ever", "acme/checkout", "Something went wrong",
                    [fault("partial_errors", CHECKOUT, at=["repository"], times=None)])),
    ("github", Told("502 even on single nodes", "acme/checkout", "HTTP 502",
                    [fault("graphql_overload", CHECKOUT, above=0, times=None)])),
]  # fmt: skip


@pytest.mark.parametrize(("tracker", "told"), TOLD, ids=[f"{tracker}-{told.name}" for tracker, told in TOLD])
def test_a_failure_names_project_and_cause_and_the_rest_is_synced(
    faulty, new_place, clean, tell, assert_same, tracker, told
):
    place, control, whole = new_place(tracker), faulty.control(tracker), clean(tracker)
    armed = control.arm(*told.faults)
    try:
        report = place.sync()
    finally:
        control.clear()
    assert all(one.fired for one in armed)
    touched = report.failed
    failing = {outcome.project for outcome in touched}
    assert len(failing) == 1
    (project,) = failing
    assert touched[0].where.startswith(f"{NAMES[tracker]}:")
    assert re.search(told.cause, str(touched[0].reason)), touched[0].reason
    (other,) = set(PROJECTS[tracker]) - {project}
    if told.project:
        assert project == told.project
    rest = whole.content("issue", project_id=whole.project_id(other))
    assert len(rest["issue"]) > 3
    assert_same(place.content("issue", project_id=place.project_id(other)), rest)
    assert place.sync().failed == []
    assert_same(place.content(), whole.content())
    tell(told.name, tracker, "failed, named, rest synced; next sync heals", place, sum(a.fired for a in armed))


def test_a_node_that_github_withholds_is_counted_and_comes_with_the_next_reconcile(
    faulty, new_place, clean, tell, assert_same
):
    """FORBIDDEN on a single node is usual where others' private issues are in sight: it must not fail everything."""
    place, control, whole = new_place("github"), faulty.control("github"), clean("github")
    at = ["repository", "issues", "nodes", 0]
    pages = {"operation": "^Repository$", "body": "timelineItems"}
    (armed,) = control.arm(fault("partial_errors", pages, at=at, type="FORBIDDEN", message="Resource not accessible"))
    try:
        report = place.sync()
    finally:
        control.clear()
    assert (armed.fired, report.failed) == (1, [])
    assert sum(outcome.details.get("hidden", 0) for outcome in report.outcomes) == 1
    assert len(place.content("issue")["issue"]) == len(whole.content("issue")["issue"]) - 1
    assert place.sync(Depth.RECONCILE).failed == []
    assert_same(place.content("issue"), whole.content("issue"))
    tell("FORBIDDEN for one node", "github", "counted as hidden; next reconcile heals", place, 1)
