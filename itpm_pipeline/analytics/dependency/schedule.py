"""The critical path method (METRICS.md section 4.4): when each issue can start, and how much it may slip."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from itpm_pipeline.analytics.dependency.levels import Levels, arrange
from itpm_pipeline.analytics.dependency.network import Network, Node, is_gate

EXACT = 1e-9
"""Working days; a slack below it is none."""
Days = NDArray[np.float64]


@dataclass(frozen=True)
class Slot:
    """When one issue is worked on, in working days after the beginning. Members of a circle share their slot."""

    early_start: float
    early_finish: float
    late_start: float
    late_finish: float
    total_slack: float
    free_slack: float

    @property
    def is_critical(self) -> bool:
        """It cannot slip without delaying the whole."""
        return self.total_slack < EXACT


@dataclass(frozen=True)
class Plan:
    """A network laid out in time. ``members``: nodes at each place of ``levels``; ``place``: the other way round."""

    net: Network
    levels: Levels
    members: Sequence[Sequence[Node]]
    place: Mapping[Node, int]
    gates: NDArray[np.bool_]
    """Places that hold no issue, only starts and finishes of containers."""

    @classmethod
    def of(cls, net: Network) -> "Plan":
        """Order the network."""
        levels, members = arrange(net)
        place = {node: number for number, nodes in enumerate(members) for node in nodes}
        gates = np.array([all(is_gate(node) for node in nodes) for nodes in members], dtype=bool)
        return cls(net, levels, members, place, gates)

    def part(self, nodes: Iterable[Node]) -> "Plan":
        """These nodes only; all that they wait for must be among them."""
        kept = np.zeros(self.levels.size, dtype=bool)
        kept[[self.place[node] for node in nodes]] = True
        members = [self.members[number] for number in np.flatnonzero(kept).tolist()]
        place = {node: number for number, inside in enumerate(members) for node in inside}
        return Plan(self.net, self.levels.subset(kept), members, place, self.gates[kept])

    def lengths(self, durations: Mapping[str, float]) -> Days:
        """Working days each place takes: circles as long as all their members together, gates none."""
        return np.array(
            [sum(durations[node] for node in nodes if isinstance(node, str)) for nodes in self.members], dtype=float
        )

    def slots(self, durations: Mapping[str, float]) -> dict[str, Slot]:
        """When each issue is worked on."""
        if not self.members:
            return {}
        length = self.lengths(durations)
        finish = self.levels.finishes(length)
        end = float(finish.max())
        latest = self.levels.latest_finishes(length, end)
        start = finish - length
        # Rounding must not make a slack of what is none, nor a free slack that is more than the whole.
        total = np.maximum(latest - finish, 0.0)
        after = self.levels.earliest_after(start, self.gates, end)
        free = np.clip(after - finish, 0.0, total)
        columns = (start, finish, latest - length, latest, total, free)
        return {
            node: Slot(*values)
            for values, nodes in zip(zip(*(column.tolist() for column in columns), strict=True), self.members,
                                     strict=True)
            for node in nodes if isinstance(node, str)
        }  # fmt: skip

    def drivers(self, slots: Mapping[str, Slot]) -> dict[str, str]:
        """For each issue that waits, the one it waits for longest: walking back along them is its critical path."""
        found: dict[Node, str] = {}
        for nodes in self.members:
            inside, told = set(nodes), []
            for node in nodes:
                for before in self.net.graph.predecessors(node) if node in self.net.graph else ():
                    issue = before if isinstance(before, str) else found.get(before)
                    if before not in inside and issue is not None:
                        told.append((-slots[issue].early_finish, issue))
            if told:
                found.update(dict.fromkeys(nodes, min(told)[1]))
        return {node: issue for node, issue in found.items() if isinstance(node, str)}
