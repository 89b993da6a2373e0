from datetime import UTC, date, datetime, timedelta

import orjson
import pytest
from github_nodes import ANNA, item_node, listed, project_node, repository_node, value

from itpm_pipeline.canonical.rows import CanonicalRows, MappingError
from itpm_pipeline.config import GithubTracker
from itpm_pipeline.extract.records import RawRecord
from itpm_pipeline.sources.github.context import GithubContext
from itpm_pipeline.sources.github.mapping import map_record

NOW = datetime(2026, 11, 16, 8, tzinfo=UTC)
PREFIX = "github:acme-gh:"
TRACKER = GithubTracker(name="acme-gh", kind="github", url="https://api.github.com", token="t")


def record(stream, node, at=NOW):
    return RawRecord(stream, "_site", node["id"], orjson.dumps(node), at)


def context_of(*projects, **settings):
    tracker = GithubTracker(**{**TRACKER.model_dump(), **settings})
    return GithubContext.build(tracker, [record("projects_v2", one) for one in projects or [project_node(1)]])


def mapped(stream, node, context=None, at=NOW):
    rows = CanonicalRows()
    map_record(record(stream, node, at), context or context_of(), rows)
    return rows


def observations(rows):
    return {
        (row["field"], row.get("scope")): (row["value"], row["source_updated_at"]) for row in rows.tables[
            "field_observation"] if row["entity_kind"] == "issue"
    }  # fmt: skip


# --- Projects ------------------------------------------------------------------------------------------------------


def test_a_project_is_a_container_and_a_board():
    rows = mapped("projects_v2", project_node(1, closed=True, shortDescription="All about money"))
    assert rows.tables["project"] == [{
        "project_id": PREFIX + "PVT_1", "container_type": "gh_project_v2", "project_key": "acme/projects/1",
        "name": "Money", "description": "All about money", "url": "https://github.com/orgs/acme/projects/1",
        "is_archived": True, "is_readable": True,
    }]  # fmt: skip
    (board,) = rows.tables["board"]
    assert (board["type"], board["estimation_field_id"], board["estimation_field_name"], board["sprint_support"]) == (
        "gh_project", "PVTF_points", "Story Points", "supported",
    )  # fmt: skip
    assert rows.tables["board_project"] == [{"board_id": PREFIX + "PVT_1", "project_id": PREFIX + "R_1"}]
    assert dict(rows.replaced) == {"board_project": [PREFIX + "PVT_1"], "board_sprint": [PREFIX + "PVT_1"]}


def test_columns_are_the_options_of_the_status_field():
    rows = mapped("projects_v2", project_node(1))
    assert [
        (row["status_id"], row["column_name"], row["column_ordinal"], row["column_count"], row["is_done_column"])
        for row in rows.tables["board_column_status"]
    ] == [
        (PREFIX + "status:PVTSSF_1:a1", "Ideas 💡", 0, 3, False),
        (PREFIX + "status:PVTSSF_1:b2", "Building", 1, 3, False),
        (PREFIX + "status:PVTSSF_1:c3", "Live", 2, 3, True),
    ]
    assert [row["category"] for row in rows.tables["status"]] == ["todo", "in_progress", "done"]


def test_iterations_of_the_sprint_field_are_sprints_completed_ones_included():
    rows = mapped("projects_v2", project_node(1))
    assert [
        (row["sprint_id"], row["kind"], row["name"], row["start_date"], row["end_date"], row["duration_days"])
        for row in rows.tables["sprint"]
    ] == [
        (PREFIX + "iteration:PVTIF_1:i2", "gh_iteration", "Sprint 2", date(2026, 3, 16), date(2026, 3, 30), 14.0),
        (PREFIX + "iteration:PVTIF_1:i1", "gh_iteration", "Sprint 1", date(2026, 3, 2), date(2026, 3, 16), 14.0),
    ]
    assert all(row.get("state") is row.get("start_at") is None for row in rows.tables["sprint"])
    assert [row["sprint_id"] for row in rows.tables["board_sprint"]] == [
        row["sprint_id"] for row in rows.tables["sprint"]
    ]


def test_regenerated_iterations_have_new_ids_and_the_same_identity():
    before = mapped("projects_v2", project_node(1)).tables["sprint"]
    node = project_node(1)
    configuration = node["fields"]["nodes"][-1]["configuration"]
    for iteration in (*configuration["iterations"], *configuration["completedIterations"]):
        iteration["id"] = "new" + iteration["id"]
    after = mapped("projects_v2", node).tables["sprint"]

    def identity(row):
        return row["board_id"], row["sprint_id"].split(":")[3], row["name"], row["start_date"], row["duration_days"]

    assert [identity(row) for row in before] == [identity(row) for row in after]
    assert not {row["sprint_id"] for row in before} & {row["sprint_id"] for row in after}


