from datetime import UTC, date, datetime

import orjson
import pytest
from github_nodes import ANNA, BEN, CHECKOUT, ROBOT, deployment_node, listed, milestone_node, pull_request_node

from itpm_pipeline.canonical.rows import CanonicalRows
from itpm_pipeline.config import GithubTracker
from itpm_pipeline.extract.records import RawRecord
from itpm_pipeline.sources.github.context import GithubContext
from itpm_pipeline.sources.github.mapping import map_record

NOW = datetime(2026, 11, 16, 8, tzinfo=UTC)
PREFIX = "github:acme-gh:"
CONTEXT = GithubContext.build(GithubTracker(name="acme-gh", kind="github", url="https://api.github.com", token="t"), [])


def mapped(stream, node):
    rows = CanonicalRows()
    map_record(RawRecord(stream, "acme/checkout", node["id"], orjson.dumps(node), NOW), CONTEXT, rows)
    return rows


def only(rows, table):
    (row,) = rows.tables[table]
    return row


def march(day, hour=9):
    return datetime(2026, 3, day, hour, tzinfo=UTC)


# --- Milestones ----------------------------------------------------------------------------------------------------


def test_an_open_milestone_is_a_time_box_by_its_dates_and_a_release():
    rows = mapped("milestones", milestone_node(1, description="All cards"))
    assert only(rows, "sprint") == {
        "sprint_id": PREFIX + "MI_1", "kind": "gh_milestone", "project_id": PREFIX + "R_1", "name": "M1",
        "goal": "All cards", "state": None, "end_date": date(2026, 4, 1), "completed_at": None,
        "created_at": datetime(2026, 1, 1, tzinfo=UTC), "is_deleted": False,
    }  # fmt: skip
    release = only(rows, "release_version")
    assert (release["release_date"], release["released"], release["released_at"]) == (date(2026, 3, 31), False, None)
    seen = {(row["entity_kind"], row["field"]): row["value"] for row in rows.tables["field_observation"]}
    assert seen == {
        ("sprint", "name"): "M1", ("sprint", "end_date"): "2026-04-01", ("sprint", "state"): "open",
        ("release_version", "release_date"): "2026-03-31", ("release_version", "released"): "false",
    }  # fmt: skip


def test_a_closed_milestone_without_due_date():
    rows = mapped("milestones", milestone_node(1, state="CLOSED", closedAt="2026-03-20T09:00:00Z", dueOn=None))
    sprint, release = only(rows, "sprint"), only(rows, "release_version")
    assert (sprint["state"], sprint["completed_at"], sprint["end_date"]) == ("closed", march(20), None)
    assert (release["release_date"], release["released"], release["released_at"]) == (None, True, march(20))


def test_a_milestone_that_was_opened_again_is_not_completed():
    rows = mapped("milestones", milestone_node(1, closedAt="2026-03-20T09:00:00Z"))
    assert only(rows, "sprint")["completed_at"] is None


# --- Releases and deployments --------------------------------------------------------------------------------------


def release_node(**changed):
    return {"id": "RE_1", "name": "", "tagName": "v1.2", "isDraft": False, "isPrerelease": True, "url": "u",
            "createdAt": "2026-03-01T00:00:00Z", "publishedAt": "2026-03-02T23:30:00Z", "repository": CHECKOUT,
            **changed}  # fmt: skip


def test_a_release_goes_by_its_tag_where_it_has_no_name():
    assert only(mapped("releases", release_node()), "release_version") == {
        "version_id": PREFIX + "RE_1", "project_id": PREFIX + "R_1", "kind": "gh_release", "name": "v1.2",
        "release_date": date(2026, 3, 2), "released": True, "released_at": datetime(2026, 3, 2, 23, 30, tzinfo=UTC),
        "archived": False, "is_prerelease": True, "tag_name": "v1.2", "url": "u",
    }  # fmt: skip


def test_a_draft_is_not_released():
    row = only(mapped("releases", release_node(isDraft=True, publishedAt=None)), "release_version")
    assert (row["released"], row["released_at"], row["release_date"]) == (False, None, None)


def status(state, day):
    return {"id": f"DS_{state}", "state": state, "createdAt": f"2026-03-{day:02}T09:00:00Z"}


@pytest.mark.parametrize(
    ("statuses", "state", "finished"),
    [
        ([status("INACTIVE", 9), status("SUCCESS", 6), status("IN_PROGRESS", 5)], "success", march(6)),
        ([status("FAILURE", 6)], "failure", march(6)),
        ([status("ERROR", 6)], "failure", march(6)),
        ([status("FAILURE", 6), status("SUCCESS", 7)], "failure", march(6)),
        ([status("IN_PROGRESS", 5)], "in_progress", None),
        ([], "in_progress", None),
    ],
)
def test_a_deployment_is_judged_by_its_first_final_status(statuses, state, finished):
    row = only(mapped("deployments", deployment_node(1, *statuses, state="IN_PROGRESS")), "deployment")
    assert (row["state"], row["finished_at"], row["deployment_source"]) == (state, finished, "deployment")


