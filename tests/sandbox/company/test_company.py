"""What the company must be: reproducible, of the size asked for, and full of the traps real trackers set."""

import os
import re
import subprocess
import sys
from collections import Counter, defaultdict
from dataclasses import asdict, replace
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from statistics import mean
from zoneinfo import ZoneInfo

import networkx as nx
import pytest

from itpm_pipeline.sandbox.company.fields import SUBTASK_TYPES
from itpm_pipeline.sandbox.company.profile import profile
from itpm_pipeline.sandbox.company.simulation import NOW, build_company

BEGIN = NOW - timedelta(days=560)


def jira(company):
    return [issue for issue in company.jira_issues.values() if issue.deleted_at is None]


def github(company):
    return [issue for repo in company.repositories.values() for issue in repo.issues if issue.deleted_at is None]


def items(company, field):
    return [item for issue in jira(company) for entry in issue.history for item in entry.items if item.field == field]


def count_issues(company):
    return len(jira(company)) + len(github(company))


# --- The whole


def test_same_arguments_give_the_same_company():
    first, second, other = build_company(400), build_company(400), build_company(400, seed=7)
    assert asdict(first) == asdict(second)
    assert [issue.summary for issue in jira(first)] != [issue.summary for issue in jira(other)]


_DIGEST = """
import hashlib
from itpm_pipeline.sandbox.company.simulation import build_company
company = build_company(200)
edges = sorted(company.truth.hard_edges), sorted(company.truth.text_edges)
company.truth.hard_edges = company.truth.text_edges = set()
print(hashlib.sha256(repr((company, edges)).encode()).hexdigest())
"""


