"""When a team starts and closes its sprints: nominal days, office hours, holidays; some closes are early or late."""

from datetime import date, timedelta

from itpm_pipeline.sandbox.company.crew import Crew
from itpm_pipeline.sandbox.company.hours import DAY, HOUR, MINUTE, local_date, local_instant

_CLOSE_HOUR, _START_HOUR = 10.5, 14.0
_SHORTEST = 2 * DAY
_ALWAYS_EARLY = 7
"""The sprint of this number ends a day early in every team; later ones only sometimes."""


class SprintCalendar:
    """The days on which a team changes sprints. Instants are milliseconds since 1970."""

    def __init__(self, crew: Crew, end: int) -> None:
        self._crew, self._random = crew, crew.random
        plan = crew.plan
        latest = local_date(end, plan.zones[0]) - timedelta(days=plan.into_sprint)
        while latest.weekday() >= 5:
            latest -= timedelta(days=1)
        count = plan.weeks * 7 // plan.sprint_days
        self._turn: date = latest - timedelta(days=plan.sprint_days * (count - 1))
        """Day on which sprints last changed, or will change next."""

    @property
    def nominal_start(self) -> int:
        """When the sprint of this turn is meant to start."""
        return local_instant(self._turn, _START_HOUR, self._crew.plan.zones[0])

    def start(self, nominal: int) -> int:
        """When it really starts: in office hours, minutes after the meeting began."""
        start = self._crew.hours_of(self._crew.lead).at_or_after(nominal)
        return start + self._random.randrange(MINUTE, 8 * MINUTE) + (HOUR if start > nominal else 0)

    def next_close(self, now: int) -> int:
        """The planned end of a sprint that starts now; a turn within holidays is left out."""
        while True:
            self._turn += timedelta(days=self._crew.plan.sprint_days)
            close = local_instant(self._turn, _CLOSE_HOUR, self._crew.plan.zones[0])
            if self._crew.hours_of(self._crew.lead).at_or_after(close) > now + _SHORTEST:
                return close

    def close(self, nominal: int, number: int) -> int:
        """When the sprint of this number really closes."""
        crew, random = self._crew, self._random
        chance = random.random()
        if chance < crew.plan.late and number != _ALWAYS_EARLY:
            nominal += random.choice((1, 1, 2, 3)) * DAY if crew.plan.sprint_days > 7 else DAY
        elif chance > 0.96 or number == _ALWAYS_EARLY:
            nominal -= DAY
        close = crew.hours_of(crew.lead).at_or_after(nominal)
        return close + random.randrange(2 * MINUTE, 15 * MINUTE) + (HOUR if close > nominal else 0)