def test_iteration_dates_are_observed_because_they_have_no_history():
    rows = mapped("projects_v2", project_node(1))
    seen = [(row["field"], row["value"]) for row in rows.tables["field_observation"]
            if row["entity_id"].endswith("i1")]  # fmt: skip
    assert seen == [("name", "Sprint 1"), ("start_date", "2026-03-02"), ("end_date", "2026-03-16")]


def test_a_project_without_any_field_we_know():
    rows = mapped("projects_v2", project_node(1, fields=listed({}, None, {"__typename": "ProjectV2NewField"})))
    assert rows.tables["board"][0]["sprint_support"] == "unsupported"
    assert rows.tables["board_column_status"] == rows.tables["sprint"] == []


# --- Items ---------------------------------------------------------------------------------------------------------


def test_an_item_observes_its_issue_with_the_instants_values_were_set():
    rows = mapped("project_items", item_node(
        1, value("SingleSelect", "PVTSSF_1", "2026-03-05T09:00:00Z", optionId="b2", name="Building"),
        value("Iteration", "PVTIF_1", "2026-03-06T09:00:00Z", iterationId="i1", title="Sprint 1"),
        value("Number", "PVTF_points", "2026-03-04T09:00:00Z", number=3),
        value("Date", "PVTF_due", "2026-03-03T09:00:00Z", date="2026-03-31"),
        {"__typename": "ProjectV2ItemFieldFutureValue"}, {"__typename": "ProjectV2ItemFieldTextValue"},
    ))  # fmt: skip
    at = datetime(2026, 3, 3, 9, tzinfo=UTC)
    day = timedelta(days=1)
    assert observations(rows) == {
        ("status", "PVTSSF_1"): (PREFIX + "status:PVTSSF_1:b2", at + 2 * day),
        ("sprint", "PVTIF_1"): (PREFIX + "iteration:PVTIF_1:i1", at + 3 * day),
        ("estimate_points", "PVTF_points"): ("3.0", at + day),
        ("due_date", "PVTF_due"): ("2026-03-31", at),
    }
    assert {row["entity_id"] for row in rows.tables["field_observation"]} == {PREFIX + "I_1"}
    assert {row["observed_at"] for row in rows.tables["field_observation"]} == {NOW}
    assert list(rows.tables) == ["field_observation"], "an item owns nothing else, so it cannot undo what others map"
    assert not rows.replaced


def test_values_that_are_not_set_are_bounded_by_the_last_change_of_the_item():
    changed = datetime(2026, 3, 7, 9, tzinfo=UTC)
    assert observations(mapped("project_items", item_node(1))) == {
        ("status", "PVTSSF_1"): (None, changed), ("sprint", "PVTIF_1"): (None, changed),
        ("estimate_points", "PVTF_points"): (None, changed), ("due_date", "PVTF_due"): (None, changed),
    }  # fmt: skip


def test_zero_points_are_not_missing_points():
    rows = mapped("project_items", item_node(1, value("Number", "PVTF_points", number=0)))
    assert observations(rows)["estimate_points", "PVTF_points"][0] == "0.0"


@pytest.mark.parametrize(
    "changed",
    [
        {"type": "DRAFT_ISSUE", "content": {"__typename": "DraftIssue", "id": "DI_1", "title": "later"}},
        {"type": "PULL_REQUEST", "content": {"__typename": "PullRequest", "id": "PR_1", "number": 3}},
        {"type": "REDACTED", "content": None},
        {"type": "ISSUE", "content": None},
    ],
)
def test_items_that_are_no_issue_we_may_see_give_no_rows(changed):
    assert not mapped("project_items", item_node(1, **changed)).tables


def test_archived_items_stay_in_their_iteration():
    item = item_node(1, value("Iteration", "PVTIF_1", iterationId="i1"), isArchived=True)
    assert observations(mapped("project_items", item))["sprint", "PVTIF_1"][0] == PREFIX + "iteration:PVTIF_1:i1"


def test_an_item_of_a_project_we_never_saw_is_rejected():
    with pytest.raises(MappingError, match="PVT_9"):
        mapped("project_items", item_node(1, project={"id": "PVT_9"}))


