"""How people work: take the next issue, work on it, have it reviewed, finish it, sometimes start over."""

from itpm_pipeline.sandbox.company.crew import Crew, Work
from itpm_pipeline.sandbox.company.hours import DAY, HOUR, MINUTE

_SHORTEST = 90 * MINUTE
_REVIEW_MEAN_HOURS = 4.0
_SENT_BACK, _REOPENED, _IMPEDED, _REESTIMATED, _COMMENTED = 0.12, 0.05, 0.06, 0.05, 0.6
_STARTS_BLOCKED = 0.15
"""Chance that somebody begins a blocked issue nevertheless."""


class Flow:
    """Work of one team."""

    def __init__(self, crew: Crew) -> None:
        self._crew = crew
        self._random = crew.random

    def wake(self, now: int) -> None:
        """There may be something to do: idle people look within the next hours."""
        idle, self._crew.idle = self._crew.idle, {}
        for person in idle:
            self._crew.act(now + self._random.randrange(5 * MINUTE, 3 * HOUR), person, self.look_for_work)

    def look_for_work(self, now: int, person: str) -> None:
        """Take the first issue that can be worked on, or wait to be woken."""
        crew = self._crew
        if person not in crew.members or person in crew.busy:
            return
        work = None
        if len(crew.doing) < crew.plan.slots:
            work = self._next() or crew.when_dry(now, person)
        if work is None:
            crew.idle[person] = None
        else:
            self.start(now, person, work)

    def _next(self) -> Work | None:
        for work in self._crew.todo:
            if not work.is_blocked or self._random.random() < _STARTS_BLOCKED:
                return work
        return None

    def start(self, now: int, person: str, work: Work) -> None:
        """Begin an issue."""
        crew = self._crew
        if work in crew.todo:
            crew.todo.remove(work)
        crew.doing.append(work)
        crew.busy.add(person)
        work.stage, work.worker = "doing", person
        crew.desk.start(work, now, person)
        effort = max(_SHORTEST, round(crew.effort(work.size, now) * self._random.lognormvariate(0, 0.3)))
        self._work(now, person, work, effort)

    def _work(self, now: int, person: str, work: Work, effort: int) -> None:
        """A stretch of work of ``effort`` milliseconds, with what may come between."""
        crew, random = self._crew, self._random
        hours = crew.hours_of(person)
        end = hours.after(now, effort)
        if work.is_blocked or random.random() < _IMPEDED:
            stuck = hours.after(now, round(effort * random.uniform(0.2, 0.8)))
            freed = hours.after(stuck, round(random.uniform(3, 24) * HOUR))
            crew.act(stuck, person, self._flag, work)
            crew.act(freed, person, self._unflag, work)
            end = hours.after(end, min(DAY, freed - stuck))
        if random.random() < _REESTIMATED:
            crew.act(hours.after(now, round(effort * random.random())), person, self._reestimate, work)
        if random.random() < _COMMENTED:
            crew.act(hours.after(now, round(effort * random.random())), person, self._comment, work)
        crew.desk.work_on(work, now, end, person)
        crew.act(end, person, self._submit, work)

    def _flag(self, now: int, person: str, work: Work) -> None:
        if work.stage == "doing":
            self._crew.desk.flag(work, now, person, is_on=True)

    def _unflag(self, now: int, person: str, work: Work) -> None:
        if work.stage != "gone":
            self._crew.desk.flag(work, now, person, is_on=False)

    def _reestimate(self, now: int, person: str, work: Work) -> None:
        if work.is_open:
            scale = self._crew.plan.scale
            points = self._crew.desk.points(work)
            place = scale.index(points) if points in scale else 0
            step = self._random.choice((-1, 1, 1))
            self._crew.desk.estimate(work, now, person, scale[min(len(scale) - 1, max(0, place + step))])

    def _comment(self, now: int, _person: str, work: Work) -> None:
        if work.stage != "gone":
            self._crew.desk.comment(work, now)

    def _submit(self, now: int, person: str, work: Work) -> None:
        crew = self._crew
        if work.stage != "doing":
            return
        work.stage = "review"
        crew.doing.remove(work)
        crew.busy.discard(person)
        crew.desk.submit(work, now, person)
        reviewer = crew.other_than(person)
        wait = round((0.4 + self._random.expovariate(1 / _REVIEW_MEAN_HOURS)) * HOUR)
        crew.act(crew.hours_of(reviewer).after(now + 4 * MINUTE, wait), reviewer, self._review, work)
        crew.act(now + self._random.randrange(10 * MINUTE, 90 * MINUTE), person, self.look_for_work)
        self.wake(now)

    def _review(self, now: int, reviewer: str, work: Work) -> None:
        crew = self._crew
        if work.stage != "review":
            return
        worker = work.worker or reviewer
        if self._random.random() < _SENT_BACK:
            work.stage = "doing"
            crew.doing.append(work)
            crew.busy.add(worker)
            crew.desk.send_back(work, now, reviewer)
            self._work(now + 5 * MINUTE, worker, work, max(_SHORTEST, crew.effort(work.size * 0.2, now)))
        else:
            self.finish(now, reviewer, work)

    def finish(self, now: int, person: str, work: Work, resolution: str = "Done") -> None:
        """Complete an issue; what waited for it can go on."""
        work.stage = "done"
        self._crew.desk.finish(work, now, person, resolution)
        for blocked in work.blocking:
            if blocked.is_open:
                Flow(blocked.crew).wake(now)
        if self._random.random() < _REOPENED and work.reopened < 2:
            later = now + self._random.randrange(3 * HOUR, 12 * DAY)
            self._crew.act(later, self._crew.other_than(work.worker), self._reopen, work)

    def _reopen(self, now: int, person: str, work: Work) -> None:
        if work.stage != "done":
            return
        work.reopened += 1
        work.size = max(0.5, work.size * 0.3)
        work.stage = "planned"
        self._crew.desk.reopen(work, now, person)
        if work.stage == "planned":
            self._crew.todo.insert(0, work)
            self.wake(now)
        else:
            self._crew.backlog.insert(0, work)
