"""What happens to planned work on GitHub besides the work: milestones taken off and put back, items archived."""

from itpm_pipeline.sandbox.company.crew import Crew
from itpm_pipeline.sandbox.company.hours import DAY, moment_of
from itpm_pipeline.sandbox.company.model import GithubIssue, Milestone
from itpm_pipeline.sandbox.company.world import World

_ARCHIVED_AFTER_DAYS = 90


class MilestoneChanges:
    """Books such changes."""

    def __init__(self, world: World) -> None:
        self._world = world

    def take_out_and_back(self, now: int, person: str, crew: Crew, number: int) -> None:
        """An issue leaves its milestone and returns to it days later."""
        issues = [work.issue for work in (*crew.backlog, *crew.todo) if isinstance(work.issue, GithubIssue)]
        planned = [issue for issue in issues if issue.milestone]
        if planned:
            issue = planned[number % len(planned)]
            repo = self._world.company.repositories[issue.repo]
            milestone = next(each for each in repo.milestones if each.node_id == issue.milestone)
            self._world.github.milestone(issue, now, person, None)
            crew.act(now + 3 * DAY, person, self._put_back, issue, milestone)

    def _put_back(self, now: int, person: str, issue: GithubIssue, milestone: Milestone) -> None:
        if issue.deleted_at is None:
            self._world.github.milestone(issue, now, person, milestone)

    def leave_project(self, now: int, person: str, crew: Crew) -> None:
        """An issue is taken off the board and goes on without it."""
        for work in reversed(crew.backlog):
            issue = work.issue
            if isinstance(issue, GithubIssue) and issue.node_id in self._world.github.items and not work.blocking:
                crew.backlog.remove(work)
                self._world.github.remove_from_project(issue, now, person)
                return

    def archive_old_items(self, now: int, _person: str, _crew: Crew) -> None:
        """Items closed long ago are archived: still there, but hidden by default."""
        limit = moment_of(now - _ARCHIVED_AFTER_DAYS * DAY)
        for project, item in list(self._world.github.items.values()):
            closed = self._world.github.issues[item.issue].closed_at
            if project.number == 2 and closed and closed < limit:
                item.is_archived = True
                item.updated_at = moment_of(now - now % 1_000)
