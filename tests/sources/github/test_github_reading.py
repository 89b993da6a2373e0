import itertools
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import orjson
import pytest
from github_nodes import (
    deployment_node,
    event,
    issue_node,
    item_node,
    labelled,
    listed,
    milestone_node,
    project_node,
    pull_request_node,
    value,
)

from itpm_pipeline.canonical.rows import CanonicalRows
from itpm_pipeline.errors import ProtocolError, RefusedError
from itpm_pipeline.extract.client import Traffic
from itpm_pipeline.extract.records import OutcomeStatus, ProjectRef
from itpm_pipeline.extract.source import Cursor
from itpm_pipeline.sources.github.site import PROJECTS

CHECKOUT = ProjectRef("acme-gh", "acme/checkout", "R_1", "checkout")
MARCH_9 = Cursor(datetime(2026, 3, 9, tzinfo=UTC), {})


def read(source, cursor=None, project=CHECKOUT):
    reading = source.read_project(project, cursor)
    records = list(reading.records)
    return records, reading


def ids(records, stream):
    return [record.native_id for record in records if record.stream == stream]


def outcome(reading, stream):
    return next(one for one in reading.outcomes if one.stream == stream)


def payloads(records, stream):
    return {record.native_id: orjson.loads(record.payload) for record in records if record.stream == stream}


def test_a_full_reading_lands_every_stream_unchanged(source, organisation):
    organisation.issues = [issue_node(number) for number in range(1, 251)]
    organisation.pull_requests = [pull_request_node(number) for number in (500, 501)]
    organisation.milestones = [milestone_node(1)]
    organisation.releases = [{"id": "RE_1", "createdAt": "2026-03-01T00:00:00Z", "updatedAt": "2026-03-01T00:00:00Z"}]
    organisation.deployments = [deployment_node(1)]
    records, reading = read(source)
    assert ids(records, "issues") == [f"I_{number}" for number in range(1, 251)]
    assert [one.stream for one in reading.outcomes] == [
        "repository", "milestones", "issues", "pull_requests", "releases", "deployments",
    ]  # fmt: skip
    assert {one.stream: one.fetched for one in reading.outcomes} == {
        "repository": 1, "milestones": 1, "releases": 1, "deployments": 1, "issues": 250, "pull_requests": 2,
    }  # fmt: skip
    assert all(one.status is OutcomeStatus.OK for one in reading.outcomes)
    started = datetime(2026, 11, 16, 8, tzinfo=UTC)
    assert reading.cursor == Cursor(started, {"running_deployments": [], "reconciled": started.isoformat()})
    repository = payloads(records, "repository")["R_1"]
    assert list(repository) == list(organisation.repository), "keys in the order they came, nothing of the lists"
    issue = payloads(records, "issues")["I_7"]
    expected = issue_node(7)
    assert list(issue) == list(expected), "keys in the order they came"
    for connection in ("labels", "assignees", "timelineItems", "issueFieldValues", "closedByPullRequestsReferences"):
        del expected[connection]["pageInfo"]
    assert issue == expected
    assert outcome(reading, "issues").requests == 3
    assert outcome(reading, "issues").points == 18


def test_a_quiet_repository_costs_one_request(fake, source, organisation):
    organisation.issues = [issue_node(1)]
    organisation.pull_requests = [pull_request_node(50)]
    organisation.milestones = [milestone_node(1)]
    source.features()
    fake.asked.clear()
    records, reading = read(source, MARCH_9)
    assert fake.count() == {"Repository": 1}
    assert ids(records, "issues") == ids(records, "pull_requests") == ids(records, "milestones") == []
    assert reading.cursor is not None


def test_issues_are_asked_for_since_the_watermark_less_the_look_back(fake, source, organisation):
    organisation.issues = [issue_node(1), issue_node(2, updatedAt="2026-03-08T23:50:00Z")]
    records, _ = read(source, MARCH_9)
    assert ids(records, "issues") == ["I_2"]
    asked = next(one for one in fake.asked if " issues(" in one.body.get("query", "") and "since" in one.variables)
    assert asked.variables["since"] == "2026-03-08T23:50:00Z"


