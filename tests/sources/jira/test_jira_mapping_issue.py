"""Issues to rows: types, outcomes, points, sprints, people, teams; and what is rejected."""

import hashlib
from datetime import UTC, date, datetime

import orjson
import pytest

from itpm_pipeline.canonical.rows import MappingError

SPRINT = {
    "id": 37, "name": "S, 1", "state": "closed", "boardId": 4, "goal": "", "startDate": "2026-03-02T08:00:00.000Z",
    "endDate": "2026-03-16T08:00:00.000Z", "completeDate": "2026-03-17T08:00:00.000Z",
}  # fmt: skip
SPRINT_TEXT = "com.atlassian.greenhopper.service.sprint.Sprint@1f[id=38,rapidViewId=5,state=ACTIVE,name=S 2,goal=]"


def issue_row(desk, issue):
    rows = desk.map("issues", issue)
    assert len(rows.tables["issue"]) == 1
    return rows.tables["issue"][0]


def test_a_whole_issue(desk, make_issue):
    desk.board(4, "customfield_10034", (10001, "PAY"))
    row = issue_row(desk, make_issue(
        parent={"id": "10007", "key": "PAY-1"}, priority={"name": "High"}, duedate="2026-04-01",
        customfield_10015="2026-03-03", customfield_10034=0, customfield_10016=8, timeoriginalestimate=7200,
        timeestimate=3600, labels=["b", "a"], components=[{"name": "api"}], description="why\x00",
        customfield_10021=[{"value": "Impediment"}], fixVersions=[{"id": "7"}, {"id": "7"}],
    ))  # fmt: skip
    expected = {
        "issue_id": "jira:acme-jira:10042", "issue_key": "PAY-7", "project_id": "jira:acme-jira:project:10001",
        "type_raw": "Story", "type": "story", "hierarchy_level": 0, "parent_issue_id": "jira:acme-jira:10007",
        "summary": "Pay by invoice", "description_text": "why", "status_id": "jira:acme-jira:status:3",
        "resolution_raw": None, "outcome": None, "priority": "High", "assignee_person_id": None, "team_id": None,
        "created_at": datetime(2026, 3, 2, 8, tzinfo=UTC), "updated_at": datetime(2026, 3, 5, 10, tzinfo=UTC),
        "resolved_at": None, "start_date": date(2026, 3, 3), "due_date": date(2026, 4, 1), "estimate_points": 0.0,
        "estimate_field_id": "customfield_10034", "estimate_seconds": 7200, "remaining_seconds": 3600,
        "is_flagged": True, "labels": '["a","b"]', "components": '["api"]',
        "url": "https://acme.atlassian.net/browse/PAY-7", "history_reported": None, "is_deleted": False,
    }  # fmt: skip
    assert {name: row[name] for name in expected} == expected


def test_its_key_is_the_current_one(desk, make_issue):
    rows = desk.map("issues", make_issue())
    assert rows.tables["issue_key_alias"] == [
        {"issue_key": "PAY-7", "issue_id": "jira:acme-jira:10042", "is_current": True}
    ]
    assert rows.replaced["issue_key_alias"] == ["jira:acme-jira:10042"]


def test_zero_points_are_an_estimate_and_none_is_none(desk, make_issue):
    desk.board(4, "customfield_10034", (10001, "PAY"))
    assert issue_row(desk, make_issue(customfield_10034=None, customfield_10016=3))["estimate_points"] == 3
    assert issue_row(desk, make_issue(customfield_10034=0, customfield_10016=3))["estimate_points"] == 0
    nothing = issue_row(desk, make_issue(customfield_10099=9, customfield_10034=None))
    assert (nothing["estimate_points"], nothing["estimate_field_id"]) == (None, None)


