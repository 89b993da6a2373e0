"""Deployments, changes and incidents: example D1 of METRICS.md section 3.5, and where the figures come from."""

from datetime import datetime, timedelta

from built_models import Build
from event_log import EventLog, at

WANTED = ("+mart_dora",)

HOUR = 3600
REPO = "github:acme:R_1"


def repository(log: EventLog, repo: str = REPO) -> None:
    log.add("project", project_id=repo, container_type="gh_repo", project_key="acme/shop", name="shop",
            default_branch="main")


def deploy(log: EventLog, name: str, when: datetime, state: str = "success", repo: str = REPO, **columns) -> str:
    row = {"is_production": True, "deployment_source": "deployment", "environment": "production", **columns}
    log.add("deployment", deployment_id=name, repo_id=repo, created_at=when, finished_at=when, state=state, **row)
    return name


def change(log: EventLog, name: str, first_commit: datetime, merged: datetime, **columns) -> None:
    row = {"created_at": first_commit + timedelta(hours=1), "base_branch": "main", "state": "merged", **columns}
    log.add("pull_request", pr_id=name, repo_id=REPO, first_commit_at=first_commit, merged_at=merged, **row)


def incident(log: EventLog, key: str, opened: datetime, resolved: datetime | None, cause: str | None = None) -> None:
    issue = log.issue(key, created=opened, kind="incident")
    log.add("incident", issue_id=issue.issue_id, opened_at=opened, resolved_at=resolved, caused_by_deployment_id=cause)
    log.issues[key].now["project"] = REPO


def test_d1_rates_count_deployments_and_not_incidents(build_models: Build) -> None:
    log = EventLog()
    repository(log)
    for number, hours in enumerate((6, 20, 30, 50)):
        when = at(f"10-0{2 * number + 1}T20")
        deploy(log, f"D-{number}", when)
        change(log, f"PR-{number}", when - timedelta(hours=hours), when - timedelta(hours=1))
    incident(log, "I-1", at("10-03T21"), at("10-04T02"), "D-1")
    incident(log, "I-2", at("10-03T22"), at("10-04T00"), "D-1")
    row = build_models(log).one("mart.mart_dora", "scope_type = 'project'")
    assert (row["deployment_count"], row["failed_count"], row["incident_count"]) == (4, 1, 2)
    assert (row["change_fail_rate"], row["lead_time_median_s"], row["change_count"]) == (0.25, 25 * HOUR, 4)
    assert row["recovery_median_s"] == 5 * HOUR
    assert (row["deployment_source"], row["is_incident_guessed"]) == ("deployment", False)
    assert row["deployments_per_day"] == 4 / 31


def test_stages_of_a_change(build_models: Build) -> None:
    log = EventLog()
    repository(log)
    deploy(log, "broken", at("10-05T13"), state="failure")
    deploy(log, "staging", at("10-05T14"), is_production=False)
    deploy(log, "out", at("10-05T20"))
    change(log, "PR", at("10-05T06"), at("10-05T12"), first_review_at=at("10-05T10"))
    change(log, "backdated", at("10-05T11"), at("10-05T12"), created_at=at("10-05T09"), first_review_at=at("10-05T13"))
    change(log, "elsewhere", at("10-05T06"), at("10-05T12"), base_branch="release-1")
    change(log, "waiting", at("10-05T06"), at("10-05T21"))
    built = build_models(log)
    row = built.one("int.int_change_lead_time", "pr_id = 'PR'")
    names = ("lead_time_s", "coding_s", "pickup_s", "review_s", "deploy_s")
    assert [row[name] / HOUR for name in names] == [14, 1, 3, 2, 8]
    assert row["deployment_id"] == "out"
    odd = built.one("int.int_change_lead_time", "pr_id = 'backdated'")
    assert [odd[name] for name in names] == [9 * HOUR, None, 4 * HOUR, None, 8 * HOUR]  # negative spans are null
    later = built.one("int.int_change_lead_time", "pr_id = 'waiting'")
    assert (later["deployment_id"], later["lead_time_s"]) == (None, None)
    assert len(built.rows("int.int_change_lead_time")) == 3
    month = built.one("mart.mart_dora", "scope_type = 'project'")
    assert (month["deployment_count"], month["success_count"], month["change_count"]) == (2, 1, 2)


def test_incidents_that_name_no_deployment_are_put_down_to_the_last_one_of_the_day(build_models: Build) -> None:
    log = EventLog()
    repository(log)
    deploy(log, "first", at("10-05T10"))
    deploy(log, "second", at("10-05T12"), state="failure")
    deploy(log, "fix", at("10-05T16"))
    incident(log, "I-1", at("10-05T13"), at("10-05T15"))
    incident(log, "I-2", at("10-07T13"), None)  # two days after: nobody knows
    labelled = log.issue("L", created=at("10-05T17"), kind="bug", labels='["incident"]')
    labelled.move("10-05T18", "done")
    labelled.now["project"] = REPO
    change(log, "PR", at("10-05T13"), at("10-05T15"))
    log.add("pr_issue", pr_id="PR", issue_ref="I-1", issue_id=log.issues["I-1"].issue_id, relation="closes")
    built = build_models(log)
    told = {row["issue_id"]: (row["deployment_id"], row["link_basis"], row["recovery_s"])
            for row in built.rows("int.int_deployment_incident")}
    assert told == {
        log.issues["I-1"].issue_id: ("second", "time", 3 * HOUR), labelled.issue_id: ("fix", "time", 2 * HOUR)}
    row = built.one("mart.mart_dora", "scope_type = 'program'")
    assert (row["change_fail_rate"], row["rework_rate"], row["is_incident_guessed"]) == (2 / 3, 1 / 3, True)


def test_releases_stand_in_for_deployments_nobody_tells_of(build_models: Build) -> None:
    log = EventLog()
    repository(log)
    other = "github:acme:R_2"
    log.add("project", project_id=other, container_type="gh_repo", project_key="acme/app", name="app")
    deploy(log, "D", at("10-05T10"))
    for number, repo in enumerate((REPO, other, other)):
        log.add("release_version", version_id=f"github:acme:RE_{number}", project_id=repo, kind="gh_release", name="v",
                released=True, released_at=at("10-06"), is_prerelease=number == 2)
    rows = {row["scope_id"]: row for row in build_models(log).rows("mart.mart_dora")}
    assert {scope: (row["deployment_count"], row["deployment_source"]) for scope, row in rows.items()} == {
        REPO: (1, "deployment"), other: (1, "release"), "program:(unassigned)": (2, "mixed")}
    assert {row["lead_time_median_s"] for row in rows.values()} == {None}


def test_no_deployments_are_no_figures(build_models: Build) -> None:
    log = EventLog()
    repository(log)
    change(log, "PR", at("10-05T13"), at("10-05T15"))
    incident(log, "I-1", at("10-05T13"), at("10-05T15"))
    assert build_models(log).rows("mart.mart_dora") == []