def test_an_organisation_field_shown_in_a_project_counts_like_one_of_its_own():
    shown = {"__typename": "ProjectV2ItemIssueFieldValue", "field": {"id": "PVTF_points", "name": "Story Points"},
             "issueFieldValue": {"__typename": "IssueFieldNumberValue", "id": "x", "number": 8.0}}  # fmt: skip
    rows = mapped("project_items", item_node(1, shown))
    assert observations(rows)["estimate_points", "PVTF_points"] == ("8.0", None)


# --- Context -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "place", "category"),
    [
        ("Todo", 0, "todo"), ("✅ Done", 1, "done"), ("🏗 In progress", 2, "in_progress"), ("Backlog", 3, "todo"),
        ("Ideas", 0, "todo"), ("Xyzzy", 1, "in_progress"), ("Xyzzy", 3, "done"), ("Won't do", 1, "done"),
        ("Parked", 1, "todo"), ("Xyzzy", None, "unmapped"),
    ],
)  # fmt: skip
def test_category_is_configured_or_told_by_name_or_place(name, place, category):
    context = context_of(status_options={"parked": "todo"})
    assert context.category(name, place, 4) == category


def test_of_several_estimate_fields_the_first_of_the_settings_counts():
    node = project_node(1)
    node["fields"]["nodes"].insert(0, {"id": "PVTF_size", "name": "Size", "dataType": "NUMBER"})
    assert context_of(node).projects["PVT_1"].estimate == "PVTF_points"
    assert context_of(node, estimate_fields=("size",)).projects["PVT_1"].estimate == "PVTF_size"


def test_fingerprint_follows_meaning_and_not_iterations():
    base = context_of(project_node(1))
    again = context_of(project_node(1))
    assert base.fingerprint == again.fingerprint
    with_iteration, with_option = project_node(1), project_node(1)
    with_iteration["fields"]["nodes"][-1]["configuration"]["iterations"].append(
        {"id": "i3", "title": "Sprint 3", "startDate": "2026-03-30", "duration": 14}
    )
    with_option["fields"]["nodes"][1]["options"].append({"id": "d4", "name": "Gone"})
    assert context_of(with_iteration).fingerprint == base.fingerprint
    assert context_of(with_option).fingerprint != base.fingerprint
    assert context_of(project_node(1), blocked_labels=("stuck",)).fingerprint != base.fingerprint
    two, one = project_node(2), project_node(1)
    assert context_of(one, two).fingerprint == context_of(two, one).fingerprint


def test_no_secret_is_part_of_the_context():
    assert "token" not in repr(context_of())


# --- Repositories --------------------------------------------------------------------------------------------------


def test_a_repository_brings_the_statuses_of_issues_outside_of_projects():
    rows = mapped("repository", repository_node(isArchived=True))
    assert rows.tables["project"] == [{
        "project_id": PREFIX + "R_1", "container_type": "gh_repo", "project_key": "acme/checkout", "name": "checkout",
        "description": "Takes money", "url": "https://github.com/acme/checkout", "is_archived": True,
        "is_readable": True, "skip_reason": None, "default_branch": "main",
    }]  # fmt: skip
    assert [(row["status_id"], row["category"]) for row in rows.tables["status"]] == [
        (PREFIX + "status:open", "todo"), (PREFIX + "status:in_progress", "in_progress"),
        (PREFIX + "status:closed", "done"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "reason"),
    [({"hasIssuesEnabled": False}, "issues are disabled in this repository"),
     ({"isDisabled": True}, "GitHub has disabled this repository")],
)  # fmt: skip
def test_a_repository_without_issues_says_why(changed, reason):
    (row,) = mapped("repository", repository_node(**changed)).tables["project"]
    assert (row["is_readable"], row["skip_reason"]) == (False, reason)


def test_owners_and_types_are_landed_only():
    assert not mapped("organizations", {"id": "O_1", "login": "acme", "creator": ANNA}).tables
    assert not mapped("issue_types", {"id": "IT_1", "name": "Bug"}).tables
    with pytest.raises(MappingError, match="unknown stream"):
        mapped("stars", {"id": "S_1"})


def test_what_a_project_is_configured_as_is_observed():
    """GitHub keeps no history of it: which iterations there are, and which field holds the points."""
    rows = mapped("projects_v2", project_node(1))
    seen = {(row["field"], row["scope"]): row["value"] for row in rows.tables["field_observation"]
            if row["entity_kind"] == "board"}  # fmt: skip
    first, second = (f"{PREFIX}iteration:PVTIF_1:{one}" for one in ("i1", "i2"))
    assert seen == {
        ("estimation_field_id", None): "PVTF_points", ("iterations", "PVTIF_1"): f'["{first}","{second}"]',
    }  # fmt: skip
