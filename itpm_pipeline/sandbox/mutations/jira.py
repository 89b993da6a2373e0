"""Changes of the Jira site."""

from datetime import date, datetime
from typing import Any, TypedDict, Unpack

from itpm_pipeline.sandbox.clock import Clock
from itpm_pipeline.sandbox.company.fields import SUBTASK_TYPES
from itpm_pipeline.sandbox.company.hours import moment_of
from itpm_pipeline.sandbox.company.model import (
    Company,
    HistoryItem,
    JiraBoard,
    JiraIssue,
    JiraLink,
    JiraProject,
    JiraSprint,
    JiraVersion,
    Worklog,
)
from itpm_pipeline.sandbox.mutations.editing import Editor, MutationError, mutation
from itpm_pipeline.sandbox.mutations.jira_books import JiraBooks, spent, time_spent_item
from itpm_pipeline.sandbox.mutations.jira_finding import JiraFinding

__all__ = ["JiraChanges", "JiraEditor", "JiraValues"]


class JiraValues(TypedDict, total=False):
    """Fields of an issue. ``status`` is a name or an id, ``assignee`` a person's key, ``sprint`` and versions ids."""

    description: str
    status: str
    resolution: str | None
    points: float | None
    sprint: int | None
    assignee: str | None
    parent: str | None
    priority: str
    labels: list[str]
    due_date: date | None
    start_date: date | None
    fix_version_ids: list[str]
    is_flagged: bool
    original_seconds: int | None
    remaining_seconds: int | None


class JiraChanges(JiraValues, total=False):
    """Fields that an issue may get later."""

    summary: str


