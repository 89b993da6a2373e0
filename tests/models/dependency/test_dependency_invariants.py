"""Invariants 22 and 23 of METRICS.md section 7 and the history of dependencies, on generated worlds."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest
from built_models import Build, Built
from dependency_links import Links
from event_log import Issue, at

from itpm_pipeline.canonical.rows import CanonicalRows
from itpm_pipeline.extract.records import RawRecord
from itpm_pipeline.sources.github.mapping.links import add_links
from itpm_pipeline.sources.jira.mapping_links import OUTWARD_IS_BLOCKER, map_issue_links

pytestmark = pytest.mark.slow

AS_OF = at("04-01T08")
START = at("03-01")
PROJECTS = ("PAY", "WEB", "OPS")
HOURS = [START + timedelta(hours=hours) for hours in (*range(0, 24 * 30, 7), 24 * 3, 24 * 9, 24 * 16)]
"""Instants at which something may happen; some are midnights."""
Span = tuple[datetime, datetime | None]
JIRA: Any = SimpleNamespace(issue_ref="jira:acme:{}".format, roles=SimpleNamespace(epic_link=()))
GITHUB: Any = SimpleNamespace(id="github:acme:{}".format)
"""As much of a tracker's context as links need."""


@dataclass
class World:
    """Issues, when they were open, and when which of them were linked."""

    log: Links
    open_in: dict[str, list[Span]]
    linked_in: dict[tuple[str, str], list[Span]]
    flagged_in: dict[str, list[Span]]


def alternating(random: Random, start: datetime) -> list[tuple[datetime, bool]]:
    """Instants at which something begins (True) and ends in turn."""
    instants = sorted(random.sample([one for one in HOURS if one > start], random.randint(0, 4)))
    return [(when, number % 2 == 0) for number, when in enumerate(instants)]


def spans(changes: Iterable[tuple[datetime, bool]], start: datetime | None = None) -> list[Span]:
    """Periods between beginnings and ends; with ``start``, one has begun then."""
    found: list[Span] = []
    begun = start
    for when, is_begin in changes:
        if is_begin:
            begun = when
        elif begun is not None:
            found.append((begun, when))
            begun = None
    return [*found, (begun, None)] if begun is not None else found


def world(seed: int) -> World:
    random = Random(seed)
    log = Links()
    for project in PROJECTS[1:]:
        log.project(project)
    log.program("ONE", ["PAY", "WEB"])
    found = World(log, {}, {}, {})
    for number in range(40):
        project = random.choice(PROJECTS)
        issue = log.issue(f"{project}-{number}", created=START, project=project)
        moves = [(when, not is_begin) for when, is_begin in alternating(random, START)]
        for when, is_open in moves:
            issue.move(when, "doing" if is_open else "done")
        flags = alternating(random, START)
        for when, is_begin in flags:
            issue.set("flagged", when, "Impediment" if is_begin else None)
        found.open_in[issue.key] = spans(moves, START)
        found.flagged_in[issue.key] = spans(flags)
    keys = sorted(log.issues)
    for _ in range(70):
        blocker, blocked = random.sample(keys, 2)
        if (blocker, blocked) in found.linked_in or (blocked, blocker) in found.linked_in:
            continue
        changes = alternating(random, START)
        for when, is_added in changes:
            tell(log, random, when.isoformat(), log.issues[blocker], log.issues[blocked], added=is_added)
        found.linked_in[blocker, blocked] = spans(changes)
        if changes and changes[-1][1]:
            log.link(log.issues[random.choice([blocker, blocked])], log.issues[blocker], log.issues[blocked],
                     ref=f"{blocker}>{blocked}")  # fmt: skip
    return found


def tell(log: Links, random: Random, when: str, blocker: Issue, blocked: Issue, *, added: bool) -> None:
    """One of the two tells it, or both."""
    sides = random.choice([(True, False), (False, True), (True, True)])
    if sides[0]:
        log.link_event(blocker, when, "blocks", blocked, added=added)
    if sides[1]:
        log.link_event(blocked, when, "is blocked by", blocker, added=added)


def meet(one: list[Span], other: list[Span]) -> list[Span]:
    """Where two sets of periods overlap."""
    far = datetime.max.replace(tzinfo=UTC)
    cut = [(max(a, c), min(b or far, d or far)) for a, b in one for c, d in other]
    return [(begin, None if end == far else end) for begin, end in cut if begin < end]