def test_a_full_reading_leaves_since_out_instead_of_sending_null(fake, source, organisation):
    organisation.issues = [issue_node(1)]
    read(source)
    assert all("since" not in one.variables for one in fake.asked if one.body)


def test_pull_requests_are_read_latest_change_first_until_the_watermark(fake, source, organisation):
    organisation.pull_requests = [
        pull_request_node(number, updatedAt=f"2026-03-{day:02}T09:00:00Z") for number, day in
        zip(range(300), itertools.chain([9] * 150, [4] * 150), strict=True)
    ]  # fmt: skip
    records, reading = read(source, MARCH_9)
    assert len(ids(records, "pull_requests")) == 150
    assert outcome(reading, "pull_requests").requests == 2, "the third page holds nothing new"
    orders = [one.variables["order"] for one in fake.asked if "order" in (one.body or {}).get("variables", {})]
    assert orders[0] == {"field": "UPDATED_AT", "direction": "DESC"}
    fake.asked.clear()
    records, _ = read(source)
    assert len(ids(records, "pull_requests")) == 300
    orders = [one.variables["order"] for one in fake.asked if "order" in one.variables]
    assert orders[0] == {"field": "CREATED_AT", "direction": "ASC"}


def test_pages_are_halved_when_github_cannot_answer(source, organisation, slept):
    organisation.issues = [issue_node(number) for number in range(1, 61)]
    organisation.limit = 30
    records, reading = read(source)
    assert len(ids(records, "issues")) == 60
    assert outcome(reading, "issues").details == {"page_halvings": 2}
    assert outcome(reading, "issues").requests == 2 + 3, "100 and 50 fail, 25 three times"
    assert slept == [], "halving needs no patience"


def test_at_one_node_a_page_an_overload_is_retried_and_then_fails(source, organisation, fake):
    organisation.limit = 0
    with pytest.raises(Exception, match="HTTP 502"):
        read(source)
    assert [one.variables["first"] for one in fake.asked if one.body and "first" in one.variables] == [
        100, 50, 25, 12, 6, 3, 1, 1, 1
    ]  # fmt: skip


def test_dependencies_are_asked_for_where_the_counts_say_so_many_issues_at_once(fake, source, organisation):
    organisation.issues = [
        issue_node(1),
        issue_node(2, issueDependenciesSummary={"totalBlockedBy": 1, "totalBlocking": 0}),
        issue_node(3, subIssuesSummary={"total": 2, "completed": 0}),
    ]
    other = {"id": "I_9", "number": 9}
    organisation.relations = {"I_2": {"blockedBy": listed(other)}, "I_3": {"subIssues": listed(other)}}
    records, reading = read(source)
    landed = payloads(records, "issues")
    assert landed["I_2"]["blockedBy"]["nodes"] == [other]
    assert landed["I_3"]["subIssues"]["nodes"] == [other]
    assert "blockedBy" not in landed["I_1"]
    assert fake.count()["Relations"] == 1
    assert next(one for one in fake.asked if one.body and one.operation == "Relations").variables["ids"] == [
        "I_2", "I_3"
    ]  # fmt: skip
    assert outcome(reading, "issues").requests == 2