class JiraEditor(Editor):
    """Issues are named by id (found at once) or by key, also one of before; projects by key or id."""

    def __init__(self, company: Company, clock: Clock) -> None:
        super().__init__(company, clock)
        self._books = JiraBooks(company)
        self._find = JiraFinding(company)

    def latest(self) -> int:
        """The latest instant that was booked."""
        return self._books.latest

    def told(self, made: Any) -> dict[str, Any]:
        """Ids, and keys where there are any."""
        if made is None:
            return {}
        return {"id": made.id} | ({"key": made.key} if isinstance(made, JiraIssue | JiraProject) else {})

    # --- Issues --------------------------------------------------------------------------------------------------

    @mutation
    def update(self, issue: str, **values: Unpack[JiraChanges]) -> JiraIssue:
        """Change fields in one history entry (parent and sprint have entries of their own).

        A status of the category done sets the resolution, any other clears it, unless one is given.
        """
        found = self._find.issue(issue)
        self._set(found, values)
        return found

    @mutation
    def create(
        self, /, project: str, summary: str, type: str = "Task", **values: Unpack[JiraValues]  # noqa: A002
    ) -> JiraIssue:
        """A new issue in the first status of its project, then the values as an update."""
        owner = self._find.project(project)
        status = self._find.first_status(owner)
        found = self._books.create(self.now, self.author, owner.key, type, summary, status)
        self._set(found, values)
        return found

    @mutation
    def delete(self, issue: str) -> JiraIssue:
        """Delete with sub-tasks, links and logged work; an epic's children stay, without it."""
        found = self._find.issue(issue)
        for gone in (*self._books.subtasks(found), found):
            self._books.delete(gone, self.now, self.author)
            self.company.deleted_worklogs += [(worklog.id, moment_of(self.now)) for worklog in gone.worklogs]
        return found

    @mutation
    def move(self, issue: str, project: str) -> JiraIssue:
        """Move to another project: same id, new key, and a status that the project has; sub-tasks go with it."""
        found, target = self._find.issue(issue), self._find.project(project)
        if found.project_id == target.id or found.type in SUBTASK_TYPES:
            raise MutationError(f"{issue} cannot be moved to {target.key}")
        children = self._books.subtasks(found)
        statuses = {one.id: self._find.fitting_status(one, target) for one in (found, *children)}
        self._books.move(found, self.now, self.author, target.key)
        for child in children:
            self._books.change(child, self.now, self.author, fix_version_ids=[])
            self._books.follow(child, self.now, self.author, target)
        for moved in (found, *children):
            self._books.change(moved, self.now, self.author, status_id=statuses[moved.id])
        return found

    @mutation
    def hide_issue(self, issue: str, *, is_hidden: bool = True) -> JiraIssue:
        """Give it a security level that our account lacks, or take it away."""
        found = self._find.issue(issue)
        found.is_hidden = is_hidden
        return found

    @mutation
    def comment(self, issue: str) -> JiraIssue:
        """Somebody comments: an update without history."""
        found = self._find.issue(issue)
        self._books.comment(found, self.now)
        return found

    @mutation
    def link(self, source: str, target: str, type: str = "Blocks") -> JiraLink:  # noqa: A002 - Jira's word
        """Link two issues: source *outward* target."""
        return self._books.link(self.now, self.author, type, self._find.issue(source), self._find.issue(target))

    @mutation
    def unlink(self, link: str) -> None:
        """Remove a link, given by its id."""
        if link not in self.company.links:
            raise MutationError(f"there is no link {link}")
        self._books.unlink(self.company.links[link], self.now, self.author)

    @mutation
    def add_remote_link(self, issue: str, url: str, title: str, relationship: str | None = None) -> JiraIssue:
        """Link to an address outside Jira."""
        found = self._find.issue(issue)
        self._books.link_outside(found, self.now, self.author, url, title, relationship)
        return found

    @mutation
    def log_work(self, issue: str, seconds: int, comment: str = "") -> Worklog:
        """Work of so many seconds ended now."""
        found = self._find.issue(issue)
        self._books.log_work(found, self.now, self.author, seconds, comment)
        return found.worklogs[-1]

    @mutation
    def delete_worklog(self, worklog: str) -> JiraIssue:
        """Delete one, given by its id."""
        for issue in self.company.jira_issues.values():
            for one in issue.worklogs:
                if one.id == worklog and issue.deleted_at is None:
                    before = spent(issue)
                    issue.worklogs.remove(one)
                    self.company.deleted_worklogs.append((one.id, moment_of(self.now)))
                    number = HistoryItem("WorklogId", None, "jira", one.id, one.id, None, None)
                    items = [time_spent_item(before, before - one.seconds), number]
                    self._books.book(issue, self.now, self.author, items)
                    return issue
        raise MutationError(f"there is no worklog {worklog}")

    def _set(self, issue: JiraIssue, values: JiraValues) -> None:
        changed: dict[str, Any] = dict(values)
        if "status" in changed:
            status = self._find.status(issue, changed.pop("status"))
            changed["status_id"] = status.id
            done = "Done" if issue.resolution is None else issue.resolution
            changed.setdefault("resolution", done if status.category == "done" else None)
        if changed.get("assignee") is not None and changed["assignee"] not in self.company.people:
            raise MutationError(f"there is no person {changed['assignee']}")
        parent, sprint = changed.pop("parent", issue.parent_id), changed.pop("sprint", None)
        parent_id = self._find.issue(parent).id if parent else None
        if "sprint" in values and sprint is not None:
            self._find.sprint(sprint)
        self._books.change(issue, self.now, self.author, **changed)
        if parent_id != issue.parent_id:
            self._books.set_parent(issue, self.now, self.author, parent_id)
        if "sprint" in values:
            self._books.put_into_sprint(issue, self.now, self.author, sprint)
            for child in self._books.subtasks(issue):
                child.sprint_ids = list(issue.sprint_ids)

    # --- Projects and versions -----------------------------------------------------------------------------------

    @mutation
    def rename_project(self, project: str, key: str, name: str | None = None) -> JiraProject:
        """Another key, for all its issues too: the old ones still find them; updates and histories stay as they are."""
        found = self._find.project(project)
        if any(key in (one.key, *one.old_keys) for one in self.company.jira_projects.values()):
            raise MutationError(f"a project is or was called {key}")
        self._books.rename(found, key)
        found.name = name or found.name
        return found

    @mutation
    def hide_project(self, project: str, *, is_hidden: bool = True) -> JiraProject:
        """Take the permission to browse it from our account, or give it back."""
        found = self._find.project(project)
        found.readable = not is_hidden
        return found

    @mutation
    def archive_project(self, project: str, *, is_archived: bool = True) -> JiraProject:
        """Archive, or restore."""
        found = self._find.project(project)
        found.archived = is_archived
        return found

    @mutation
    def update_version(
        self, version: str, name: str | None = None, release_date: date | None = None, *, released: bool | None = None
    ) -> JiraVersion:
        """Change what is given of a version, named by its id; no issue tells of it."""
        found = self._find.version(version)
        found.name = name or found.name
        found.release_date = release_date or found.release_date
        found.released = found.released if released is None else released
        return found

    # --- Boards and sprints --------------------------------------------------------------------------------------

    @mutation
    def configure_board(
        self, board: int, columns: list[tuple[str, list[str]]] | None = None, estimation_field: str | None = None
    ) -> JiraBoard:
        """Other columns, (name, status ids) from left to right, or another estimation field; Jira keeps no history."""
        found = self._find.board(board)
        unknown = {status for _, ids in columns or () for status in ids} - self.company.statuses.keys()
        if unknown:
            raise MutationError(f"there is no status {min(unknown)}")
        found.columns = found.columns if columns is None else columns
        found.estimation_field = estimation_field or found.estimation_field
        return found

    @mutation
    def create_sprint(self, board: int, name: str) -> JiraSprint:
        """A future sprint."""
        number = max(self.company.sprints, default=0) + 1
        sprint = JiraSprint(number, name, self._find.board(board).id, "future", moment_of(self.now))
        self.company.sprints[number] = sprint
        return sprint

    @mutation
    def start_sprint(self, sprint: int, end_at: datetime) -> JiraSprint:
        """A future sprint begins now."""
        found = self._find.sprint(sprint)
        found.state, found.start_at, found.end_at = "active", moment_of(self.now), end_at
        return found

    @mutation
    def close_sprint(self, sprint: int, following: int | None = None) -> JiraSprint:
        """The active sprint ends now; what is not complete goes to ``following`` or to the backlog."""
        found = self._find.sprint(sprint)
        if found.state != "active":
            raise MutationError(f"sprint {sprint} is {found.state}")
        if following is not None:
            self._find.sprint(following)
        left = self._books.close_sprint(found, self.now)
        for issue in left if following is not None else ():
            self._books.put_into_sprint(issue, self.now, self.author, following)
        return found

    @mutation
    def update_sprint(
        self, sprint: int, name: str | None = None, goal: str | None = None, end_at: datetime | None = None
    ) -> JiraSprint:
        """Change what is given; no history tells of it."""
        found = self._find.sprint(sprint)
        found.name, found.goal, found.end_at = name or found.name, goal or found.goal, end_at or found.end_at
        return found

    @mutation
    def move_sprint(self, sprint: int, board: int) -> JiraSprint:
        """Give it another board of origin."""
        found = self._find.sprint(sprint)
        found.board_id = self._find.board(board).id
        return found

    @mutation
    def delete_sprint(self, sprint: int, *, with_history: bool = False) -> JiraSprint:
        """Delete; issues lose it. Whether their histories tell depends on the site, so it can be chosen."""
        found = self._find.sprint(sprint)
        self._books.forget_sprint(found, self.now, self.author, with_history=with_history)
        return found
