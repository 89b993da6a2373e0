"""The worked examples G1 and G2 of METRICS.md section 4.5, and what containers mean."""

from dataclasses import astuple

import pytest
from networks import edges, end, plan, scheduled

from itpm_pipeline.analytics.dependency.path_table import critical_chain

G1 = {
    "A": (0, 3, 0, 3, 0, 0), "B": (3, 5, 6, 8, 3, 3), "C": (3, 8, 3, 8, 0, 0), "D": (8, 12, 8, 12, 0, 0),
    "E": (0, 1, 11, 12, 11, 11),
}  # fmt: skip


def test_g1_critical_path():
    durations = {"A": 3, "B": 2, "C": 5, "D": 4, "E": 1}
    pairs = edges("A→B,A→C,B→D,C→D")
    slots = scheduled(durations, pairs)
    assert {issue: astuple(slot) for issue, slot in slots.items()} == G1
    assert end(slots) == 12
    assert {issue for issue, slot in slots.items() if slot.is_critical} == {"A", "C", "D"}
    assert critical_chain(plan(durations, pairs), slots) == {"A": 1, "C": 2, "D": 3}


def test_g2_a_circle_and_an_unknown_blocker():
    slots = scheduled({"P": 2, "Q": 3, "R": 4, "S": 5, "X?": 10}, edges("P→Q,Q→R,R→Q,R→S,X?→S"))
    found = {issue: astuple(slot)[:5] for issue, slot in slots.items()}
    assert found == {
        "P": (0, 2, 1, 3, 1), "Q": (2, 9, 3, 10, 1), "R": (2, 9, 3, 10, 1), "X?": (0, 10, 0, 10, 0),
        "S": (10, 15, 10, 15, 0),
    }  # fmt: skip
    assert end(slots) == 15
    assert {issue for issue, slot in slots.items() if slot.is_critical} == {"X?", "S"}


def test_an_edge_into_a_container_holds_up_all_its_leaves_and_one_out_of_it_waits_for_all():
    parents = {"a": "EPIC", "b": "EPIC", "sub": "b"}
    slots = scheduled({"before": 4, "a": 1, "sub": 3, "after": 2}, edges("before→EPIC,EPIC→after"), parents)
    found = {issue: (slot.early_start, slot.early_finish, slot.free_slack) for issue, slot in slots.items()}
    assert found == {"before": (0, 4, 0), "a": (4, 5, 2), "sub": (4, 7, 0), "after": (7, 9, 0)}


@pytest.mark.parametrize("pairs", ["a→EPIC", "EPIC→a", "sub→EPIC"])
def test_a_link_between_a_container_and_what_it_contains_changes_nothing(pairs):
    parents = {"a": "EPIC", "b": "EPIC", "sub": "b"}
    durations = {"a": 1.0, "sub": 3.0}
    assert scheduled(durations, edges(pairs), parents) == scheduled(durations, [], parents)


def test_a_circle_through_containers_is_one_of_their_leaves():
    parents = {"a": "ONE", "b": "TWO", "c": "TWO"}
    slots = scheduled({"a": 1, "b": 2, "c": 4}, edges("a→b,TWO→ONE"), parents)
    assert (slots["a"].early_start, slots["a"].early_finish) == (4, 7)
    assert slots["a"] == slots["b"]
    assert slots["c"].early_finish == 4


def test_a_part_holds_what_its_issues_wait_for_and_nothing_else():
    durations = {"own": 2.0, "far": 3.0, "near": 1.0, "later": 9.0, "other": 5.0}
    whole = plan(durations, edges("far→near,near→own,own→later"))
    part = whole.part(whole.net.with_predecessors(["own"]))
    slots = part.slots(durations)
    assert set(slots) == {"own", "far", "near"}
    assert end(slots) == 6
    assert all(slot.is_critical for slot in slots.values())
    assert {issue: slot.early_finish for issue, slot in slots.items()} == {
        issue: whole.slots(durations)[issue].early_finish for issue in slots
    }, "what comes first does not depend on who asks"
