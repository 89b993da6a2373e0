"""Recomputes sprints and field values from an event log by stepping through it: an answer to hold the SQL against.

Written from METRICS.md sections 0 and 2.2 alone; nothing of it knows how the models do the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from event_log import CATEGORIES, Issue

GRACE = timedelta(seconds=60)


def value_at(issue: Issue, field: str, when: datetime, *, before: bool = False) -> str | None:
    """Value at an instant (T4), or just before it (T5)."""
    changes = [change for change in issue.history if change.field == field]
    value = changes[0].before if changes else issue.now.get(field)
    for change in changes:
        happened = max(change.occurred_at, issue.created_at)
        if happened < when or (happened == when and not before):
            value = change.after
    return value


@dataclass
class Fate:
    """What became of one issue in one sprint; points are None where it has none to give."""

    disposition: str
    base: float = 0
    last: float = 0
    committed: bool = False
    final: bool = False
    done: bool = False

    @property
    def measures(self) -> dict[str, float]:
        """Its part in the measures of the sprint."""
        counted = self.disposition != "completed_outside"
        added = counted and not self.committed
        removed = counted and not self.final
        completed = self.final and self.done
        return {
            "committed_points": self.base * self.committed, "added_points": self.base * added,
            "removed_points": self.last * removed, "estimate_change_points": (self.last - self.base) * counted,
            "final_scope_points": self.last * self.final, "completed_points": self.last * completed,
            "completed_initial_points": self.base * (completed and self.committed),
            "committed_count": int(self.committed), "added_count": int(added), "removed_count": int(removed),
            "final_scope_count": int(self.final), "completed_count": int(completed),
        }


def fate(issue: Issue, sprint: str, start: datetime, end: datetime) -> Fate | None:
    """Step from event to event; None: it never was in scope."""
    forgiven = _rolled_over(issue, sprint, end)

    def member(when: datetime, *, before: bool = False) -> bool:
        if forgiven is not None and when >= forgiven:
            return True
        return sprint in _listed(value_at(issue, "sprint", when, before=before))

    def done(when: datetime, *, before: bool = False) -> bool:
        return _is_done(value_at(issue, "status", when, before=before))

    def points(when: datetime, *, before: bool = False) -> float:
        return float(value_at(issue, "estimate_points", when, before=before) or 0)

    in_scope = committed = member(start) and not done(start)
    entry: datetime | None = None
    exit_: datetime | None = None
    instants = {max(change.occurred_at, issue.created_at) for change in issue.history} | {issue.created_at}
    for when in sorted(one for one in instants if start < one < end):
        if in_scope and not member(when):
            in_scope, exit_ = False, when
        elif not in_scope and member(when) and not done(when):
            in_scope, entry = True, when
    is_done = done(end, before=True)
    if not committed and entry is None:
        outside = is_done and member(end, before=True) and issue.created_at < end
        return Fate("completed_outside") if outside else None
    leaving = end if in_scope else exit_
    assert leaving is not None
    return Fate(
        disposition=_name(committed=committed, final=in_scope, done=is_done),
        base=points(start) if committed or entry is None else points(entry),
        last=points(end, before=True) if in_scope else points(leaving),
        committed=committed, final=in_scope, done=is_done,
    )


def totals(issues: Sequence[Issue], sprint: str, start: datetime, end: datetime) -> dict[str, float]:
    """Measures of a sprint."""
    fates = [found for issue in issues if (found := fate(issue, sprint, start, end))]
    names = Fate("").measures
    return {name: sum(one.measures[name] for one in fates) for name in names}


def _name(*, committed: bool, final: bool, done: bool) -> str:
    if not final:
        return "removed_committed" if committed else "added_then_removed"
    return f"{'completed' if done else 'not_completed'}_{'committed' if committed else 'added'}"


def _listed(value: str | None) -> list[str]:
    return value.split(", ") if value else []


def _is_done(status: str | None) -> bool:
    return CATEGORIES[str(status).rpartition(":")[2]] == "done"


def _rolled_over(issue: Issue, sprint: str, end: datetime) -> datetime | None:
    """The instant an open issue left for good within the grace before the close, if it did."""
    if sprint in _listed(value_at(issue, "sprint", end, before=True)):
        return None
    instants = sorted({change.occurred_at for change in issue.history if change.field == "sprint"})
    losses = [
        when for when in instants
        if when < end and sprint in _listed(value_at(issue, "sprint", when, before=True))
        and sprint not in _listed(value_at(issue, "sprint", when))
    ]
    if not losses or losses[-1] < end - GRACE or _is_done(value_at(issue, "status", losses[-1])):
        return None
    return losses[-1]
