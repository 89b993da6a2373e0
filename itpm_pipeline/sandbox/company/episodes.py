"""The calendar of remarkable things: which mishap, tangle or change of people happens when, and to whom."""

from collections.abc import Callable

from itpm_pipeline.sandbox.company.bystanders import Bystanders
from itpm_pipeline.sandbox.company.crew import Crew
from itpm_pipeline.sandbox.company.delivery import Delivery
from itpm_pipeline.sandbox.company.dependencies import Dependencies
from itpm_pipeline.sandbox.company.entanglements import Entanglements
from itpm_pipeline.sandbox.company.hours import DAY, MINUTE
from itpm_pipeline.sandbox.company.milestones import MilestoneChanges
from itpm_pipeline.sandbox.company.mishaps import Mishaps
from itpm_pipeline.sandbox.company.scrum import ScrumCadence
from itpm_pipeline.sandbox.company.turnover import Turnover
from itpm_pipeline.sandbox.company.world import World

_MOVES = (
    (220, "payments", "checkout"), (150, "portal-alpha", "payments"), (120, "ops", "identity"),
    (60, "checkout", "portal-beta"), (25, "payments", "checkout"),
)
"""Days before the end, team that loses an issue, team that gets it."""

_CALENDAR: tuple[tuple[str, tuple[tuple[str, float], ...]], ...] = (
    ("delete_planned", (("payments", 260), ("checkout", 90), ("portal-alpha", 70), ("data", 45), ("mobile", 80),
                        ("payments", 3), ("dataeng", 20), ("infra", 33))),
    ("delete_done", (("payments", 258), ("checkout", 88), ("portal-alpha", 68), ("data", 43), ("mobile", 78))),
    ("split", (("payments", 400), ("payments", 150), ("checkout", 100), ("portal-alpha", 75), ("data", 35),
               ("identity", 28))),
    ("contest", (("payments", 260), ("checkout", 150), ("data", 120), ("mobile", 140), ("dataeng", 130),
                 ("mobile", 110), ("payments", 130))),
    ("marathon", (("payments", 300), ("payments", 120), ("checkout", 90), ("ops", 200), ("ops", 60))),
    ("reparent", (("payments", 200), ("checkout", 110), ("portal-alpha", 40))),
    ("get_stuck", (("payments", 3.5), ("checkout", 3.5), ("ops", 3.4), ("mobile", 3.3))),
)
"""Mishap to teams and days before the end."""

_LEAVERS = (("payments", 290, 2), ("ops", 140, 1), ("mobile", 50, 2))


class Episodes:
    """Plans everything that is not everyday work."""

    def __init__(self, world: World, delivery: Delivery, dependencies: Dependencies) -> None:
        self._world = world
        self.sprints: dict[str, ScrumCadence] = {}
        """Sprints by team."""
        self._mishaps = Mishaps(world, dependencies)
        self._tangles = Entanglements(world, dependencies)
        self._bystanders = Bystanders(world, delivery)
        self._milestones = MilestoneChanges(world)
        self._turnover = Turnover(world)

    def begin(self) -> None:
        """Put all episodes on the agenda, each while people of the team concerned are at work."""
        self._bystanders.begin()
        mishaps, crews = self._mishaps, self._world.crews
        for days, source, target in _MOVES:
            self._on(days, source, mishaps.move, crews[source], crews[target])
        for mishap, occasions in _CALENDAR:
            for key, before in occasions:
                self._on(before, key, getattr(mishaps, mishap), crews[key])
        for key, days, place in _LEAVERS:
            self._turnover.plan_leave(crews[key], self._instant(days), place)
        if entries := self._world.plan.history_entries_of_busiest:
            self._on(60, "payments", mishaps.automate, crews["payments"], entries)
        for number, days in enumerate((110, 60, 22)):
            self._on(days, "mobile", self._milestones.take_out_and_back, crews["mobile"], number)
        self._on(40, "mobile", self._milestones.leave_project, crews["mobile"])
        self._on(30, "dataeng", self._milestones.archive_old_items, crews["dataeng"])
        self._plan_sprint_oddities()
        self._plan_tangles()

    def _plan_sprint_oddities(self) -> None:
        self._on(120, "payments", self._lose_at_close)
        self._on(95, "data", self._rename_sprints)
        self._on(50, "portal-alpha", self._share_sprint)
        for key, days in (("checkout", 70), ("payments", 30)):
            self._on(days, key, self._cancel_before_start, key)

    def _plan_tangles(self) -> None:
        crews = self._world.crews
        for days, team, tangle, keys in (
            (12, "payments", self._tangles.circle, ("payments", "portal-alpha", "identity")),
            (9, "payments", self._tangles.chain, ("dataeng", "mobile", "payments", "identity")),
            (8, "checkout", self._tangles.chain, ("infra", "data", "checkout", "portal-beta")),
        ):
            self._on(days, team, tangle, [crews[key] for key in keys])
        for before, waiting, delivering in (
            (5, "payments", "identity"), (4, "checkout", "payments"), (3.5, "portal-alpha", "checkout"),
        ):
            self._on(before, waiting, self._conflict, waiting, delivering)

    def finish(self, invisible: set[str]) -> None:
        """Remove what the trackers no longer show of people who left and issues that are gone."""
        self._turnover.finish()
        self._world.github.forget(invisible)

    def _instant(self, days: float) -> int:
        return self._world.agenda.end - round(days * DAY)

    def _on(self, days: float, team: str, action: Callable[..., None], *arguments: object) -> None:
        """So many days before the end; skipped if the team did not exist for a month by then."""
        crew: Crew = self._world.crews[team]
        instant = self._instant(days)
        if instant > crew.lifetime[0] + (20 * DAY if days > 15 else -DAY):
            crew.act(instant, crew.lead, action, *arguments)

    # --- Sprints

    def _lose_at_close(self, _now: int, _person: str) -> None:
        self.sprints["payments"].loses_at_close = True

    def _rename_sprints(self, _now: int, _person: str) -> None:
        self.sprints["data"].rename("Data Platform Sprint {n}")

    def _share_sprint(self, now: int, person: str) -> None:
        """Two squads work in one sprint: it is listed on both boards."""
        alpha, beta = self._world.crews["portal-alpha"], self._world.crews["portal-beta"]
        sprint = self.sprints["portal-alpha"].active
        if sprint is None or not beta.backlog:
            return
        team = next(team for team in self._world.company.teams if team.key == "portal-beta")
        sprint.also_on_board_ids.extend(team.board_ids)
        work = beta.backlog.pop(0)
        work.crew, work.stage = alpha, "planned"
        self._world.jira.put_into_sprint(work.issue, now + MINUTE, person, sprint.id)  # type: ignore[arg-type]
        alpha.todo.append(work)

    def _cancel_before_start(self, now: int, person: str, key: str) -> None:
        following = self.sprints[key].following
        if following:
            self._mishaps.cancel_before_start(now, person, self._world.crews[key], following.id)

    def _conflict(self, now: int, person: str, waiting: str, delivering: str) -> None:
        active, future = self.sprints[waiting].active, self.sprints[delivering].following
        if active and future:
            self._tangles.conflict(now, person, self._world.crews[waiting], self._world.crews[delivering], active.id,
                                   future.id)
