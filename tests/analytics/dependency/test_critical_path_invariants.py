"""Invariants 19 and 20 of METRICS.md section 7, with networkx as oracle."""

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import Edges, end, expanded, lengths, names, scheduled, worlds

World = tuple[dict[str, float], Edges]
CLOSE = 1e-9


def longest(durations: dict[str, float], graph: "nx.DiGraph[str]") -> float:
    """Longest path through the condensation, durations on the outgoing edges (METRICS.md section 8)."""
    condensed = nx.condensation(graph)
    dag: nx.DiGraph[object] = nx.DiGraph()
    for circle, members in condensed.nodes(data="members"):
        dag.add_edge(circle, ("end", circle), weight=sum(durations[issue] for issue in members))
        dag.add_weighted_edges_from((("end", circle), after, 0) for after in condensed.successors(circle))
    return float(nx.dag_longest_path_length(dag))


@settings(max_examples=150, deadline=None)
@given(worlds)
def test_19_slack_and_length(world: World) -> None:
    durations, pairs = world
    slots = scheduled(durations, pairs)
    assert slots.keys() == durations.keys()
    assert all(slot.total_slack >= 0 for slot in slots.values())
    assert all(0 <= slot.free_slack <= slot.total_slack for slot in slots.values())
    assert any(slot.is_critical for slot in slots.values())
    assert end(slots) == pytest.approx(longest(durations, expanded(durations, pairs, {})), abs=CLOSE)
    critical = {issue for issue, slot in slots.items() if slot.is_critical}
    on_path = expanded(durations, pairs, {}).subgraph(critical)
    assert longest(durations, on_path) == pytest.approx(end(slots), abs=CLOSE), "critical path length = T"


@settings(max_examples=100, deadline=None)
@given(worlds, st.tuples(names, names), lengths.filter(bool))
def test_20_more_edges_and_longer_work_end_later(world: World, added: tuple[str, str], longer: float) -> None:
    durations, pairs = world
    durations = {added[0]: 2.0, added[1]: 2.0, **durations}
    before = scheduled(durations, pairs)
    assert end(scheduled(durations, [*pairs, added])) >= end(before) - CLOSE
    for number in range(len(pairs)):
        assert end(scheduled(durations, pairs[:number] + pairs[number + 1 :])) <= end(before) + CLOSE
    for issue, slot in before.items():
        after = end(scheduled({**durations, issue: durations[issue] + longer}, pairs))
        if slot.is_critical:
            assert after == pytest.approx(end(before) + longer, abs=CLOSE)
        else:
            assert after == pytest.approx(max(end(before), end(before) + longer - slot.total_slack), abs=CLOSE)


@settings(max_examples=150, deadline=None)
@given(worlds, st.lists(st.sampled_from(["", "EPIC", "STORY", "OTHER"]), min_size=14, max_size=14), st.booleans())
def test_containers_are_their_leaves_written_out(world: World, owners: list[str], nested: bool) -> None:
    """Gates between containers give what the product of their leaves gives, at the size of what it is made of."""
    durations, pairs = world
    parents = {issue: owner for issue, owner in zip(sorted(durations), owners, strict=False) if owner}
    if nested and {"EPIC", "STORY"} <= set(parents.values()):
        parents["STORY"] = "EPIC"
    containers = sorted(set(parents.values()))
    ends = [*sorted(durations), *containers]
    # Every third edge is between containers or one of them and an issue.
    joined = [
        (ends[-1 - number % len(ends)], b) if number % 3 == 0 else (a, ends[-1 - number % len(ends)])
        if number % 3 == 1 else (a, b) for number, (a, b) in enumerate(pairs)
    ]  # fmt: skip
    graph = expanded({*durations, *containers}, joined, parents)
    slots = scheduled(durations, joined, parents)
    plain = scheduled(durations, list(graph.edges))
    assert slots.keys() == plain.keys()
    for issue, slot in slots.items():
        assert slot == plain[issue], issue
