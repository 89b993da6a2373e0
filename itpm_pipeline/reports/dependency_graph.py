"""The dependency graph of a program as data for pictures: issues, what waits for what, whose they are."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import networkx as nx

UNKNOWN = "(unknown)"
"""Project of issues that cannot be seen."""


@dataclass(frozen=True, slots=True)
class Knot:
    """An issue of the graph. ``hint``: what is told when a reader points at it."""

    key: str
    project: str
    is_own: bool
    is_begun: bool
    is_critical: bool
    hint: str


@dataclass(frozen=True, slots=True)
class Arrow:
    """A dependency, predecessor to successor (keys)."""

    blocker: str
    blocked: str
    severity: int
    is_conflict: bool
    is_overdue: bool
    is_critical: bool
    is_in_cycle: bool
    hint: str

    @property
    def weight(self) -> tuple[bool, int, bool]:
        """What is shown first where not everything can be."""
        return self.is_critical, self.severity, self.is_in_cycle


@dataclass(frozen=True)
class Graph:
    """Issues by key and dependencies of one program: those of which it owns an end."""

    program: str
    knots: Mapping[str, Knot]
    arrows: Sequence[Arrow]
    hidden: int = 0
    """Issues left out of this part of the graph."""
    own: frozenset[str] = field(default_factory=frozenset)
    """Projects of the program."""

    @property
    def projects(self) -> list[str]:
        """Those of the program first, each group by name, unknown last."""
        found = {knot.project for knot in self.knots.values()}
        return sorted(found, key=lambda name: (name == UNKNOWN, name not in self.own, name))

    def around(self, project: str, most: int) -> "Graph":
        """Issues of one project and their neighbours."""
        kept = [
            one for one in self.arrows
            if project in (self.knots[one.blocker].project, self.knots[one.blocked].project)
        ]  # fmt: skip
        return self._of(kept, most)

    def most_important(self, most: int) -> "Graph":
        """As many issues as can be read, those on the critical path and in conflict first."""
        return self._of(self.arrows, most)

    def _of(self, arrows: Iterable[Arrow], most: int) -> "Graph":
        wanted = sorted(arrows, key=lambda one: (one.weight, one.blocker, one.blocked), reverse=True)
        everything = {end for one in wanted for end in (one.blocker, one.blocked)}
        shown: dict[str, Knot] = {}
        kept = []
        for one in wanted:
            new = {one.blocker, one.blocked} - shown.keys()
            if len(shown) + len(new) <= most:
                shown |= {key: self.knots[key] for key in sorted(new)}
                kept.append(one)
        return Graph(self.program, shown, kept, len(everything) - len(shown), self.own)

    def ranks(self) -> dict[str, int]:
        """Column of each issue: after all that it waits for; a circle is broken where it hurts least."""
        graph: nx.DiGraph[str] = nx.DiGraph()
        graph.add_nodes_from(sorted(self.knots))
        graph.add_edges_from(sorted((one.blocker, one.blocked) for one in self.arrows))
        while True:
            try:
                circle = nx.find_cycle(graph)
            except nx.NetworkXNoCycle:
                break
            graph.remove_edge(*max(edge[:2] for edge in circle))
        return {key: rank for rank, keys in enumerate(nx.topological_generations(graph)) for key in keys}


def graphs(rows: Sequence[Mapping[str, Any]]) -> list[Graph]:
    """One graph per program that has dependencies, by name, from the rows of the query of the plot."""
    programs: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        programs.setdefault(row["program_name"], []).append(row)
    return [_graph(name, programs[name]) for name in sorted(programs)]


def _graph(program: str, rows: Sequence[Mapping[str, Any]]) -> Graph:
    knots: dict[str, Knot] = {}
    arrows = []
    for row in rows:
        for end in ("blocker", "blocked"):
            before = knots.get(row[f"{end}_key"])
            knots[row[f"{end}_key"]] = Knot(
                key=row[f"{end}_key"], project=row[f"{end}_project_ref"] or UNKNOWN,
                is_own=row[f"{end}_program_id"] == row["program_id"],
                is_begun=row[f"{end}_category"] == "in_progress",
                is_critical=bool(row["is_on_critical_path"] or (before and before.is_critical)),
                hint=": ".join(filter(None, (row[f"{end}_key"], row[f"{end}_summary"]))),
            )  # fmt: skip
        arrows.append(Arrow(
            blocker=row["blocker_key"], blocked=row["blocked_key"], severity=row["severity"],
            is_conflict=row["schedule_conflict"], is_overdue=row["is_overdue"],
            is_critical=row["is_on_critical_path"], is_in_cycle=row["is_in_cycle"], hint=_told(row),
        ))  # fmt: skip
    own = frozenset(knot.project for knot in knots.values() if knot.is_own)
    return Graph(program, knots, arrows, own=own)


def _told(row: Mapping[str, Any]) -> str:
    words = [f"{row['blocked_key']} waits for {row['blocker_key']}"]
    if row["schedule_conflict"]:
        words.append(f"{row['conflict_days']:.0f} days too late")
    words += [name for name, is_so in (
        ("overdue", row["is_overdue"]), ("on the critical path", row["is_on_critical_path"]),
        ("in a circle", row["is_in_cycle"]),
    ) if is_so]  # fmt: skip
    return ", ".join(words)