@pytest.mark.parametrize(("name", "is_production"), [("Production", True), ("prod", True), ("staging", False)])
def test_production_is_a_matter_of_the_environments_name(name, is_production):
    row = only(mapped("deployments", deployment_node(1, originalEnvironment=name)), "deployment")
    assert (row["environment"], row["is_production"]) == (name, is_production)


# --- Pull requests -------------------------------------------------------------------------------------------------


def review(account, at, state="APPROVED"):
    return {"id": f"PRR_{at}", "state": state, "submittedAt": at and f"2026-03-{at}:00:00Z", "author": account}


def test_a_merged_pull_request():
    rows = mapped("pull_requests", pull_request_node(
        50, state="MERGED", mergedAt="2026-03-05T09:00:00Z", closedAt="2026-03-05T09:00:00Z",
        mergeCommit={"oid": "fed"},
        reviews=listed(review(ANNA, "03T10"), review(ROBOT, "03T11"), review(BEN, None, "PENDING"),
                       review(BEN, "04T12"), review(None, "04T11")),
    ))  # fmt: skip
    row = only(rows, "pull_request")
    assert row == {
        "pr_id": PREFIX + "PR_50", "repo_id": PREFIX + "R_1", "pr_key": "acme/checkout#50", "title": "Take cards",
        "state": "merged", "author_person_id": PREFIX + "U_anna", "created_at": march(3), "updated_at": march(4),
        "first_commit_at": march(2, 11), "first_review_at": march(4, 11), "merged_at": march(5), "closed_at": march(5),
        "merge_commit_oid": "fed", "base_branch": "main", "head_branch": "cards", "is_draft": False, "additions": 3,
        "deletions": 1, "url": "https://github.com/acme/checkout/pull/50",
    }  # fmt: skip


def test_an_open_pull_request_of_a_deleted_account():
    row = only(mapped("pull_requests", pull_request_node(50, author=None, commits=listed(), reviews=None)),
               "pull_request")  # fmt: skip
    assert [row[name] for name in ("state", "author_person_id", "first_commit_at", "first_review_at", "merged_at")] == [
        "open", None, None, None, None
    ]  # fmt: skip


def test_a_test_merge_is_no_merge():
    row = only(mapped("pull_requests", pull_request_node(50, mergeCommit={"oid": "test"})), "pull_request")
    assert row["merge_commit_oid"] is None


def test_issues_it_closes_names_and_carries_in_branch_or_title():
    rows = mapped("pull_requests", pull_request_node(
        50, title="PAY-12 take cards (#7)", headRefName="feature/pay-13",
        body="Fixes #3, see acme/web#8 and WEB-4, not #50\n> quoted #9",
        closingIssuesReferences=listed({"id": "I_3", "number": 3, "repository": CHECKOUT}),
    ))  # fmt: skip
    assert {(row["issue_ref"], row["issue_id"], row["relation"]) for row in rows.tables["pr_issue"]} == {
        ("acme/checkout#3", PREFIX + "I_3", "closes"),
        ("PAY-12", None, "key_in_branch_or_title"),
        ("acme/checkout#7", None, "mentions"),
        ("acme/web#8", None, "mentions"),
        ("WEB-4", None, "mentions"),
        ("PAY-13", None, "key_in_branch_or_title"),
    }
    assert dict(rows.replaced) == {"pr_issue": [PREFIX + "PR_50"]}


@pytest.mark.parametrize(
    ("branch", "keys"),
    [("feature/PAY-12-take-cards", ["PAY-12"]), ("pay-12", ["PAY-12"]), ("fix_web2-7/x", ["FIX_WEB2-7"]),
     ("release-2026", ["RELEASE-2026"]), ("cards", []), ("PAY-012", [])],
)  # fmt: skip
def test_keys_in_branches(branch, keys):
    rows = mapped("pull_requests", pull_request_node(50, headRefName=branch))
    assert [row["issue_ref"] for row in rows.tables["pr_issue"]] == keys


def test_one_row_for_each_reference_and_relation():
    rows = mapped("pull_requests", pull_request_node(50, title="PAY-12", headRefName="PAY-12", body="PAY-12 #7 #7"))
    keys = [(row["issue_ref"], row["relation"]) for row in rows.tables["pr_issue"]]
    assert keys == [("PAY-12", "key_in_branch_or_title"), ("acme/checkout#7", "mentions")]