def test_the_order_of_hashes_does_not_matter():
    digests = {
        subprocess.run(
            [sys.executable, "-c", _DIGEST], env={**os.environ, "PYTHONHASHSEED": seed}, check=True,
            capture_output=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(digests) == 1


def test_history_ends_where_told():
    now = datetime(2026, 3, 3, 11, tzinfo=UTC)
    company = build_company(200, now=now)
    assert company.now == now
    assert now - timedelta(hours=100) < max(issue.updated_at for issue in jira(company)) <= now


@pytest.mark.parametrize("size", [200, 600, 1500, 4000])
def test_sizes(size):
    assert count_issues(build_company(size)) == pytest.approx(size, rel=0.12, abs=60)


@pytest.mark.parametrize("size", ["huge", 10, 1_000_000])
def test_sizes_out_of_range_are_refused(size):
    with pytest.raises(ValueError, match=r"size|issues"):
        build_company(size)


@pytest.mark.slow
def test_medium_company():
    company = build_company("medium")
    assert count_issues(company) == pytest.approx(20_000, rel=0.05)
    assert max(len(issue.history) for issue in jira(company)) > 1_000
    assert len(circles(company.truth.hard_edges)) == 1


def test_a_program_manager_finds_it_plausible(company):
    total = count_issues(company)
    still_open = sum(i.resolution is None for i in jira(company)) + sum(i.state == "OPEN" for i in github(company))
    assert 0.15 <= still_open / total <= 0.25
    by_team = defaultdict(list)
    for truth in company.truth.sprints:
        tracker, key = truth.sprint.split(":", 1)
        by_team[company.sprints[int(key)].board_id if tracker == "jira" else key.split(":")[0]].append(truth)
    assert len(by_team) == 8
    for team, sprints in by_team.items():
        done = sum(points or 0 for sprint in sprints for points in sprint.completed.values())
        said = sum(points or 0 for sprint in sprints for points in sprint.committed.values())
        assert 0.6 <= done / said <= 1.1, team
        assert 10 <= done / len(sprints) <= 45, team
    cycles = sorted(
        (at - company.truth.started_at[issue]).total_seconds() / 86_400
        for issue, at in company.truth.finished_at.items()
        if company.jira_issues.get(issue) is None or company.jira_issues[issue].type in {"Story", "Task", "Bug"}
    )
    assert 2 < cycles[len(cycles) // 2] < 9
    assert cycles[int(len(cycles) * 0.85)] < 16


def test_one_program_is_in_trouble_and_one_is_well(company):
    payments, portal = points_of_board(company, 1), points_of_board(company, 3)
    assert mean(done for _, done in payments[-8:]) < 0.8 * mean(done for _, done in payments[10:26])
    assert sum(done for _, done in payments) < 0.8 * sum(said for said, _ in payments)
    assert sum(done for _, done in portal[-6:]) > 0.8 * sum(said for said, _ in portal[-6:])
    late = [v for p in company.jira_projects.values() if p.key == "PAY" for v in p.versions
            if not v.released and v.release_date < company.now.date()]
    assert len(late) == 1
    assert any(late[0].id in issue.fix_version_ids and issue.resolution is None for issue in jira(company))


def points_of_board(company, board):
    """Points committed and completed by sprint."""
    return [
        tuple(sum(points or 0 for points in part.values()) for part in (truth.committed, truth.completed))
        for truth in company.truth.sprints
        if truth.sprint.startswith("jira") and company.sprints[int(truth.sprint[5:])].board_id == board
    ]


def test_profile_fits_on_a_page(company):
    page = profile(company)
    assert "Payments modernisation" in page
    assert len(page.splitlines()) < 60


# --- Histories


def replayed(issue, field, current, read):
    """The last value a field's history tells, or the current one without history; each item starts where the last
    ended."""
    value, told = None, False
    for entry in issue.history:
        for item in entry.items:
            if item.field == field:
                before, after = read(item.from_id, item.from_string), read(item.to_id, item.to_string)
                assert not told or before == value, (issue.key, field, entry)
                value, told = after, True
    return value if told else current


def by_id(id_, _):
    return id_ or None


def by_word(_, word):
    return word or None


def by_number(_, word):
    return None if word is None else float(word)


def test_histories_replay_to_the_current_values(company):
    people = {person.key: person.jira_account_id for person in company.people.values()}
    for issue in company.jira_issues.values():
        project = company.jira_projects[issue.project_id]
        points = "Story point estimate" if project.team_managed else "Story Points"
        expected = {
            ("status", by_id): issue.status_id,
            ("resolution", by_word): issue.resolution,
            ("assignee", by_id): people.get(issue.assignee),
            ("priority", by_word): issue.priority,
            (points, by_number): issue.points,
            ("duedate", by_id): issue.due_date and issue.due_date.isoformat(),
            ("Start date", by_id): issue.start_date and issue.start_date.isoformat(),
            ("labels", by_word): " ".join(issue.labels) or None,
            ("Flagged", by_word): "Impediment" if issue.is_flagged else None,
            ("timeestimate", by_number): issue.remaining_seconds,
            ("summary", by_word): issue.summary,
            ("Key", by_word): issue.key,
            ("project", by_id): issue.project_id,
        }
        if issue.type not in SUBTASK_TYPES:
            expected["Sprint", by_id] = ", ".join(map(str, issue.sprint_ids)) or None
        for (field, read), current in expected.items():
            assert replayed(issue, field, current, read) == current, (issue.key, field)
        parents = [(i.from_id, i.to_id) for e in issue.history for i in e.items
                   if i.field in {"Epic Link", "IssueParentAssociation"}]
        assert not parents or parents[-1][1] == issue.parent_id
        assert all(before[1] == after[0] for before, after in pairwise(parents))
        versions = Counter()
        for entry in issue.history:
            for item in entry.items:
                if item.field == "Fix Version":
                    versions[item.to_id] += 1
                    versions[item.from_id] -= 1
        assert {v for v, n in versions.items() if v and n > 0} == set(issue.fix_version_ids)


def test_histories_are_in_order(company):
    entries = [(int(e.id), e.at) for issue in company.jira_issues.values() for e in issue.history]
    assert len({number for number, _ in entries}) == len(entries)
    assert [at for _, at in sorted(entries)] == sorted(at for _, at in entries)
    for issue in company.jira_issues.values():
        times = [issue.created_at, *(entry.at for entry in issue.history)]
        assert all(before < after for before, after in pairwise(times)), issue.key
        assert times[-1] <= issue.updated_at <= company.now
        assert all(at.microsecond % 1000 == 0 for at in times)
        assert issue.deleted_at is None or issue.deleted_at >= issue.updated_at


def test_timelines_are_in_order_and_replay(company):
    silent = {"AddedToProjectV2Event", "RemovedFromProjectV2Event", "ProjectV2ItemStatusChangedEvent",
              "MentionedEvent", "SubscribedEvent"}
    statuses = {item.issue: item.status for project in company.github_projects for item in project.items}
    milestones = {m.node_id: m.title for repo in company.repositories.values() for m in repo.milestones}
    for issue in github(company):
        times = [event.at for event in issue.timeline]
        assert all(before < after for before, after in pairwise(times)), issue.node_id
        assert all(at.microsecond == 0 for at in times)
        loud = [event.at for event in issue.timeline if event.kind not in silent]
        assert not loud or loud[-1] <= issue.updated_at <= company.now
        now = replayed_timeline(issue.timeline)
        assert (now["labels"], now["state"]) == (issue.labels, issue.state)
        assert now["milestone"] == milestones.get(issue.milestone)
        assert now["status"] == statuses.get(issue.node_id)
        assert now["title"] in {None, issue.title}


def replayed_timeline(timeline):
    now = {"labels": [], "state": "OPEN", "milestone": None, "status": None, "title": None}
    for event in timeline:
        match event.kind:
            case "LabeledEvent":
                now["labels"].append(event.data["label"])
            case "UnlabeledEvent":
                now["labels"].remove(event.data["label"])
            case "ClosedEvent" | "ReopenedEvent":
                now["state"] = "CLOSED" if event.kind == "ClosedEvent" else "OPEN"
            case "MilestonedEvent":
                now["milestone"] = event.data["milestoneTitle"]
            case "DemilestonedEvent":
                assert now["milestone"] == event.data["milestoneTitle"]
                now["milestone"] = None
            case "ProjectV2ItemStatusChangedEvent":
                assert event.data["previousStatus"] == (now["status"] or "")
                now["status"] = event.data["status"]
            case "RemovedFromProjectV2Event":
                now["status"] = None
            case "RenamedTitleEvent":
                now["title"] = event.data["currentTitle"]
    return now


def test_people_work_in_working_hours(company):
    """Their own time zone, Monday to Friday; half an hour of grace for a last click."""
    program_zones = ["Europe/Berlin", "Europe/London", "America/New_York", "America/Chicago", "Asia/Kolkata"]
    bots = {person.key for person in company.people.values() if person.is_bot}
    acts = [(e.author, e.at) for issue in company.jira_issues.values() for e in issue.history]
    acts += [(event.actor, event.at) for issue in github(company) for event in issue.timeline]
    possible = defaultdict(lambda: set(program_zones))
    for person, at in acts:
        assert BEGIN < at <= company.now
        if person is None or person in bots:
            continue
        for zone in list(possible[person]):
            local = at.astimezone(ZoneInfo(zone))
            if local.weekday() >= 5 or not time(8, 50) <= local.time() <= time(18, 0):
                possible[person].discard(zone)
    assert len(possible) > 25
    homeless = [person for person, zones in possible.items() if not zones]
    assert homeless == []


# --- Structure


def test_projects_and_boards(company):
    projects = {project.key: project for project in company.jira_projects.values()}
    assert len(projects) >= 8
    assert projects["DATA"].team_managed
    assert projects["LEG"].archived
    assert not projects["SEC"].readable
    assert Counter(board.type for board in company.boards.values()) == {"scrum": 6, "kanban": 2}
    assert any(len(board.project_ids) == 2 for board in company.boards.values())
    shown = Counter(project for board in company.boards.values() for project in board.project_ids)
    assert max(shown.values()) == 2
    assert company.boards[5].estimation_field != company.boards[1].estimation_field
    on_boards = {s for board in company.boards.values() for _, statuses in board.columns for s in statuses}
    assert company.statuses["7"].name == "Cancelled"
    assert "7" not in on_boards
    inner = {s for board in company.boards.values() for _, statuses in board.columns[:-1] for s in statuses}
    assert any(company.statuses[status].category == "done" for status in inner)
    names = Counter(status.name for status in company.statuses.values())
    assert names["To Do"] == 2


def test_sprints(company):
    by_board = defaultdict(list)
    for sprint in company.sprints.values():
        by_board[sprint.board_id].append(sprint)
    assert len(by_board) == 6
    for sprints in by_board.values():
        states = Counter(sprint.state for sprint in sprints)
        assert states["active"] == states["future"] == 1
        for sprint in sprints:
            assert (sprint.start_at is None) == (sprint.state == "future")
            assert (sprint.completed_at is None) == (sprint.state != "closed")
    closed = [sprint for sprint in company.sprints.values() if sprint.state == "closed"]
    assert any(sprint.completed_at - sprint.end_at > timedelta(hours=20) for sprint in closed)
    assert any(sprint.end_at - sprint.completed_at > timedelta(hours=20) for sprint in closed)
    assert any((sprint.end_at - sprint.start_at).days < 8 for sprint in closed)
    names = Counter(sprint.name for sprint in company.sprints.values())
    assert max(names.values()) > 1
    assert any("," in name for name in names)
    assert sum(bool(sprint.also_on_board_ids) for sprint in company.sprints.values()) == 1


def test_sprint_field_is_cumulative(company):
    pairs = [(item.from_id, item.to_id) for item in items(company, "Sprint")]
    assert any(before and after.startswith(f"{before}, ") for before, after in pairs)
    assert any(before == "" for before, _ in pairs)
    assert any(after == "" and before for before, after in pairs)
    assert any("," not in before and "," not in after and before and after for before, after in pairs)
    assert None not in {value for pair in pairs for value in pair}
    old_names = {name for item in items(company, "Sprint") for name in item.to_string.split(", ")}
    assert old_names - {part for sprint in company.sprints.values() for part in sprint.name.split(", ")}


def test_rollover_that_loses_the_closing_sprint(company):
    lost = [
        issue for issue in jira(company) for entry in issue.history for item in entry.items
        for sprint in company.sprints.values()
        if item.field == "Sprint" and sprint.completed_at
        and timedelta(0) < sprint.completed_at - entry.at < timedelta(seconds=60)
        and str(sprint.id) in item.from_id.split(", ") and str(sprint.id) not in item.to_id.split(", ")
    ]
    assert lost


def test_repositories_and_projects(company):
    repos = company.repositories
    assert len(repos) == 6
    assert [repo.name for repo in repos.values() if not repo.issues_enabled] == ["infra-live"]
    assert not repos["infra-live"].issues
    assert repos["infra-live"].pull_requests
    assert [repo.name for repo in repos.values() if repo.archived] == ["old-monolith"]
    assert len(company.github_projects) == 2
    for project in company.github_projects:
        today = company.now.date()
        assert any(i.start_date <= today < i.start_date + timedelta(days=i.duration) for i in project.iterations)
        assert any(i.start_date > today for i in project.iterations)
        assert any(item.estimate is None for item in project.items)
    assert any(item.is_archived for project in company.github_projects for item in project.items)


# --- Traps


def test_work_that_changes_after_the_start(company):
    sprints = [t for t in company.truth.sprints if t.sprint.startswith("jira")]
    soon = [
        issue for t in sprints for issue in t.added for e in company.jira_issues[issue].history for i in e.items
        if i.field == "Sprint" and timedelta(0) < e.at - t.start_at < timedelta(hours=8)
    ]
    assert soon
    assert any(t.removed for t in sprints)
    assert any(t.removed.keys() & t.added.keys() for t in company.truth.sprints)
    assert any(t.completed_outside for t in sprints)
    assert any(t.committed[i] != t.completed[i] for t in sprints for i in t.committed.keys() & t.completed.keys())
    assert any(None in t.committed.values() for t in sprints)
    assert all(i.from_id is None and i.to_id is None for i in items(company, "Story Points"))
    assert {"0.5", "3"} <= {i.to_string for i in items(company, "Story point estimate")}


def test_reopened_work(company):
    assert len(company.truth.reopen_count) > 20
    inside = after = 0
    for truth in company.truth.sprints:
        if truth.sprint.startswith("jira"):
            for key in truth.completed:
                for entry in company.jira_issues[key].history:
                    if any(i.field == "resolution" and i.to_id is None for i in entry.items):
                        inside += truth.start_at < entry.at < truth.end_at
                        after += entry.at > truth.end_at
    assert inside
    assert after


def test_cancelled_before_the_start_but_left_in_the_sprint(company):
    found = [
        (t.sprint, key) for t in company.truth.sprints if t.sprint.startswith("jira")
        for key, points in t.committed.items() if points is None and company.jira_issues[key].status_id == "7"
        and company.jira_issues[key].resolved_at < t.start_at
    ]
    assert found


def test_subtasks_and_epics(company):
    types = Counter(issue.type for issue in jira(company))
    assert types["Sub-task"] > 20
    assert types["Subtask"] > 5
    assert types["Epic"] > 30
    subtasks = [issue for issue in jira(company) if issue.type in SUBTASK_TYPES]
    for issue in subtasks:
        assert issue.sprint_ids == company.jira_issues[issue.parent_id].sprint_ids
        assert not any(item.field == "Sprint" for entry in issue.history for item in entry.items)
    assert any(issue.points for issue in subtasks)
    assert any(issue.sprint_ids for issue in subtasks)
    without_id = {item.field for issue in jira(company) for e in issue.history for item in e.items if not item.field_id}
    assert {"IssueParentAssociation", "Link", "Key", "RemoteIssueLink"} <= without_id
    assert items(company, "Epic Link")


def test_moved_issues(company):
    moved = [issue for issue in jira(company) if issue.old_keys]
    assert len(moved) >= 3
    keys = {issue.key for issue in company.jira_issues.values()}
    for issue in moved:
        project = company.jira_projects[issue.project_id].key
        assert issue.key.startswith(f"{project}-")
        assert not issue.old_keys[0].startswith(f"{project}-")
        assert issue.old_keys[0] not in keys


def test_deleted_issues_are_nowhere(company):
    gone = {i.id for i in company.jira_issues.values() if i.deleted_at}
    gone |= {i.node_id for repo in company.repositories.values() for i in repo.issues if i.deleted_at}
    secret = {p.id for p in company.jira_projects.values() if not p.readable}
    gone |= {i.id for i in company.jira_issues.values() if i.project_id in secret}
    assert sum(bool(i.deleted_at) for i in company.jira_issues.values()) >= 6
    assert any(i.deleted_at and i.sprint_ids for i in company.jira_issues.values())
    assert any(i.deleted_at for repo in company.repositories.values() for i in repo.issues)
    truth = company.truth
    told = set(truth.started_at) | set(truth.finished_at) | set(truth.reopen_count)
    told |= {end for edge in truth.hard_edges | truth.text_edges for end in edge}
    for sprint in truth.sprints:
        told |= sprint.committed.keys() | sprint.added.keys() | sprint.removed.keys() | sprint.completed.keys()
        told |= sprint.not_completed.keys() | set(sprint.completed_outside)
    assert not told & gone
    texts = " ".join([issue.description for issue in jira(company)] + [issue.body for issue in github(company)])
    deleted = [i.key for i in company.jira_issues.values() if i.deleted_at]
    assert any(re.search(rf"\b{key}\b", texts) for key in deleted)
    ends = {end for link in company.links.values() for end in (link.source_id, link.target_id)}
    assert not ends & gone
    for issue in github(company):
        assert not gone & {*issue.blocked_by, *issue.blocking, *issue.sub_issues, issue.parent}
        assert not any(value in gone for event in issue.timeline for value in event.data.values()
                       if isinstance(value, str))


def test_long_histories(company):
    assert sum(len(issue.history) > 100 for issue in jira(company)) >= 3
    assert sum(len(issue.timeline) > 100 for issue in github(company)) >= 3
    assert sum(len(issue.worklogs) > 20 for issue in jira(company)) >= 3


def test_fields(company):
    assert len(items(company, "Flagged")) > 10
    assert any(issue.is_flagged for issue in jira(company))
    assert len({i.from_id for i in items(company, "duedate") if i.from_id}) > 10
    assert items(company, "Start date")
    assert items(company, "Fix Version")
    assert {"Done", "Won't Do", "Duplicate"} <= {issue.resolution for issue in jira(company)}
    open_due = [issue for issue in jira(company) if issue.due_date and issue.resolution is None]
    assert any(issue.due_date < company.now.date() for issue in open_due)
    assert any(issue.type == "Incident" for issue in jira(company))
    assert any(issue.type == "Risk" for issue in jira(company))
    assert {link.type for link in company.links.values()} >= {"Blocks", "Depends", "Cloners", "Duplicate"}


def test_people(company):
    teams = Counter(person for team in company.teams for person in team.members)
    assert max(teams.values()) == 3
    assert sum(person.is_bot for person in company.people.values()) >= 2
    left = {person.key for person in company.people.values() if not person.is_active}
    assert len(left) >= 2
    assert any(issue.assignee in left and issue.resolution is None for issue in jira(company))
    assert any(issue.author is None for issue in github(company))
    assert not any(person in left for issue in github(company) for person in issue.assignees)


def circles(edges):
    return [part for part in nx.strongly_connected_components(nx.DiGraph(list(edges))) if len(part) > 1]


def test_dependencies(company):
    truth = company.truth
    assert len(circles(truth.hard_edges)) == 1
    assert len(circles(truth.hard_edges)[0]) == 3
    assert len(circles(truth.hard_edges | truth.text_edges)) == 1
    assert not truth.hard_edges & truth.text_edges
    native = set(company.jira_issues)
    crossing = {edge for edge in truth.text_edges if (edge[0] in native) != (edge[1] in native)}
    assert {edge[0] in native for edge in crossing} == {True, False}
    graph = nx.DiGraph(list(truth.hard_edges | truth.text_edges))
    chain = nx.dag_longest_path_length(nx.condensation(graph))
    assert chain >= 3
    projects = {i.id: i.project_id for i in jira(company)}
    assert any(projects.get(a) != projects.get(b) for a, b in truth.hard_edges)
    assert any(r.relationship == "is blocked by" for i in jira(company) for r in i.remote_links)


def test_hard_edges_are_those_of_the_links(company):
    edges = {(link.source_id, link.target_id) for link in company.links.values() if link.type == "Blocks"}
    edges |= {(link.target_id, link.source_id) for link in company.links.values() if link.type == "Depends"}
    edges |= {(other, issue.node_id) for issue in github(company) for other in issue.blocked_by}
    assert company.truth.hard_edges == edges


PHRASE = re.compile(r"(?i)\b(?:blocked by|depends on|requires|waiting (?:on|for))\b[:\s]+(\S+)")


def test_text_edges_are_those_of_the_texts(company):
    by_name = {}
    for issue in jira(company):
        by_name |= dict.fromkeys((issue.key, *issue.old_keys), issue.id)
    for issue in github(company):
        by_name[f"acme/{issue.repo}#{issue.number}"] = issue.node_id
    edges = set()
    written = [(i, i.description, i.id, "") for i in jira(company)]
    written += [(i, i.body, i.node_id, i.repo) for i in github(company)]
    for issue, raw, own, repo in written:
        text = re.sub(r"```.*?```|^>.*?$", "", raw, flags=re.DOTALL | re.MULTILINE)
        for found in PHRASE.findall(text):
            name = found.rstrip(".,")
            edges.add((by_name.get(f"acme/{repo}{name}" if name.startswith("#") else name), own))
        for link in getattr(issue, "remote_links", ()):
            if link.relationship == "is blocked by":
                repo_name, number = re.fullmatch(r"https://github.com/acme/(.+)/issues/(\d+)", link.url).groups()
                edges.add((by_name.get(f"acme/{repo_name}#{number}"), own))
    known = {edge for edge in edges if edge[0]}
    assert known - company.truth.hard_edges == company.truth.text_edges
    assert len(known) < len(edges)


def test_schedule_conflicts(company):
    open_issues = {i.id: i for i in jira(company) if i.resolution is None}
    later = [
        (a, b) for a, b in company.truth.hard_edges if a in open_issues and b in open_issues
        and "future" in states(company, open_issues[a]) and "active" in states(company, open_issues[b])
    ]
    assert later


def states(company, issue):
    return {company.sprints[number].state for number in issue.sprint_ids}


def test_github_events(company):
    kinds = Counter(event.kind for issue in github(company) for event in issue.timeline)
    assert {
        "LabeledEvent", "UnlabeledEvent", "AssignedEvent", "UnassignedEvent", "MilestonedEvent", "DemilestonedEvent",
        "ClosedEvent", "ReopenedEvent", "RenamedTitleEvent", "AddedToProjectV2Event", "RemovedFromProjectV2Event",
        "ProjectV2ItemStatusChangedEvent", "SubIssueAddedEvent", "ParentIssueAddedEvent", "BlockedByAddedEvent",
        "BlockingAddedEvent", "IssueTypeAddedEvent", "IssueTypeChangedEvent", "CrossReferencedEvent",
        "MarkedAsDuplicateEvent", "MentionedEvent", "SubscribedEvent",
    } <= kinds.keys()
    again = [
        issue for issue in github(company)
        if [e.data["milestoneTitle"] for e in issue.timeline if "ilestonedEvent" in e.kind][:3]
        == [issue_milestone(issue)] * 3
    ]
    assert again
    reasons = Counter(issue.state_reason for issue in github(company) if issue.state == "CLOSED")
    assert {"COMPLETED", "NOT_PLANNED", "DUPLICATE"} <= reasons.keys()
    assert any("incident" in issue.labels for issue in github(company))


def issue_milestone(issue):
    return next((e.data["milestoneTitle"] for e in issue.timeline if e.kind == "MilestonedEvent"), None)


def test_delivery(company):
    pulls = [pull for repo in company.repositories.values() for pull in repo.pull_requests]
    assert any(pull.closes for pull in pulls)
    assert any(re.match(r"feature/[A-Z]+-\d+-", pull.head_branch) for pull in pulls)
    assert any(pull.author == "dependabot" for pull in pulls)
    assert any(pull.closed_at and not pull.merged_at for pull in pulls)
    for pull in pulls:
        times = [t for t in (pull.first_commit_at, pull.created_at, pull.first_review_at, pull.merged_at) if t]
        assert times == sorted(times), pull
        assert pull.first_reviewer != pull.author or pull.author is None
    deployments = [each for repo in company.repositories.values() for each in repo.deployments]
    assert {(each.environment, each.state) for each in deployments} >= {
        ("production", "SUCCESS"), ("production", "FAILURE"), ("staging", "SUCCESS"),
    }
    merged = {pull.merge_commit_oid for pull in pulls}
    assert all(each.commit_oid in merged for each in deployments)
    for repo in company.repositories.values():
        numbers = [each.number for each in (*repo.issues, *repo.pull_requests)]
        assert len(set(numbers)) == len(numbers)
        by_number = sorted((*repo.issues, *repo.pull_requests), key=lambda each: each.number)
        created = [each.created_at for each in by_number]
        assert all(after - before > -timedelta(minutes=30) for before, after in pairwise(created))
    assert sum(len(repo.releases) for repo in company.repositories.values()) > 20


def test_hostile_texts(company):
    titles = [issue.summary for issue in jira(company)] + [issue.title for issue in github(company)]
    texts = [*titles, *(person.name for person in company.people.values()),
             *(label for issue in jira(company) for label in issue.labels),
             *(label for issue in github(company) for label in issue.labels)]
    for snare in ("<script>", "DROP TABLE", "=cmd|", "\x1b[", "\u202e", "🚀", "\n", '{"key"', "<b>"):
        assert any(snare in text for text in texts), snare
    assert max(map(len, titles)) == 255
    assert not any(" " in label for issue in jira(company) for label in issue.labels)


def test_identifiers_are_unique(company):
    for values in (
        [issue.key for issue in company.jira_issues.values()],
        [issue.node_id for repo in company.repositories.values() for issue in repo.issues],
        [issue.database_id for repo in company.repositories.values() for issue in (*repo.issues, *repo.pull_requests)],
        [event.node_id for issue in github(company) for event in issue.timeline],
        [person.jira_account_id for person in company.people.values()],
        [person.github_login for person in company.people.values()],
        [worklog.id for issue in jira(company) for worklog in issue.worklogs],
    ):
        assert len(set(values)) == len(values)


def test_a_change_of_the_model_would_be_noticed(company):
    """The comparison of companies above sees a single changed value."""
    issue = next(iter(company.jira_issues.values()))
    assert asdict(issue) != asdict(replace(issue, points=(issue.points or 0) + 1))