def length(periods: list[Span]) -> float:
    """Seconds covered, overlaps once."""
    total, reached = 0.0, START
    for begin, end in sorted((begin, end or AS_OF) for begin, end in periods):
        total += max(0.0, (end - max(begin, reached)).total_seconds())
        reached = max(reached, end)
    return total


@pytest.fixture(scope="module", params=range(3))
def told(request: pytest.FixtureRequest, build_models: Build) -> tuple[World, Built, dict[tuple[str, str], list[Span]]]:
    """A world, what was built of it, and when its dependencies were active: linked and both open."""
    found = world(request.param)
    active = {
        pair: meet(meet(periods, found.open_in[pair[0]]), found.open_in[pair[1]])
        for pair, periods in found.linked_in.items()
    }
    return found, build_models(found.log, as_of=AS_OF), active


def test_23_blocked_time_is_a_union_within_the_open_life(told) -> None:
    found, built, active = told
    rows = {row["issue_key"]: row for row in built.rows("int.int_issue_cycle")}
    assert len(rows) == 40
    for key, row in rows.items():
        waits = [span for pair, periods in active.items() if pair[1] == key for span in periods]
        flags = meet(found.flagged_in[key], found.open_in[key])
        until = row["finished_at"] or AS_OF
        blocked = meet([*waits, *flags], [(START, until)])
        assert row["blocked_s"] == length(blocked), key
        assert row["blocked_s"] <= length(meet(found.open_in[key], [(START, until)]))
        assert row["blocked_s"] <= sum(length([span]) for span in blocked), "union ≤ sum"
        assert row["blocked_in_progress_s"] <= row["blocked_s"]


def test_active_dependencies_of_every_day(told) -> None:
    found, built, active = told
    program = {key: "program:ONE" if key[:3] != "OPS" else "program:(unassigned)" for key in found.log.issues}
    project = {key: f"jira:acme:project:{key[:3]}" for key in found.log.issues}
    rows = {(row["scope_id"], row["date"]): row for row in built.rows("mart.mart_dependency_daily")}
    last = (AS_OF - timedelta(days=1)).date()
    assert max(date for _, date in rows) == last
    for (scope, date), row in rows.items():
        midnight = datetime.combine(date + timedelta(days=1), time.min, UTC)
        owner = project if ":project:" in scope else program
        there = [pair for pair, periods in active.items() if any(
            begin < midnight and (end is None or midnight <= end) for begin, end in periods
        )]  # fmt: skip
        waiting = [pair for pair in there if owner[pair[1]] == scope]
        assert row["waiting_count"] == len(waiting), (scope, date)
        assert row["holding_count"] == sum(owner[pair[0]] == scope for pair in there)
        assert row["active_blocker_count"] == len({pair[0] for pair in waiting})
        assert row["blocked_issue_count"] == len({pair[1] for pair in waiting})
    assert sum(row["begun_count"] for row in rows.values()) > 20