def test_overflowing_timelines_are_read_to_the_end_many_issues_at_once(fake, source, organisation):
    first = [labelled(f"{day:02}T{hour:02}", "x") for day in (1, 2) for hour in range(25 - day)]
    long = {"timelineItems": listed(*first, more="50"), "labels": listed({"name": "a"}, more="50")}
    organisation.issues = [issue_node(number, **long) for number in (1, 2, 3)]
    for number in (1, 2, 3):
        organisation.rest_of[f"I_{number}", "50"] = [event("ClosedEvent", "20T10")]
    organisation.rest_of["I_2", "50+"] = [event("ReopenedEvent", "21T10")]
    records, _ = read(source)
    landed = payloads(records, "issues")
    assert landed["I_1"]["timelineItems"]["nodes"][-1]["__typename"] == "ClosedEvent"
    assert landed["I_2"]["timelineItems"]["nodes"][-1]["__typename"] == "ReopenedEvent"
    assert len(landed["I_2"]["timelineItems"]["nodes"]) == len(first) + 2
    assert "pageInfo" not in landed["I_2"]["timelineItems"]
    assert fake.count()["Continued"] == 2, "six connections at once, then those of the one that goes on"


def test_a_node_that_vanishes_while_its_history_is_read_stays_incomplete(fake, source, organisation):
    organisation.issues = [issue_node(1, timelineItems={**listed(more="50"), "totalCount": 60})]
    fake.operations["Continued"] = lambda _: {
        "data": {"n0": None}, "errors": [{"type": "NOT_FOUND", "path": ["n0"], "message": "gone"}]
    }  # fmt: skip
    records, _ = read(source)
    timeline = payloads(records, "issues")["I_1"]["timelineItems"]
    assert (timeline["totalCount"], timeline["nodes"]) == (60, [])


def test_a_repeated_cursor_is_an_error(fake, source, organisation):
    organisation.issues = [issue_node(1)]
    overview = fake.operations["Repository"]

    def stuck(asked):
        if " issues(" in asked.body["query"] and "newest" not in asked.body["query"]:
            return {"repository": {"issues": {**listed(issue_node(1)), "pageInfo": {
                "hasNextPage": True, "endCursor": "same"}}}}  # fmt: skip
        return overview(asked)

    fake.operations["Repository"] = stuck
    with pytest.raises(ProtocolError, match="same cursor twice"):
        read(source)


def test_a_repository_we_may_no_longer_see_is_refused(fake, source):
    fake.operations["Features"] = lambda _: {}
    fake.operations["Repository"] = lambda _: {
        "data": {"repository": None},
        "errors": [{"type": "NOT_FOUND", "path": ["repository"], "message": "Could not resolve to a Repository"}],
    }
    with pytest.raises(RefusedError, match="Could not resolve") as raised:
        read(source)
    assert raised.value.status == 404


def test_issues_hidden_from_us_are_counted(fake, source, organisation):
    organisation.issues = [issue_node(1)]
    answer = fake.operations["Repository"]

    def with_null(asked):
        body = answer(asked)
        issues = body["data"]["repository"].get("issues") if "data" in body else None
        if issues:
            issues["nodes"].append(None)
            body["errors"] = [{"type": "FORBIDDEN", "path": ["repository", "issues", "nodes", 1], "message": "no"}]
        return body

    fake.operations["Repository"] = with_null
    records, reading = read(source)
    assert ids(records, "issues") == ["I_1"]
    assert outcome(reading, "issues").details == {"hidden": 1}


def test_disabled_issues_are_skipped_with_the_reason_and_the_rest_is_read(fake, source, organisation):
    organisation.pull_requests = [pull_request_node(50)]
    project = ProjectRef("acme-gh", "acme/checkout", "R_1", "checkout", skip_reason="issues are disabled")
    records, reading = read(source, None, project)
    skipped = outcome(reading, "issues")
    assert (skipped.status, skipped.reason) == (OutcomeStatus.SKIPPED, "issues are disabled")
    assert ids(records, "pull_requests") == ["PR_50"]


def test_lists_stop_where_everything_older_was_read_before(fake, source, organisation):
    organisation.milestones = [
        milestone_node(number, updatedAt=f"2026-03-{9 if number < 120 else 1:02}T09:00:00Z") for number in range(300)
    ]
    records, reading = read(source, MARCH_9)
    assert len(ids(records, "milestones")) == 120
    assert outcome(reading, "milestones").requests == 1
    records, reading = read(source)
    assert len(ids(records, "milestones")) == 300
    assert outcome(reading, "milestones").requests == 2


