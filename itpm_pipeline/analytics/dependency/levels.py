"""A network without circles as arrays, for passes over all of it at once, for one set of durations or a thousand."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from itpm_pipeline.analytics.dependency.network import Network, Node

Numbers = NDArray[np.float64] | NDArray[np.int32]
"""One value per place, or per place and trial."""
Places = NDArray[np.int64]
_Step = tuple[Places, Places, Places]
"""Other ends of some edges, where those of each place begin among them, and the places."""


@dataclass(frozen=True)
class Levels:
    """Places in an order in which predecessors come first.

    ``level``: length of the longest chain of edges before each place; never falls along the order. ``source`` and
    ``target``: places that each edge joins, sorted by target.
    """

    level: Places
    source: Places
    target: Places

    @property
    def size(self) -> int:
        """Number of places."""
        return len(self.level)

    def finishes(self, durations: Numbers) -> Numbers:
        """Earliest finish of each place: after the last of its predecessors and its own duration (forward pass)."""
        finish = durations.copy()
        for before, starts, places in self._forward:
            finish[places] += np.maximum.reduceat(finish[before], starts, axis=0)
        return finish

    def latest_finishes(self, durations: Numbers, end: Numbers | float) -> Numbers:
        """Latest finish of each place that lets all be done at ``end`` (backward pass)."""
        latest = np.empty_like(durations)
        latest[...] = end
        for after, starts, places in self._backward:
            latest[places] = np.minimum.reduceat(latest[after] - durations[after], starts, axis=0)
        return latest

    def earliest_after(self, values: NDArray[np.float64], passed: NDArray[np.bool_], end: float) -> NDArray[np.float64]:
        """Least value among the successors of each place, looking through places that are ``passed``; ``end`` if none.

        Used for free slack: gates do not wait for anything themselves.
        """
        seen = np.full(self.size, np.inf)
        for after, starts, places in self._backward:
            seen[places] = np.minimum.reduceat(np.where(passed[after], seen[after], values[after]), starts)
        return np.where(np.isinf(seen), end, seen)

    def subset(self, kept: NDArray[np.bool_]) -> "Levels":
        """The places kept, which must hold all their predecessors, and the edges between them."""
        place = np.cumsum(kept) - 1
        inside = kept[self.source] & kept[self.target]
        return Levels(self.level[kept], place[self.source[inside]], place[self.target[inside]])

    @cached_property
    def _forward(self) -> list[_Step]:
        return _steps(self.target, self.source, self.level)

    @cached_property
    def _backward(self) -> list[_Step]:
        order = np.argsort(self.source, kind="stable")
        return _steps(self.source[order], self.target[order], self.level)[::-1]


def _steps(ends: Places, others: Places, level: Places) -> list[_Step]:
    """Edges in runs whose ``ends`` are of one level. ``ends`` is sorted, and as levels never fall, so are theirs."""
    if not len(ends):
        return []
    first = np.flatnonzero(np.r_[True, ends[1:] != ends[:-1]])
    places = ends[first]
    bounds = np.flatnonzero(np.r_[True, np.diff(level[places]) != 0, True])
    last = np.r_[first, len(ends)]
    return [
        (others[last[a] : last[b]], first[a:b] - last[a], places[a:b])
        for a, b in pairwise(bounds)
    ]


def arrange(net: Network) -> tuple[Levels, list[Sequence[Node]]]:
    """The condensation of the network, which has no circles, and the nodes at each place. Isolated leaves come too.

    What can only be done together has one place, and so has every other node.
    """
    members = net.components
    condensed = nx.condensation(net.graph, members)
    order: list[int] = []
    levels: list[int] = []
    for level, generation in enumerate(nx.topological_generations(condensed)):
        order += sorted(generation)
        levels += [level] * len(generation)
    isolated = [[leaf] for leaf in net.leaves if leaf not in net.graph]
    place = {component: number + len(isolated) for number, component in enumerate(order)}
    edges = np.array([(place[a], place[b]) for a, b in condensed.edges], dtype=np.int64).reshape(-1, 2)
    edges = edges[np.lexsort((edges[:, 0], edges[:, 1]))]
    found = Levels(np.array([0] * len(isolated) + levels, dtype=np.int64), edges[:, 0], edges[:, 1])
    return found, [*isolated, *(members[component] for component in order)]