def test_hand_offs_and_rates_of_now(told) -> None:
    found, built, active = told
    now = [pair for pair, periods in active.items() if any(end is None for _, end in periods)]
    assert now
    pairs = Counter((blocker[:3], blocked[:3]) for blocker, blocked in now)
    rows = {
        (row["blocker_project_ref"][-3:], row["blocked_project_ref"][-3:]): row
        for row in built.rows("mart.mart_dependency_matrix")
    }
    assert {pair: row["active_count"] for pair, row in rows.items()} == pairs
    for pair, row in rows.items():
        ages = sorted(
            (AS_OF - max(begin for begin, end in active[one] if end is None)).total_seconds() / 86400
            for one in now if (one[0][:3], one[1][:3]) == pair
        )
        assert row["oldest_blocked_days"] == pytest.approx(ages[-1])
        middle = (ages[(len(ages) - 1) // 2] + ages[len(ages) // 2]) / 2
        assert row["median_blocked_days"] == pytest.approx(middle)
        assert row["is_cross_project"] == (pair[0] != pair[1])
    is_open = [key for key, periods in found.open_in.items() if periods and periods[-1][1] is None]
    scopes = {row["scope_id"][-3:]: row for row in built.rows("mart.mart_dependency_scope", "scope_type = 'project'")}
    for project in PROJECTS:
        own = [key for key in is_open if key[:3] == project]
        waiting = {blocked for blocker, blocked in now if blocked[:3] == project and blocker[:3] != project}
        assert scopes[project]["cross_board_rate"] == pytest.approx(len(waiting) / len(own))


@pytest.mark.parametrize("seed", range(2))
def test_22_links_are_the_same_from_either_end(build_models: Build, seed: int) -> None:
    """Shown on both issues, on one of them, or on the other; as outward or as inward: one set of edges."""
    random = Random(seed)
    links = [
        (str(number), random.choice(["Blocks", "Depends", "Relates", "Duplicate"]), *random.sample(range(30), 2))
        for number in range(120)
    ]
    told = {
        name: edges(build_models, links, name, random) for name in ("both ends", "first end", "other end", "any end")
    }
    assert told["both ends"] == told["first end"] == told["other end"] == told["any end"]
    assert {kind for _, _, kind in told["both ends"]} == {"blocks", "relates", "duplicates"}
    expected = {
        (f"PAY-{a}", f"PAY-{b}") if OUTWARD_IS_BLOCKER.get(kind.lower(), True) else (f"PAY-{b}", f"PAY-{a}")
        for _, kind, a, b in links if kind in ("Blocks", "Depends")
    }
    assert {(a, b) for a, b, kind in told["both ends"] if kind == "blocks"} == expected


def edges(
    build_models: Build, links: list[tuple[str, str, int, int]], shown: str, random: Random
) -> set[tuple[str, str, str]]:
    """Edges when links are shown at these ends of them, through mapping and models."""
    log = Links()
    for number in range(30):
        log.issue(f"PAY-{number}")
    seen: defaultdict[int, list[dict[str, object]]] = defaultdict(list)
    for ref, kind, a, b in links:
        ends = {"both ends": (0, 1), "first end": (0,), "other end": (1,), "any end": (random.randrange(2),)}[shown]
        for end in ends:
            other = {"key": f"PAY-{(b, a)[end]}"}
            seen[(a, b)[end]].append({"id": ref, "type": {"name": kind}, ("outwardIssue", "inwardIssue")[end]: other})
    rows = CanonicalRows()
    for number, told in seen.items():
        issue = log.issues[f"PAY-{number}"]
        payload = {"id": issue.issue_id.rpartition(":")[2], "key": issue.key, "fields": {"issuelinks": told}}
        map_issue_links(payload, RawRecord("issues", "PAY", payload["id"], b"{}", START), JIRA, rows)
    for row in rows.tables["issue_link"]:
        log.add("issue_link", **row)
    found = build_models(log, as_of=AS_OF).rows("int.int_dependency_edge")
    assert len({row["edge_id"] for row in found}) == len(found)
    return {(row["blocker_key"], row["blocked_key"], row["edge_type"]) for row in found}


@pytest.mark.parametrize("shown", ["both ends", "waiting end", "blocking end"])
def test_22_dependencies_of_github_are_the_same_from_either_end(build_models: Build, shown: str) -> None:
    random = Random(11)
    pairs = {tuple(random.sample(range(20), 2)) for _ in range(40)}
    nodes: dict[int, dict[str, Any]] = {
        number: {"id": f"I_{number}", "number": number, "repository": {"nameWithOwner": "acme/shop"},
                 "blockedBy": {"nodes": []}, "blocking": {"nodes": []}}
        for number in range(20)
    }  # fmt: skip
    for blocker, blocked in pairs:
        if shown != "blocking end":
            nodes[blocked]["blockedBy"]["nodes"].append({**nodes[blocker], "blockedBy": None, "blocking": None})
        if shown != "waiting end":
            nodes[blocker]["blocking"]["nodes"].append({**nodes[blocked], "blockedBy": None, "blocking": None})
    log, rows = Links(), CanonicalRows()
    for number, node in nodes.items():
        log.issue(f"acme/shop#{number}").issue_id = f"github:acme:I_{number}"
        add_links(node, RawRecord("issues", "acme/shop", node["id"], b"{}", START), GITHUB, rows)
    for row in rows.tables["issue_link"]:
        log.add("issue_link", **row)
    found = build_models(log, as_of=AS_OF).rows("int.int_dependency_edge")
    keys = [(row["blocker_key"], row["blocked_key"], row["edge_type"]) for row in found]
    assert sorted(keys) == sorted((f"acme/shop#{a}", f"acme/shop#{b}", "blocks") for a, b in pairs)
