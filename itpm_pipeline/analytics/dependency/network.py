"""The network that work flows through: open leaf issues, with containers expanded (METRICS.md section 4.4).

A dependency of a container (an epic or parent with open children) is one of all its open leaves. Written out, that is a
product; here a container stands between as two nodes without duration: its *start*, before all its leaves, and its
*finish*, after them. What waits for what is the same, and the network stays as large as what it is made of.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import networkx as nx

START, FINISH = "start", "finish"
Gate = tuple[str, str]
"""Start or finish of a container: (container, which)."""
Node = str | Gate
Edge = tuple[str, str]


def is_gate(node: Node) -> bool:
    """Not an issue but the start or finish of one."""
    return isinstance(node, tuple)


@dataclass(frozen=True)
class Network:
    """What waits for what.

    ``leaves``: issues to be worked on, sorted. ``graph``: those that have edges, with gates, predecessor to successor.
    ``children``: open container to its open children, containers among them.
    """

    leaves: Sequence[str]
    graph: "nx.DiGraph[Node]"
    children: Mapping[str, Sequence[str]]

    def leaves_of(self, issue: str) -> set[str]:
        """Open leaves of a container; of a leaf, itself."""
        found, waiting, seen = set(), [issue], set()
        while waiting:
            one = waiting.pop()
            if one in seen:
                continue
            seen.add(one)
            if one in self.children:
                waiting += self.children[one]
            else:
                found.add(one)
        return found

    def with_predecessors(self, issues: Iterable[str]) -> set[Node]:
        """The leaves of these issues and everything they wait for, directly or not, wherever it belongs."""
        own = {leaf for issue in issues for leaf in self.leaves_of(issue)}
        seen: set[Node] = set(own)
        waiting: list[Node] = [node for node in own if node in self.graph]
        while waiting:
            for before in self.graph.predecessors(waiting.pop()):
                if before not in seen:
                    seen.add(before)
                    waiting.append(before)
        return seen

    @cached_property
    def components(self) -> list[list[Node]]:
        """Strongly connected components of ``graph``, each sorted, sorted: what can only be done together."""
        found = [sorted(members, key=_by_name) for members in nx.strongly_connected_components(self.graph)]
        return sorted(found, key=lambda members: _by_name(members[0]))


def network(parents: Mapping[str, str | None], edges: Iterable[Edge]) -> Network:
    """Build the network of open issues.

    ``parents``: every open issue and the issue it belongs to (which may be unknown here, or None). ``edges``: active
    dependencies, predecessor and successor; ends that are no open issue (placeholders) become leaves. An edge between
    a container and what it contains says nothing that containing does not, and is left out.
    """
    children: defaultdict[str, list[str]] = defaultdict(list)
    for issue in sorted(parents):
        parent = parents[issue]
        if parent is not None and parent in parents and parent != issue:
            children[parent].append(issue)
    kept = [
        edge for edge in sorted(set(edges)) if edge[0] not in _above(edge[1], parents)
        and edge[1] not in _above(edge[0], parents)
    ]  # fmt: skip
    graph: nx.DiGraph[Node] = nx.DiGraph()
    gated: set[Gate] = set()
    for blocker, blocked in kept:
        before: Node = (blocker, FINISH) if blocker in children else blocker
        after: Node = (blocked, START) if blocked in children else blocked
        gated |= {gate for gate in (before, after) if isinstance(gate, tuple)}
        graph.add_edge(before, after)
    graph.add_edges_from(_inside(gated, children))
    ends = {end for edge in kept for end in edge}
    leaves = sorted(issue for issue in {*parents, *ends} if issue not in children)
    return Network(leaves, graph, dict(children))


def _above(issue: str, parents: Mapping[str, str | None]) -> set[str]:
    """The issue and all that contain it."""
    found: set[str] = set()
    one: str | None = issue
    while one is not None and one not in found:
        found.add(one)
        one = parents.get(one)
    return found


def _inside(gates: Iterable[Gate], children: Mapping[str, Sequence[str]]) -> Iterator[tuple[Node, Node]]:
    """Edges from the starts to what is inside, and from what is inside to the finishes; also of containers inside."""
    waiting, seen = list(gates), set(gates)
    while waiting:
        container, side = gate = waiting.pop()
        for child in children[container]:
            inner: Node = (child, side) if child in children else child
            yield (gate, inner) if side == START else (inner, gate)
            if isinstance(inner, tuple) and inner not in seen:
                seen.add(inner)
                waiting.append(inner)


def _by_name(node: Node) -> tuple[str, str]:
    """Gates beside their container."""
    return node if isinstance(node, tuple) else (node, "")
