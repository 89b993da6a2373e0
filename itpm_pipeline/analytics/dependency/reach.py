"""How far each open issue reaches: who waits for it, directly or not (METRICS.md section 4.2)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import networkx as nx
import numpy as np
from numpy.typing import NDArray

FEW = 48
"""So many issues are counted one by one; more all at once."""


@dataclass(frozen=True, slots=True)
class Traits:
    """What is counted of an issue; None = unknown, as for placeholders."""

    points: float | None = None
    project: str | None = None
    program: str | None = None


@dataclass(frozen=True, slots=True)
class Reach:
    """One issue in the graph of active dependencies.

    ``blast``, ``points``, ``projects``, ``programs``: the issues that wait for it in any number of steps, their points
    and how many projects and programs they belong to. ``depth``: edges of the longest chain from it, a circle counting
    as one place. ``circle``: number of the strongly connected component, from 0 in the order of names.
    """

    fan_in: int
    fan_out: int
    blast: int
    points: float
    projects: int
    programs: int
    depth: int
    circle: int
    in_circle: bool


def reach(edges: Iterable[tuple[str, str]], traits: Mapping[str, Traits]) -> dict[str, Reach]:
    """Every issue that has an edge, predecessor to successor. Self-loops count as circles only."""
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_edges_from(sorted(set(edges)))
    loops = {node for node in graph if graph.has_edge(node, node)}
    graph.remove_edges_from([(node, node) for node in loops])
    circles = sorted(sorted(members) for members in nx.strongly_connected_components(graph))
    condensed = nx.condensation(graph, circles)
    points, bit = _points(graph, traits)
    # Sets are bits of one integer, kept only as long as somebody needs them: issues below, their projects, programs.
    below: dict[int, tuple[int, int, int]] = {}
    depth: dict[int, int] = {}
    # Points of all issues below a circle and of its own.
    total: dict[int, float] = {}
    needed = dict(condensed.in_degree)
    projects, programs = _Names(), _Names()
    found: dict[str, Reach] = {}
    for circle in reversed(list(nx.topological_sort(condensed))):
        members, afters = circles[circle], list(condensed.successors(circle))
        issues, project_bits, program_bits = 0, 0, 0
        depth[circle] = 0
        for after in afters:
            theirs = below[after]
            issues, project_bits, program_bits = issues | theirs[0], project_bits | theirs[1], program_bits | theirs[2]
            depth[circle] = max(depth[circle], depth[after] + 1)
            needed[after] -= 1
            if not needed[after]:
                del below[after]
        # What waits in a row adds up; what meets again further down must not be counted twice.
        sum_below = total[afters[0]] if len(afters) == 1 else _sum(issues, points[members[0]])
        own = [float(points[node][bit[node]]) for node in members]
        total[circle] = sum_below + sum(own)
        for node in members:
            issues |= 1 << bit[node]
        in_projects = [projects.bit(traits[node].project if node in traits else None) for node in members]
        in_programs = [programs.bit(traits[node].program if node in traits else None) for node in members]
        if needed[circle]:
            below[circle] = (issues, project_bits | _union(in_projects), program_bits | _union(in_programs))
        for place, node in enumerate(members):
            others = issues & ~(1 << bit[node])
            waiting = total[circle] - own[place] if len(members) > 1 else sum_below
            found[node] = Reach(
                graph.in_degree(node), graph.out_degree(node), others.bit_count(), waiting,
                (project_bits | _union(in_projects, place)).bit_count(),
                (program_bits | _union(in_programs, place)).bit_count(),
                depth[circle], circle, in_circle=node in loops or len(members) > 1,
            )  # fmt: skip
    return found


class _Names:
    """A bit for each name."""

    def __init__(self) -> None:
        self._bits: dict[str, int] = {}

    def bit(self, name: str | None) -> int:
        """No bit for what is unknown."""
        return 0 if name is None else 1 << self._bits.setdefault(name, len(self._bits))


def _union(bits: Sequence[int], besides: int | None = None) -> int:
    """All bits but those of one place."""
    found = 0
    for place, one in enumerate(bits):
        if place != besides:
            found |= one
    return found


def _points(
    graph: "nx.DiGraph[str]", traits: Mapping[str, Traits]
) -> tuple[dict[str, NDArray[np.float64]], dict[str, int]]:
    """Issues are numbered within the part of the graph they are connected with, and share its array of points."""
    points: dict[str, NDArray[np.float64]] = {}
    bit: dict[str, int] = {}
    for part in nx.weakly_connected_components(graph):
        nodes = sorted(part)
        array = np.array([(traits[node].points or 0.0) if node in traits else 0.0 for node in nodes])
        for place, node in enumerate(nodes):
            bit[node], points[node] = place, array
    return points, bit


def _sum(bits: int, points: NDArray[np.float64]) -> float:
    """Points of a set of issues."""
    if bits.bit_count() <= FEW:
        total = 0.0
        while bits:
            lowest = bits & -bits
            total += float(points[lowest.bit_length() - 1])
            bits ^= lowest
        return total
    packed = np.frombuffer(bits.to_bytes(-(-len(points) // 8), "little"), dtype=np.uint8)
    return float(np.unpackbits(packed, count=len(points), bitorder="little") @ points)
