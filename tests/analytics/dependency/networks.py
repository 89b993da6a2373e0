"""Small networks as worked examples write them, and random ones."""

from collections.abc import Iterable, Mapping

import networkx as nx
from hypothesis import strategies as st

from itpm_pipeline.analytics.dependency.network import network
from itpm_pipeline.analytics.dependency.schedule import Plan, Slot

Edges = list[tuple[str, str]]


def edges(text: str) -> Edges:
    """``A→B, A→C`` as pairs."""
    return [tuple(pair.strip().split("→")) for pair in text.split(",")]  # type: ignore[misc]


def plan(issues: Iterable[str], pairs: Iterable[tuple[str, str]], parents: Mapping[str, str] | None = None) -> Plan:
    """A plan of issues, some of which belong to others."""
    return Plan.of(network({issue: (parents or {}).get(issue) for issue in issues}, pairs))


def scheduled(
    durations: Mapping[str, float], pairs: Edges, parents: Mapping[str, str] | None = None
) -> dict[str, Slot]:
    """The slots of issues with these durations; issues that contain others have none."""
    issues = {*durations, *(parents or {}).values()}
    return plan(issues, pairs, parents).slots(durations)


def end(slots: Mapping[str, Slot]) -> float:
    """T: when the last issue is finished."""
    return max(slot.early_finish for slot in slots.values())


names = st.sampled_from([f"I{number:02}" for number in range(14)])
lengths = st.integers(0, 40).map(lambda halves: halves / 2)
pairs_of = st.lists(st.tuples(names, names), max_size=30)
worlds = st.tuples(st.dictionaries(names, lengths, min_size=1), pairs_of).map(
    lambda told: ({**{end: 1.0 for pair in told[1] for end in pair}, **told[0]}, told[1])
)
"""Durations of issues and edges between them, circles and self-loops included."""


def expanded(issues: Iterable[str], pairs: Edges, parents: Mapping[str, str]) -> "nx.DiGraph[str]":
    """Edges between leaves, written out: every leaf before for every leaf after (METRICS.md 4.4)."""
    children = set(parents.values())

    def within(container: str) -> set[str]:
        inner = {issue for issue, parent in parents.items() if parent == container}
        return set().union(*(within(one) for one in inner)) if inner else {container}

    def above(issue: str) -> set[str]:
        return {issue} | (above(parents[issue]) if issue in parents else set())

    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(issue for issue in issues if issue not in children)
    for a, b in pairs:
        if a not in above(b) and b not in above(a):
            graph.add_edges_from((x, y) for x in within(a) for y in within(b))
    return graph
