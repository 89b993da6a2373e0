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


@dataclass
class Life:
    """An issue as a sprint sees it, from event to event."""

    issue: Issue
    sprint: str
    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        self.forgiven = _rolled_over(self.issue, self.sprint, self.end)

    def member(self, when: datetime, *, before: bool = False) -> bool:
        if self.forgiven is not None and when >= self.forgiven:
            return True
        return self.sprint in _listed(value_at(self.issue, "sprint", when, before=before))

    def done(self, when: datetime, *, before: bool = False) -> bool:
        return _is_done(value_at(self.issue, "status", when, before=before))

    def points(self, when: datetime, *, before: bool = False) -> float:
        return float(value_at(self.issue, "estimate_points", when, before=before) or 0)

    def signal(self, until: datetime) -> tuple[bool, bool, datetime | None, datetime | None]:
        """In scope at the start and just before ``until``, last entry, last exit (METRICS.md 2.2, step 1)."""
        in_scope = committed = self.member(self.start) and not self.done(self.start)
        entry: datetime | None = None
        exit_: datetime | None = None
        history = self.issue.history
        instants = {max(change.occurred_at, self.issue.created_at) for change in history} | {self.issue.created_at}
        for when in sorted(one for one in instants if self.start < one < until):
            if in_scope and not self.member(when):
                in_scope, exit_ = False, when
            elif not in_scope and self.member(when) and not self.done(when):
                in_scope, entry = True, when
        return committed, in_scope, entry, exit_


def fate(issue: Issue, sprint: str, start: datetime, end: datetime) -> Fate | None:
    """Step from event to event; None: it never was in scope."""
    life = Life(issue, sprint, start, end)
    committed, in_scope, entry, exit_ = life.signal(end)
    is_done = life.done(end, before=True)
    if not committed and entry is None:
        outside = is_done and life.member(end, before=True) and issue.created_at < end
        return Fate("completed_outside") if outside else None
    leaving = end if in_scope else exit_
    assert leaving is not None
    return Fate(
        disposition=_name(committed=committed, final=in_scope, done=is_done),
        base=life.points(start) if committed or entry is None else life.points(entry),
        last=life.points(end, before=True) if in_scope else life.points(leaving),
        committed=committed, final=in_scope, done=is_done,
    )


def burn_up(issues: Sequence[Issue], sprint: str, start: datetime, end: datetime, when: datetime) -> dict[str, float]:
    """What is in scope, and what of it is done, as of an instant in the sprint (T4)."""
    found = dict.fromkeys(("scope_points", "scope_count", "completed_points", "completed_count"), 0.0)
    for issue in issues:
        life = Life(issue, sprint, start, end)
        _, in_scope, _, _ = life.signal(when + timedelta(microseconds=1))
        if in_scope:
            found["scope_points"] += life.points(when)
            found["scope_count"] += 1
            found["completed_points"] += life.points(when) * life.done(when)
            found["completed_count"] += life.done(when)
    return found


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