def test_lists_are_walked_together(fake, source, organisation):
    organisation.milestones = [milestone_node(number) for number in range(250)]
    organisation.deployments = [deployment_node(number) for number in range(350)]
    organisation.pull_requests = [pull_request_node(number) for number in range(150)]
    records, reading = read(source)
    assert len(ids(records, "milestones")) == 250
    assert len(ids(records, "deployments")) == 350
    assert len(ids(records, "pull_requests")) == 150
    assert fake.count()["Repository"] == 1 + 3, "the overview, then three rounds"
    assert outcome(reading, "pull_requests").requests == 2
    assert outcome(reading, "deployments").requests == 1


def test_deployments_under_way_are_read_again_however_old(fake, source, organisation):
    old = deployment_node(1, createdAt="2026-01-01T00:00:00Z", updatedAt="2026-01-01T00:00:00Z", state="IN_PROGRESS")
    organisation.deployments = [old]
    records, first = read(source)
    assert ids(records, "deployments") == ["DE_1"]
    assert first.cursor.state["running_deployments"] == ["DE_1"]
    later = Cursor(datetime(2026, 3, 9, tzinfo=UTC), first.cursor.state)
    old["state"] = "ACTIVE"
    records, second = read(source, later)
    assert payloads(records, "deployments")["DE_1"]["state"] == "ACTIVE"
    assert second.cursor.state == {**first.cursor.state, "running_deployments": []}


def test_a_deployment_with_a_new_status_counts_as_changed(source, organisation):
    status = {"id": "DS_1", "state": "SUCCESS", "createdAt": "2026-03-09T10:00:00Z"}
    quiet = {"createdAt": "2026-03-01T00:00:00Z", "updatedAt": "2026-03-01T00:00:00Z"}
    organisation.deployments = [deployment_node(1, status, **quiet), deployment_node(2, **quiet)]
    records, _ = read(source, MARCH_9)
    assert ids(records, "deployments") == ["DE_1"]


# --- The site ------------------------------------------------------------------------------------------------------


def read_site(source, cursor=None):
    reading = source.read_site(cursor)
    return [*reading.references, *reading.records], reading


def test_site_holds_owners_types_projects_and_items(source, organisation):
    organisation.projects = [project_node(1)]
    organisation.items = {"PVT_1": [item_node(number) for number in range(1, 151)]}
    records, reading = read_site(source)
    assert ids(records, "organizations") == ["O_1"]
    assert ids(records, "issue_types") == ["IT_1"]
    assert ids(records, "projects_v2") == ["PVT_1"]
    assert len(ids(records, "project_items")) == 150
    assert "updatedAt" not in payloads(records, "projects_v2")["PVT_1"], "it moves with every item"
    assert [one.stream for one in reading.outcomes] == ["organizations", "issue_types", "projects_v2", "project_items"]
    assert reading.cursor.state["projects"]["PVT_1"]["updated"] == "2026-03-10T09:00:00Z"


def test_items_of_several_projects_are_read_at_once(fake, source, organisation):
    organisation.projects = [project_node(1), project_node(2)]
    organisation.items = {"PVT_1": [item_node(1)], "PVT_2": [item_node(2), item_node(3)]}
    both_asked, items = threading.Barrier(2, timeout=10), fake.operations["ProjectItems"]
    fake.operations["ProjectItems"] = lambda variables: (both_asked.wait() and None) or items(variables)
    records, reading = read_site(source)
    assert sorted(ids(records, "project_items")) == ["PVTI_1", "PVTI_2", "PVTI_3"]
    assert outcome(reading, "project_items").is_complete
    assert outcome(reading, "project_items").fetched == 3
    assert set(reading.cursor.state["projects"]) == {"PVT_1", "PVT_2"}


