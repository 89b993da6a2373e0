"""Everything that is open, as the models tell it: issues, what they wait for, how long they take."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from itpm_pipeline.analytics.columns import DAY, NUMBER, TEXT, Relation, read
from itpm_pipeline.analytics.dependency.durations import PESSIMISTIC, PLAN, SAMPLE, Duration, History, durations
from itpm_pipeline.analytics.dependency.network import Network, network
from itpm_pipeline.analytics.dependency.schedule import Plan, Slot
from itpm_pipeline.analytics.parameters import Parameters

ITEM = {
    "issue_id": TEXT, "issue_key": TEXT, "type": TEXT, "project_id": TEXT, "program_id": TEXT, "team_id": TEXT,
    "calendar_id": TEXT, "timezone": TEXT, "parent_issue_id": TEXT, "estimate_points": NUMBER, "size_bucket": TEXT,
    "remaining_days": NUMBER, "due_date": DAY, "age_days": NUMBER,
}  # fmt: skip
"""Columns of int_schedule_item."""
EDGE = {"blocker_issue_id": TEXT, "blocker_key": TEXT, "blocked_issue_id": TEXT, "blocked_key": TEXT}
"""Columns of int_schedule_edge."""
_UNSEEN: Mapping[str, Any] = dict.fromkeys(ITEM)


@dataclass(frozen=True)
class Work:
    """``items``: open issues by id; placeholders have all columns null but the key. ``durations``: of leaves."""

    items: Mapping[str, Mapping[str, Any]]
    net: Network
    plan: Plan
    durations: Mapping[str, Duration]

    @classmethod
    def read(cls, items: Relation, edges: Relation, samples: Relation, settings: Parameters) -> "Work":
        """From int_schedule_item, int_schedule_edge and int_schedule_sample."""
        return cls.of(
            read(items, ITEM, ["issue_id"]),
            read(edges, EDGE, ["blocker_issue_id", "blocked_issue_id"]),
            History(read(samples, SAMPLE), settings.min_sample),
            settings.number("dependency.default_duration_days"),
        )

    @classmethod
    def of(cls, items: pa.Table, edges: pa.Table, history: History, default_days: float) -> "Work":
        """From the tables of the models. Ends of edges that are no open issue are placeholders."""
        known: dict[str, Mapping[str, Any]] = {row["issue_id"]: row for row in items.to_pylist()}
        pairs = []
        for edge in edges.to_pylist():
            pairs.append((edge["blocker_issue_id"], edge["blocked_issue_id"]))
            for end in ("blocker", "blocked"):
                issue = edge[f"{end}_issue_id"]
                known.setdefault(issue, {**_UNSEEN, "issue_id": issue, "issue_key": edge[f"{end}_key"]})
        net = network({issue: item["parent_issue_id"] for issue, item in known.items()}, pairs)
        lengths = durations([known[leaf] for leaf in net.leaves], history, default_days)
        return cls(known, net, Plan.of(net), dict(zip(net.leaves, lengths, strict=True)))

    def is_placeholder(self, issue: str) -> bool:
        """Nobody lets us see it."""
        return self.items[issue]["project_id"] is None

    def days(self, p: float, issues: Iterable[str]) -> dict[str, float]:
        """The p-th percentile of the duration of leaves."""
        return {issue: self.durations[issue].quantile(p) for issue in issues}

    def rows(self, plan: Plan, issues: Iterable[str] | None = None) -> "Iterator[Row]":
        """Every leaf of a plan, and every container whose leaves are all in it; sorted by id.

        ``issues``: of what containers; None = all.
        """
        leaves = sorted(node for node in plan.place if isinstance(node, str))
        planned, cautious = self.days(PLAN, leaves), self.days(PESSIMISTIC, leaves)
        slots, late = plan.slots(planned), plan.slots(cautious)
        circles = {node: min(map(str, nodes)) for nodes in plan.members if len(nodes) > 1 for node in nodes}
        for leaf in leaves:
            told = self.durations[leaf]
            yield Row(leaf, slots[leaf], late[leaf].early_finish, planned[leaf], cautious[leaf], told.basis,
                      circles.get(leaf))
        wanted = self.net.children if issues is None else self.net.children.keys() & set(issues)
        for container in sorted(wanted):
            inside = sorted(self.net.leaves_of(container))
            if inside and all(leaf in slots for leaf in inside):
                slot = _around([slots[leaf] for leaf in inside])
                finish = max(late[leaf].early_finish for leaf in inside)
                yield Row(container, slot, finish, slot.early_finish - slot.early_start, finish - slot.early_start,
                          "container", None)


@dataclass(frozen=True, slots=True)
class Row:
    """One issue on its path. ``circle``: least id of those it can only be done together with; None = no circle."""

    issue: str
    slot: Slot
    finish_p85: float
    duration: float
    duration_p85: float
    basis: str
    circle: str | None


def _around(slots: Sequence[Slot]) -> Slot:
    """A container begins with its first leaf, ends with its last, and slips when any of them does."""
    return Slot(
        min(one.early_start for one in slots), max(one.early_finish for one in slots),
        min(one.late_start for one in slots), max(one.late_finish for one in slots),
        min(one.total_slack for one in slots), min(one.free_slack for one in slots),
    )  # fmt: skip
