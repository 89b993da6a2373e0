"""Blast radius, fans, depth and circles: G3, G8 and invariant 21 of METRICS.md, with networkx as oracle."""

import networkx as nx
import pytest
from hypothesis import given, settings
from networks import Edges, edges, worlds

from itpm_pipeline.analytics.dependency.reach import Traits, reach


def test_g3_blast_radius():
    found = reach(edges("A→B,B→C,A→D,D→C,C→E,F→C"), {})
    assert {issue: one.blast for issue, one in found.items()} == {"A": 4, "B": 2, "C": 1, "D": 2, "E": 0, "F": 2}
    assert (found["C"].fan_in, found["A"].fan_out, found["A"].depth) == (3, 2, 3)
    assert not any(one.in_circle for one in found.values())


def test_an_issue_that_blocks_itself_is_a_circle_and_no_more():
    found = reach(edges("A→A,A→B"), {})
    assert (found["A"].in_circle, found["A"].fan_in, found["A"].fan_out, found["A"].blast) == (True, 0, 1, 1)
    assert not found["B"].in_circle


@settings(max_examples=200, deadline=None)
@given(worlds)
def test_21_reach_is_what_networkx_says(world: tuple[dict[str, float], Edges]) -> None:
    durations, pairs = world
    traits = {
        issue: Traits(points or None, f"project {issue[-1]}" if points else None, f"program {len(durations) % 3}")
        for issue, points in durations.items()
    }
    graph: nx.DiGraph[str] = nx.DiGraph(pairs)
    found = reach(pairs, traits)
    assert found.keys() == set(graph)
    circles = list(nx.strongly_connected_components(graph))
    numbers = {one.circle for one in found.values()}
    told = [[issue for issue in found if found[issue].circle == number] for number in numbers]
    assert sorted(map(sorted, told)) == sorted(map(sorted, circles)), "components partition the issues"
    assert nx.is_directed_acyclic_graph(nx.condensation(graph))
    for issue, one in found.items():
        below = nx.descendants(graph, issue)
        assert one.blast == len(below)
        assert one.points == pytest.approx(sum(traits[other].points or 0 for other in below))
        assert one.projects == len({traits[other].project for other in below} - {None})
        assert one.programs == len({traits[other].program for other in below})
        members = next(circle for circle in circles if issue in circle)
        assert one.in_circle == (len(members) > 1 or graph.has_edge(issue, issue))
        assert one.fan_in == len(set(graph.predecessors(issue)) - {issue})
        assert one.fan_out == len(set(graph.successors(issue)) - {issue})
        for other in graph.successors(issue):
            if other not in members:
                assert one.blast > found[other].blast, "blast(u) ≥ blast(v) for u→v outside a circle"
                assert one.depth > found[other].depth


def test_long_chains_and_wide_fans_are_counted_in_bounded_time():
    """What waits in a row of 5,000 and what waits for one issue; every issue is counted once."""
    chain = [(f"{number:05}", f"{number + 1:05}") for number in range(5000)]
    fan = [("05000", f"f{number:05}") for number in range(5000)]
    found = reach([*chain, *fan], {"f00001": Traits(3.0)})
    assert (found["00000"].blast, found["00000"].points, found["00000"].depth) == (10000, 3.0, 5001)
    assert (found["05000"].blast, found["05000"].fan_out) == (5000, 5000)