def test_one_project_that_lost_an_item_leaves_the_whole_list_incomplete(fake, source, organisation):
    organisation.projects = [project_node(1), project_node(2)]
    organisation.items = {"PVT_1": [item_node(1)], "PVT_2": [item_node(2)]}
    items = fake.operations["ProjectItems"]

    def one_more_than_listed(asked):
        answer = items(asked)
        if asked.variables["id"] == "PVT_1":
            answer["node"]["items"]["totalCount"] = 2
        return answer

    fake.operations["ProjectItems"] = one_more_than_listed
    _, reading = read_site(source)
    assert not outcome(reading, "project_items").is_complete


def test_a_project_that_did_not_move_is_not_scanned_again(fake, source, organisation):
    organisation.projects = [project_node(1)]
    organisation.items = {"PVT_1": [item_node(1)]}
    _, first = read_site(source)
    fake.asked.clear()
    records, second = read_site(source, first.cursor)
    assert ids(records, "project_items") == ids(records, "projects_v2") == []
    assert fake.count() == {"Owner": 1, "Projects": 1}
    assert second.cursor.state == first.cursor.state


def test_a_project_that_moved_hands_over_the_items_that_changed(source, organisation):
    organisation.projects = [project_node(1)]
    organisation.items = {"PVT_1": [item_node(1), item_node(2), item_node(3)]}
    _, first = read_site(source)
    organisation.projects[0]["updatedAt"] = "2026-11-16T09:00:00Z"
    organisation.items["PVT_1"][1]["updatedAt"] = "2026-11-16T09:00:00Z"
    organisation.items["PVT_1"][2]["fieldValues"] = listed(value("Number", "PVTF_points", "2026-11-16T09:00:00Z"))
    records, _ = read_site(source, first.cursor)
    assert ids(records, "project_items") == ["PVTI_2", "PVTI_3"]


def test_a_project_whose_iterations_were_replaced_hands_over_all_items(source, organisation):
    organisation.projects = [project_node(1)]
    organisation.items = {"PVT_1": [item_node(1), item_node(2)]}
    _, first = read_site(source)
    organisation.projects[0]["updatedAt"] = "2026-11-16T09:00:00Z"
    organisation.projects[0]["fields"]["nodes"][-1]["configuration"]["iterations"] = []
    records, _ = read_site(source, first.cursor)
    assert ids(records, "project_items") == ["PVTI_1", "PVTI_2"]


def test_a_scan_that_lost_an_item_is_done_again_from_the_same_instant(fake, source, organisation):
    organisation.projects = [project_node(1)]
    organisation.items = {"PVT_1": [item_node(1)]}
    _, first = read_site(source)
    organisation.projects[0]["updatedAt"] = "2026-11-16T09:00:00Z"
    fake.operations["ProjectItems"] = lambda _: {"node": {"items": {**listed(item_node(1)), "totalCount": 2}}}
    fake.operations["Projects"] = lambda _: (200, {"Date": "Mon, 16 Nov 2026 09:30:00 GMT"}, {"data": {
        "repositoryOwner": {"projectsV2": listed(*organisation.projects)}}})  # fmt: skip
    _, second = read_site(source, first.cursor)
    kept = second.cursor.state["projects"]["PVT_1"]
    assert kept["scanned"] == first.cursor.state["projects"]["PVT_1"]["scanned"] == "2026-11-16T08:00:00+00:00"


def test_a_token_without_the_project_scope_still_reads_the_rest(fake, source, organisation):
    fake.operations["Projects"] = lambda _: {
        "data": None, "errors": [{"type": "INSUFFICIENT_SCOPES", "message": "requires read:project"}]
    }  # fmt: skip
    records, reading = read_site(source)
    assert ids(records, "organizations") == ["O_1"]
    failed = outcome(reading, PROJECTS)
    assert failed.status is OutcomeStatus.FAILED
    assert "read:project" in failed.reason
    assert reading.cursor is not None


