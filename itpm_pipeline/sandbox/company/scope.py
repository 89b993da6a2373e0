"""What happens to the scope of a time-box while it is under way."""

from typing import Protocol

from itpm_pipeline.sandbox.company.crew import Crew, Work
from itpm_pipeline.sandbox.company.flow import Flow
from itpm_pipeline.sandbox.company.hours import DAY, HOUR, MINUTE
from itpm_pipeline.sandbox.company.refinement import Refinement

_NO_CHANGES_BEFORE_END = 20 * HOUR


class TimeBox(Protocol):
    """A sprint or iteration under way."""

    def bring_in(self, work: Work, at: int, person: str) -> None:
        """Add an issue."""

    def take_out(self, work: Work, at: int, person: str, *, to_next: bool) -> None:
        """Remove an issue, to the next time-box or to the backlog."""

    def is_over(self) -> bool:
        """Whether it has ended meanwhile."""


class ScopeChanges:
    """Plans and books changes of scope for one team."""

    def __init__(self, crew: Crew, refinement: Refinement) -> None:
        self._crew, self._refinement = crew, refinement
        self._flow = Flow(crew)
        self._random = crew.random

    def plan(self, box: TimeBox, start: int, end: int) -> None:
        """Choose what will happen between ``start`` and ``end``."""
        plan = self._crew.plan
        span = max(0.3, (end - start) / (14 * DAY))
        for _ in range(self._times(plan.creep * span)):
            soon = self._random.random() < 0.3
            at = start + self._random.randrange(HOUR, 6 * HOUR) if soon else self._some_time(start, end)
            self._crew.act(at, self._crew.lead, self._bring_in, box, end)
        for change in (self._take_out, self._take_out, self._reestimate, self._drop, self._find_duplicate):
            for _ in range(self._times(plan.churn * span * _SHARES[change.__name__])):
                self._crew.act(self._some_time(start, end), self._crew.lead, change, box, end)

    def _times(self, mean: float) -> int:
        """A Poisson number."""
        count, left = 0, self._random.expovariate(1.0)
        while left < mean:
            count += 1
            left += self._random.expovariate(1.0)
        return count

    def _some_time(self, start: int, end: int) -> int:
        """Rather early than late."""
        span = max(HOUR, end - _NO_CHANGES_BEFORE_END - start)
        share: float = self._random.random() ** 1.7
        return start + 30 * MINUTE + round(span * share)

    def _is_too_late(self, now: int, box: TimeBox, end: int) -> bool:
        return now > end - HOUR or box.is_over()

    def _bring_in(self, now: int, person: str, box: TimeBox, end: int) -> None:
        """Something urgent: usually new, sometimes from the backlog."""
        if self._is_too_late(now, box, end):
            return
        crew = self._crew
        if crew.backlog and self._random.random() < 0.35:
            work, at = crew.backlog.pop(0), now
        else:
            kind = "bug" if self._random.random() < 0.6 else "story"
            work, at = self._refinement.create(now, person, kind=kind), now + 2 * MINUTE
        work.stage = "planned"
        box.bring_in(work, at, person)
        crew.todo.insert(0 if self._random.random() < 0.6 else len(crew.todo), work)
        self._flow.wake(at)

    def _pick(self) -> Work | None:
        return self._random.choice(self._crew.todo) if self._crew.todo else None

    def _take_out(self, now: int, person: str, box: TimeBox, end: int) -> None:
        """Something does not fit any more; now and then it comes back a day later."""
        work = self._pick()
        if work is None or self._is_too_late(now, box, end):
            return
        self._crew.todo.remove(work)
        to_next = self._random.random() < 0.4
        box.take_out(work, now, person, to_next=to_next)
        if to_next:
            return
        work.stage = "backlog"
        self._crew.backlog.insert(0, work)
        if self._random.random() < 0.25:
            self._crew.act(now + 20 * HOUR, person, self._bring_back, box, end, work)

    def _bring_back(self, now: int, person: str, box: TimeBox, end: int, work: Work) -> None:
        if work in self._crew.backlog and not self._is_too_late(now, box, end):
            self._crew.backlog.remove(work)
            work.stage = "planned"
            box.bring_in(work, now, person)
            self._crew.todo.append(work)
            self._flow.wake(now)

    def _reestimate(self, now: int, person: str, box: TimeBox, end: int) -> None:
        work = self._pick()
        if work and not self._is_too_late(now, box, end):
            points = self._crew.desk.points(work)
            if points != (bigger := self._crew.nearest_estimate(work.size * 1.4)):
                self._crew.desk.estimate(work, now, person, bigger)

    def _drop(self, now: int, person: str, box: TimeBox, end: int) -> None:
        """Decided not to do; mostly it is taken out as well, sometimes it is left there."""
        work = self._pick()
        if work is None or self._is_too_late(now, box, end):
            return
        self._crew.todo.remove(work)
        self._crew.desk.cancel(work, now, person)
        if self._random.random() < 0.6:
            box.take_out(work, now + 3 * MINUTE, person, to_next=False)

    def _find_duplicate(self, now: int, person: str, box: TimeBox, end: int) -> None:
        """Turns out to be a duplicate: resolved, but nothing was delivered."""
        work = self._pick()
        if work and not self._is_too_late(now, box, end):
            self._crew.todo.remove(work)
            self._flow.finish(now, person, work, "Duplicate")


_SHARES = {"_take_out": 0.4, "_reestimate": 0.5, "_drop": 0.15, "_find_duplicate": 0.1}