@pytest.mark.parametrize(
    ("issue_type", "level", "kind"),
    [
        ({"name": "Epic", "hierarchyLevel": 1}, 1, "epic"),
        ({"name": "Initiative", "hierarchyLevel": 2}, 2, "other"),
        ({"name": "Unteraufgabe", "hierarchyLevel": -1}, -1, "subtask"),
        ({"name": "Technical task", "subtask": True}, -1, "subtask"),
        ({"name": "Epic", "subtask": False}, 1, "epic"),
        ({"name": "New Feature", "hierarchyLevel": 0}, 0, "story"),
        ({"name": "BUG"}, 0, "bug"),
        ({"name": "[System] Incident", "hierarchyLevel": 0}, 0, "incident"),
        ({"name": "Risk", "hierarchyLevel": 0}, 0, "risk"),
        ({"name": "Aufgabe", "hierarchyLevel": 0}, 0, "other"),
        (None, 0, "other"),
    ],
)
def test_types(desk, make_issue, issue_type, level, kind):
    row = issue_row(desk, make_issue(issuetype=issue_type))
    assert (row["hierarchy_level"], row["type"]) == (level, kind)


def test_incidents_have_a_row_of_their_own(desk, make_issue):
    desk.settings = {"incident_types": ["Outage"]}
    rows = desk.map("issues", make_issue(issuetype={"name": "outage"}, resolutiondate="2026-03-04T00:00:00.000+0000"))
    assert rows.tables["incident"] == [
        {"issue_id": "jira:acme-jira:10042", "opened_at": datetime(2026, 3, 2, 8, tzinfo=UTC),
         "resolved_at": datetime(2026, 3, 4, tzinfo=UTC)},
    ]  # fmt: skip
    assert not desk.map("issues", make_issue(issuetype={"name": "Incident"})).tables["incident"]


@pytest.mark.parametrize(
    ("resolution", "category", "outcome"),
    [
        ("Done", "done", "delivered"),
        ("Fixed", "indeterminate", "delivered"),
        ("Won't Do", "done", "not_delivered"),
        ("Won\u2019t do", "done", "not_delivered"),
        ("Duplicate", "new", "not_delivered"),
        (None, "done", "delivered"),
        (None, "indeterminate", None),
        (None, "undefined", None),
    ],
)
def test_outcomes(desk, make_issue, resolution, category, outcome):
    issue = make_issue(
        resolution={"name": resolution} if resolution else None, status={"id": "1", "statusCategory": {"key": category}}
    )
    assert issue_row(desk, issue)["outcome"] == outcome


def test_sprints_in_both_shapes(desk, make_issue):
    desk.refer("sprints", 37, {"id": 37})
    rows = desk.map("issues", make_issue(customfield_10020=[SPRINT, SPRINT_TEXT, SPRINT]))
    assert [row["sprint_id"] for row in rows.tables["issue_sprint"]] == [
        "jira:acme-jira:sprint:37", "jira:acme-jira:sprint:38",
    ]
    assert rows.replaced["issue_sprint"] == ["jira:acme-jira:10042"]


def test_a_sprint_no_board_lists_is_known_from_its_issues(desk, make_issue):
    rows = desk.map("issues", make_issue(customfield_10020=[SPRINT, SPRINT_TEXT]))
    first, second = rows.tables["sprint"]
    assert (first["sprint_id"], first["board_id"], first["state"]) == (
        "jira:acme-jira:sprint:37", "jira:acme-jira:board:4", "closed",
    )
    assert first["completed_at"] == datetime(2026, 3, 17, 8, tzinfo=UTC)
    assert (second["sprint_id"], second["board_id"]) == ("jira:acme-jira:sprint:38", "jira:acme-jira:board:5")
    desk.refer("sprints", 37, {"id": 37})
    known = desk.map("issues", make_issue(customfield_10020=[SPRINT]))
    assert not known.tables["sprint"], "what a board says of a sprint is richer and must not be overwritten"


def test_no_sprints_empties_the_list(desk, make_issue):
    for value in (None, [], "odd"):
        rows = desk.map("issues", make_issue(customfield_10020=value))
        assert rows.replaced["issue_sprint"] == ["jira:acme-jira:10042"]
        assert not rows.tables["issue_sprint"]


