"""The company as the site's account may see it, indexed for lookups and searches."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import Any
from zoneinfo import ZoneInfo

from itpm_pipeline.sandbox.clock import Clock
from itpm_pipeline.sandbox.company.model import (
    Company,
    JiraBoard,
    JiraIssue,
    JiraLink,
    JiraProject,
    JiraSprint,
    Person,
    Worklog,
)
from itpm_pipeline.sandbox.jira.answers import JiraError
from itpm_pipeline.sandbox.jira.instants import millis

SPRINT_STATES = ("closed", "active", "future")
"""In the order in which boards list them."""


class UpdatedIndex:
    """Issues by the instant of their last update, then by id."""

    def __init__(self, issues: Iterable[JiraIssue]) -> None:
        ordered = sorted(((millis(issue.updated_at), int(issue.id), issue) for issue in issues), key=itemgetter(0, 1))
        self._instants = [entry[0] for entry in ordered]
        self._issues = [entry[2] for entry in ordered]

    def between(self, lowest: int | None, highest: int | None) -> Sequence[JiraIssue]:
        """Issues updated from ``lowest`` to ``highest``, both included, epoch milliseconds; None for no bound."""
        start = 0 if lowest is None else bisect_left(self._instants, lowest)
        end = len(self._issues) if highest is None else bisect_right(self._instants, highest)
        return self._issues[start:end]


class Site:
    """Lookups over a ``Company``; call ``refresh`` before reading, so that changes to the company show.

    ``base`` is the site's public address. Links in payloads carry it whatever the port served on, so that the same
    company always gives the same payloads; links to further pages carry the address that was asked.
    """

    def __init__(self, company: Company, clock: Clock, *, email: str, timezone: str) -> None:
        self.company = company
        self.clock = clock
        self.email = email
        self.timezone = timezone
        self.zone = ZoneInfo(timezone)
        self.base = f"https://{company.organization}.atlassian.net"
        self.generation = 0
        self._issue_state: Any = None
        self._surroundings: Any = None
        self._by_ref: dict[str, JiraIssue] = {}
        self._by_project: dict[str, UpdatedIndex] = {}
        self._everywhere = UpdatedIndex(())
        self._boards_of_sprint: dict[int, set[int]] = {}
        self._issues_of_sprint: dict[int, list[JiraIssue]] = {}
        self.children: dict[str, list[JiraIssue]] = {}
        self.links: dict[str, list[JiraLink]] = {}
        self.worklogs: list[tuple[int, Worklog, JiraIssue]] = []
        """(epoch milliseconds of the last update, worklog, its issue), oldest first."""
        self.worklog_of: dict[str, tuple[Worklog, JiraIssue]] = {}
        self.refresh()

    # --- Keeping up with the company ---------------------------------------------------------------------------

    def refresh(self) -> None:
        """Index anew when the company changed since the last look; ``generation`` then counts up.

        An issue counts as changed when its ``updated_at`` or ``deleted_at`` does, as every real change moves them.
        Costs about 2 ms at 20,000 issues when nothing changed.
        """
        issues = list(self.company.jira_issues.values())
        issue_state = ([issue.updated_at for issue in issues], [issue.deleted_at for issue in issues])
        surroundings = self._look_around()
        if issue_state == self._issue_state and surroundings == self._surroundings:
            return
        self._issue_state, self._surroundings = issue_state, surroundings
        self.generation += 1
        self._index(issues)

    def _look_around(self) -> Any:
        """A value that changes whenever anything changes that issues show of things around them."""
        company = self.company
        return (
            company.revision,
            [(s.name, s.state, s.goal, s.start_at, s.end_at, s.completed_at) for s in company.sprints.values()],
            [
                (p.key, p.name, p.readable, p.archived, [(v.name, v.released, v.archived) for v in p.versions])
                for p in company.jira_projects.values()
            ],
            [(b.name, b.project_ids, b.columns, b.estimation_field) for b in company.boards.values()],
            [(status.name, status.category) for status in company.statuses.values()],
            [(person.name, person.email, person.is_active) for person in company.people.values()],
            len(company.links),
        )

    def _index(self, issues: list[JiraIssue]) -> None:
        self._by_ref = {}
        self.children, self.links = defaultdict(list), defaultdict(list)
        self.worklogs, self.worklog_of = [], {}
        by_project: dict[str, list[JiraIssue]] = defaultdict(list)
        self._issues_of_sprint = defaultdict(list)
        visible = [issue for issue in issues if self.may_browse(issue)]
        for issue in visible:
            for key in issue.old_keys:
                self._by_ref[key.upper()] = issue
        for issue in visible:
            self._by_ref[issue.id] = issue
            self._by_ref[issue.key.upper()] = issue
            if issue.parent_id:
                self.children[issue.parent_id].append(issue)
            for sprint_id in issue.sprint_ids:
                self._issues_of_sprint[sprint_id].append(issue)
            for worklog in issue.worklogs:
                self.worklogs.append((millis(worklog.updated_at), worklog, issue))
                self.worklog_of[worklog.id] = (worklog, issue)
            if not self.company.jira_projects[issue.project_id].archived:
                by_project[issue.project_id].append(issue)
        self.worklogs.sort(key=lambda entry: (entry[0], int(entry[1].id)))
        for link in self.company.links.values():
            if link.source_id in self._by_ref and link.target_id in self._by_ref:
                self.links[link.source_id].append(link)
                self.links[link.target_id].append(link)
        self._by_project = {project_id: UpdatedIndex(found) for project_id, found in by_project.items()}
        self._everywhere = UpdatedIndex(issue for found in by_project.values() for issue in found)
        self._boards_of_sprint = self._place_sprints()

    def _place_sprints(self) -> dict[int, set[int]]:
        """Sprint id to the boards that show it: its own, and every scrum board whose filter holds one of its issues."""
        boards_of_project: dict[str, list[int]] = defaultdict(list)
        for board in self.boards():
            if board.type == "scrum":
                for project_id in board.project_ids:
                    boards_of_project[project_id].append(board.id)
        placed: dict[int, set[int]] = {}
        for sprint in self.company.sprints.values():
            projects = {issue.project_id for issue in self._issues_of_sprint.get(sprint.id, ())}
            placed[sprint.id] = {sprint.board_id}.union(*(boards_of_project[project] for project in projects))
        return placed

    # --- Who sees what -----------------------------------------------------------------------------------------

    @property
    def account(self) -> Person:
        """Whose token it is: the person with the account's e-mail address, else the first one who still works here."""
        people = [person for person in self.company.people.values() if person.is_active and not person.is_bot]
        return next((person for person in people if person.email == self.email), people[0])

    def may_browse(self, issue: JiraIssue) -> bool:
        """Whether the issue exists and the account may see it."""
        is_shown = issue.deleted_at is None and not issue.is_hidden
        return is_shown and self.company.jira_projects[issue.project_id].readable

    def issue(self, ref: str) -> JiraIssue:
        """An issue by id, by key, or by a key it had before it moved; 404 if there is none to see."""
        found = self.find_issue(ref)
        if found is None:
            raise JiraError(404, "Issue does not exist or you do not have permission to see it.")
        return found

    def find_issue(self, ref: str) -> JiraIssue | None:
        """The same, or None."""
        return self._by_ref.get(ref.strip().upper())

    def project(self, ref: str) -> JiraProject:
        """A browsable project by id or key (in any case, also one of before), archived ones too; 404 otherwise."""
        projects = [project for project in self.company.jira_projects.values() if project.readable]
        for project in projects:
            if ref.upper() in (project.id, project.key.upper()):
                return project
        for project in projects:
            if ref.upper() in project.old_keys:
                return project
        raise JiraError(404, f"No project could be found with {'id' if ref.isdigit() else 'key'} '{ref}'.")

    def searchable_projects(self) -> list[JiraProject]:
        """Projects that JQL knows: browsable and not archived."""
        return [p for p in self.company.jira_projects.values() if p.readable and not p.archived]

    # --- Searching ---------------------------------------------------------------------------------------------

    def updated_between(
        self, project_ids: Iterable[str] | None, lowest: int | None, highest: int | None
    ) -> Sequence[JiraIssue]:
        """Searchable issues of the projects (None: all) updated in the range, in order of (updated, id)."""
        if project_ids is None:
            return self._everywhere.between(lowest, highest)
        wanted = set(project_ids)
        if len(wanted) == 1:
            index = self._by_project.get(next(iter(wanted)))
            return index.between(lowest, highest) if index else []
        return [issue for issue in self._everywhere.between(lowest, highest) if issue.project_id in wanted]

    # --- Boards and sprints ------------------------------------------------------------------------------------

    def boards(self) -> list[JiraBoard]:
        """Boards with at least one searchable project, by id."""
        projects = {project.id for project in self.searchable_projects()}
        shown = [board for board in self.company.boards.values() if projects.intersection(board.project_ids)]
        return sorted(shown, key=lambda board: board.id)

    def sprints_of(self, board: JiraBoard) -> list[JiraSprint]:
        """Sprints the board shows: closed, then active, then future ones."""
        shown = [s for s in self.company.sprints.values() if board.id in self._boards_of_sprint[s.id]]
        return sorted(shown, key=lambda sprint: (SPRINT_STATES.index(sprint.state), sprint.id))

    def issues_in(self, sprint_id: int) -> list[JiraIssue]:
        """Issues whose Sprint field holds the sprint, by id."""
        return sorted(self._issues_of_sprint.get(sprint_id, ()), key=lambda issue: int(issue.id))