def test_overflowing_field_values_are_completed(source, organisation):
    organisation.projects = [project_node(1)]
    organisation.items = {"PVT_1": [item_node(1, fieldValues=listed(more="20"))]}
    organisation.rest_of["PVTI_1", "20"] = [value("Number", "PVTF_points", number=3)]
    records, _ = read_site(source)
    values = payloads(records, "project_items")["PVTI_1"]["fieldValues"]["nodes"]
    assert [one["number"] for one in values] == [3]


def test_probe_tells_who_we_are_and_what_the_fields_mean(fake, source, organisation):
    organisation.projects = [project_node(1)]
    fake.operations["Viewer"] = lambda _: (
        200,
        {"Date": "Mon, 16 Nov 2026 08:00:00 GMT", "X-OAuth-Scopes": "repo, admin:org",
         "X-GitHub-Enterprise-Version": "3.17.2"},
        {"data": {"viewer": {"login": "anna"}, "limits": {"limit": 5000, "remaining": 4711}}},
    )  # fmt: skip
    probe = source.probe()
    assert (probe.deployment, probe.version, probe.account) == ("GitHub Enterprise Server", "3.17.2", "anna")
    assert probe.server_time == datetime(2026, 11, 16, 8, tzinfo=UTC)
    findings = dict(probe.findings)
    assert findings["token"] == "lacks the scope read:project, needed for projects (v2)"
    assert findings["rate limit"] == "4711 of 5000 points left"
    assert findings["project Money"] == (
        "status: Ideas 💡 = todo, Building = in_progress, Live = done; points: Story Points; iterations: Sprint"
    )
    assert "ProjectItems" not in fake.count(), "a check must stay cheap"


def test_the_census_lists_every_issue_id(source, organisation):
    organisation.issues = [issue_node(number) for number in range(1, 251)]
    assert list(source.issue_ids(CHECKOUT, Traffic())) == [f"I_{number}" for number in range(1, 251)]


def test_an_unreadable_repository_is_not_an_empty_one(fake, source):
    fake.operations["Repository"] = lambda _: {"repository": None}
    with pytest.raises(RefusedError, match="not visible"):
        list(source.issue_ids(CHECKOUT, Traffic()))


def test_an_older_server_is_asked_only_for_what_it_has(fake, source, organisation):
    """An Enterprise Server without sub-issues, dependencies, issue types and issue fields."""
    fake.operations["Features"] = lambda _: {
        "t0": {"name": "Issue", "fields": [{"name": "closedByPullRequestsReferences", "args": []}], "enumValues": None},
        "t1": {"name": "IssueTimelineItemsItemType", "fields": None, "enumValues": [{"name": "CLOSED_EVENT"}]},
        "t2": None,
    }
    optional = ("issueType", "parent", "subIssuesSummary", "issueDependenciesSummary", "duplicateOf",
                "issueFieldValues")  # fmt: skip
    old = {name: value for name, value in issue_node(1).items() if name not in optional}
    organisation.issues = [old]
    records, _ = read(source)
    asked = next(one.body["query"] for one in fake.asked if "timelineItems" in (one.body or {}).get("query", ""))
    assert not [name for name in (*optional, "ReopenedEvent", "enableDuplicate") if name in asked]
    assert "itemTypes: [CLOSED_EVENT]" in asked
    assert "closedByPullRequestsReferences" in asked
    rows = CanonicalRows()
    for record in records:
        source.map_record(record, source.mapping_context([]), rows)
    assert rows.tables["issue"][0]["type"] == "task"


def test_features_are_asked_for_once(fake, source, organisation):
    read(source)
    read(source)
    assert fake.count()["Features"] == 1


def test_threads_have_clients_of_their_own(fake, source, organisation):
    organisation.issues = [issue_node(number) for number in range(1, 31)]
    with ThreadPoolExecutor(4) as pool:
        counts = list(pool.map(lambda _: len(ids(read(source)[0], "issues")), range(8)))
    assert counts == [30] * 8
    source.close()