def test_people_of_cloud_and_data_center(desk, make_issue):
    cloud = {"accountId": "5b10a", "displayName": "Ann", "emailAddress": " Ann@Acme.example", "active": True,
             "accountType": "atlassian"}  # fmt: skip
    app = {"accountId": "712020:x", "displayName": "Automation", "accountType": "app", "active": True}
    gone = {"accountId": "unknown", "displayName": "Former user", "active": False}
    server = {"key": "JIRAUSER10100", "name": "ann", "displayName": "Ann", "active": False}
    rows = desk.map("issues", make_issue(assignee=cloud, reporter=cloud))
    assert rows.tables["person"] == [{
        "person_id": "jira:acme-jira:user:5b10a", "account_ref": "5b10a", "display_name": "Ann",
        "email_sha256": hashlib.sha256(b"ann@acme.example").hexdigest(), "is_bot": False, "is_active": True,
    }]  # fmt: skip
    assert "ann@" not in str(rows.tables["issue"]), "addresses are kept as hashes only"
    row = desk.map("issues", make_issue(assignee=app, reporter=gone))
    assert [(one["is_bot"], one["is_active"]) for one in row.tables["person"]] == [(True, True), (False, False)]
    row = desk.map("issues", make_issue(assignee=server, reporter={}))
    assert row.tables["issue"][0]["assignee_person_id"] == "jira:acme-jira:user:JIRAUSER10100"
    assert row.tables["issue"][0]["reporter_person_id"] is None


@pytest.mark.parametrize(
    ("value", "ref", "name"),
    [
        ({"id": "a-b", "name": "Payments"}, "a-b", "Payments"),
        ({"id": "10", "value": "Payments"}, "10", "Payments"),
        ("a-b", "a-b", "a-b"),
        (12, "12", "12"),
    ],
)
def test_teams(desk, make_issue, value, ref, name):
    rows = desk.map("issues", make_issue(customfield_10001=value))
    team = f"jira:acme-jira:team:{ref}"
    assert rows.tables["issue"][0]["team_id"] == team
    assert rows.tables["team"] == [{"team_id": team, "name": name, "estimate_scale_id": team}]


def test_history_count_of_data_center_is_kept(desk, make_issue):
    issue = make_issue() | {"changelog": {"startAt": 0, "maxResults": 5, "total": 5}}
    assert issue_row(desk, issue)["history_reported"] == 5


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"created": None}, "no creation time"),
        ({"created": "2026-03-02T09:00:00"}, "no time zone"),
        ({"created": "yesterday"}, "no instant"),
        ({"duedate": "soon"}, "no date"),
        ({"project": None}, "project of issue 10042 has no id"),
        ({"customfield_10020": ["Sprint 5"]}, "no sprint"),
        ({"customfield_10020": [{"id": 9, "state": "paused"}]}, "unknown state"),
        ({"fixVersions": [{"name": "1.0"}]}, "release of issue 10042 has no id"),
    ],
)
def test_what_cannot_be_mapped_is_rejected_with_a_reason(desk, make_issue, change, complaint):
    with pytest.raises(MappingError, match=complaint):
        desk.map("issues", make_issue(**change))


@pytest.mark.parametrize(
    ("stream", "payload", "complaint"),
    [
        ("issues", {"key": "PAY-1", "fields": {}}, "no id"),
        ("issues", {"id": "1"}, "no fields"),
        ("issues", b"{", "no JSON"),
        ("issues", [], "no object"),
        ("sagas", {}, "no stream"),
        ("statuses", {"id": "1", "statusCategory": {"key": "weird"}}, "unknown category"),
    ],
)
def test_broken_records_are_rejected(desk, stream, payload, complaint):
    with pytest.raises(MappingError, match=complaint):
        desk.map(stream, payload)


def test_half_surrogates_do_not_stop_a_record(desk, make_issue):
    payload = orjson.dumps(make_issue(summary="MARK")).replace(b"MARK", rb"cut \ud83d")
    assert desk.map("issues", payload).tables["issue"][0]["summary"] == "cut \ufffd"


def test_mapping_is_deterministic(desk, make_issue):
    issue = make_issue(labels=["z", "a"], customfield_10020=[SPRINT], description="blocked by WEB-1 and WEB-2")
    first, second = desk.map("issues", issue), desk.map("issues", issue)
    assert first.tables == second.tables
    assert first.replaced == second.replaced
