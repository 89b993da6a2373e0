"""The only code that changes a Jira issue: value, history entry and the observer's notes in one step.

Two changes of one issue never share a millisecond: a change that would comes a little later.
"""

from collections.abc import Sequence
from typing import Any

from itpm_pipeline.sandbox.company.fields import LINK_TYPES, SUBTASK_TYPES
from itpm_pipeline.sandbox.company.hours import moment_of
from itpm_pipeline.sandbox.company.jira_fields import (
    WORDINGS,
    link_item,
    move_items,
    parent_item,
    rank_item,
    remote_link_item,
)
from itpm_pipeline.sandbox.company.model import (
    Company,
    HistoryEntry,
    HistoryItem,
    JiraIssue,
    JiraLink,
    JiraProject,
    JiraSprint,
    RemoteLink,
    Worklog,
)
from itpm_pipeline.sandbox.company.truth import Observer, Standing

_CATEGORIES = {"new": "todo", "indeterminate": "in_progress", "done": "done"}
_STANDING = frozenset({"status_id", "points", "sprint_ids"})
_FIRST_ISSUE_ID, _FIRST_LINK_ID, _FIRST_WORKLOG_ID, _FIRST_REMOTE_ID = 10_100, 20_000, 30_000, 500


def sprint_name(sprint_id: int) -> str:
    """Name of a sprint in the truth."""
    return f"jira:{sprint_id}"


class JiraLedger:
    """Books every event of the Jira site. Instants are milliseconds since 1970."""

    def __init__(self, company: Company, observer: Observer, epic_links_until: int) -> None:
        self._company = company
        self._observer = observer
        self._epic_links_until = epic_links_until
        self._last: dict[str, int] = {}
        self._open_sprint: dict[str, int] = {}
        self._inside: dict[int, dict[str, None]] = {}
        self._done_statuses = {board.id: frozenset(board.columns[-1][1]) for board in company.boards.values()}
        self._projects = {project.key: project for project in company.jira_projects.values()}
        self._numbers = {"issue": _FIRST_ISSUE_ID, "link": _FIRST_LINK_ID, "worklog": _FIRST_WORKLOG_ID,
                         "remote": _FIRST_REMOTE_ID}
        self._links_of: dict[str, list[JiraLink]] = {}

    def project(self, key: str) -> JiraProject:
        """The project of that key."""
        return self._projects[key]

    def create(
        self, at: int, author: str, project_key: str, type_: str, summary: str, status_id: str, **values: Any
    ) -> JiraIssue:
        """A new issue; ``values`` are set from the beginning and so leave no history."""
        project = self._projects[project_key]
        issue = JiraIssue(
            id=str(self._number("issue")), key=f"{project.key}-{project.next_number}", project_id=project.id,
            type=type_, summary=summary, reporter=author, created_at=moment_of(at), updated_at=moment_of(at),
            status_id=status_id, **values,
        )
        project.next_number += 1
        self._company.jira_issues[issue.id] = issue
        self._last[issue.id] = at
        self._observer.born(issue.id, self._category(issue))
        return issue

    def change(self, issue: JiraIssue, at: int, author: str, **values: Any) -> None:
        """Set fields in one entry, in the order given; values that are the same already are left out."""
        changed = {name: value for name, value in values.items() if getattr(issue, name) != value}
        if not changed:
            return
        items: list[HistoryItem] = []
        for name, value in changed.items():
            items += WORDINGS[name](self._company, issue, value)
        instant = self._enter(issue, at, author, items)
        for name, value in changed.items():
            setattr(issue, name, value)
        if "resolution" in changed:
            issue.resolved_at = moment_of(instant) if issue.resolution else None
        if "status_id" in changed:
            self._observer.moved(issue.id, self._category(issue), instant)
        if not _STANDING.isdisjoint(changed):
            self._note_standing(issue)

    # --- Sprints

    def put_into_sprint(self, issue: JiraIssue, at: int, author: str, sprint_id: int | None) -> None:
        """Move to a sprint, or to the backlog; the sprints that were closed while it was in them stay listed."""
        sprints = self._company.sprints
        listed = [number for number in issue.sprint_ids if sprints[number].state == "closed"]
        if sprint_id is not None:
            listed.append(sprint_id)
        left = self._leave(issue)
        if sprint_id is not None:
            self._join(issue, sprint_id)
        self.change(issue, at, author, sprint_ids=listed)
        if left is not None and left != sprint_id:
            self._observer.in_box(sprint_name(left), self._standing(issue, left))

    def open_sprint(self, sprint: JiraSprint, at: int, planned_end: int) -> None:
        """The sprint starts now with the issues that are in it."""
        sprint.state = "active"
        sprint.start_at, sprint.end_at = moment_of(at), moment_of(planned_end)
        standings = [self._standing(issue, sprint.id) for issue in self.issues_in(sprint.id) if _counts(issue)]
        self._observer.box_opened(sprint_name(sprint.id), at, standings)

    def close_sprint(self, sprint: JiraSprint, at: int) -> list[JiraIssue]:
        """The sprint ends now; the issues that were in it and are not complete."""
        inside = self.issues_in(sprint.id)
        sprint.state = "closed"
        sprint.completed_at = moment_of(at)
        self._observer.box_closed(sprint_name(sprint.id), at)
        for issue in inside:
            self._leave(issue)
        return [issue for issue in inside if not self.is_complete(issue, sprint)]

    def lose_at_close(self, issue: JiraIssue, at: int, author: str, closing: JiraSprint, following: int) -> None:
        """The roll-over as some sites book it: the closing sprint vanishes from the list moments before its end.

        To be called after :meth:`close_sprint`, whose account must not see it.
        """
        listed = [number for number in issue.sprint_ids if number != closing.id]
        self._join(issue, following)
        self.change(issue, at, author, sprint_ids=[*listed, following])

    def issues_in(self, sprint_id: int) -> list[JiraIssue]:
        """Issues in an open sprint."""
        return [self._company.jira_issues[key] for key in self._inside.get(sprint_id, ())]

    def sprint_of(self, issue: JiraIssue) -> int | None:
        """The open sprint an issue is in."""
        return self._open_sprint.get(issue.id)

    def is_complete(self, issue: JiraIssue, sprint: JiraSprint) -> bool:
        """Whether the issue stands in the right-most column of the sprint's own board."""
        return issue.status_id in self._done_statuses[sprint.board_id]

    def _join(self, issue: JiraIssue, sprint_id: int) -> None:
        self._open_sprint[issue.id] = sprint_id
        self._inside.setdefault(sprint_id, {})[issue.id] = None

    def _leave(self, issue: JiraIssue) -> int | None:
        sprint_id = self._open_sprint.pop(issue.id, None)
        if sprint_id is not None:
            del self._inside[sprint_id][issue.id]
        return sprint_id

    def _standing(self, issue: JiraIssue, sprint_id: int) -> Standing:
        sprint = self._company.sprints[sprint_id]
        is_member = sprint_id in issue.sprint_ids
        return Standing(issue.id, is_member, self.is_complete(issue, sprint), issue.points)

    def _note_standing(self, issue: JiraIssue) -> None:
        sprint_id = self._open_sprint.get(issue.id)
        if sprint_id is not None and _counts(issue):
            self._observer.in_box(sprint_name(sprint_id), self._standing(issue, sprint_id))

    # --- Structure

    def set_parent(self, issue: JiraIssue, at: int, author: str, parent_id: str | None) -> None:
        """Put under an epic, or take from it."""
        if issue.parent_id != parent_id:
            epic_link = at < self._epic_links_until and issue.type not in SUBTASK_TYPES
            self._enter(issue, at, author, parent_item(self._company, issue, parent_id, as_epic_link=epic_link))
            issue.parent_id = parent_id

    def move(self, issue: JiraIssue, at: int, author: str, project_key: str) -> None:
        """Move to another project: a new key, the same id; epic, versions and components stay behind."""
        before, after = self._company.jira_projects[issue.project_id], self._projects[project_key]
        if issue.parent_id:
            self.set_parent(issue, at, author, None)
        self.change(issue, at, author, fix_version_ids=[])
        new_key = f"{after.key}-{after.next_number}"
        after.next_number += 1
        self._enter(issue, at, author, move_items(issue, (before.id, before.name), (after.id, after.name), new_key))
        issue.old_keys.append(issue.key)
        issue.key, issue.project_id, issue.components = new_key, after.id, []

    def delete(self, issue: JiraIssue, at: int, author: str) -> None:
        """Delete, with its links."""
        for link in list(self._links_of.get(issue.id, ())):
            self.unlink(link, at, author)
        issue.deleted_at = moment_of(self._instant(issue, at))
        self._leave(issue)

    # --- Links

    def link(self, at: int, author: str, type_: str, source: JiraIssue, target: JiraIssue) -> JiraLink:
        """Link: source *outward* target."""
        link = JiraLink(str(self._number("link")), type_, source.id, target.id)
        self._company.links[link.id] = link
        for end in (source, target):
            self._links_of.setdefault(end.id, []).append(link)
        self._book_link(link, at, author, is_added=True)
        return link

    def unlink(self, link: JiraLink, at: int, author: str) -> None:
        """Remove a link."""
        del self._company.links[link.id]
        for end in (link.source_id, link.target_id):
            self._links_of[end].remove(link)
        self._book_link(link, at, author, is_added=False)

    def _book_link(self, link: JiraLink, at: int, author: str, *, is_added: bool) -> None:
        source, target = (self._company.jira_issues[end] for end in (link.source_id, link.target_id))
        _, outward, inward = LINK_TYPES.get(link.type, ("", link.type.lower(), link.type.lower()))
        self._enter(source, at, author, link_item(target.key, outward, is_added=is_added))
        self._enter(target, at, author, link_item(source.key, inward, is_added=is_added))

    def link_outside(self, issue: JiraIssue, at: int, author: str, url: str, title: str, words: str | None) -> None:
        """Link to an address outside Jira."""
        issue.remote_links.append(RemoteLink(self._number("remote"), url, title, words))
        self._enter(issue, at, author, remote_link_item(title, words or "links to"))

    # --- Small things

    def comment(self, issue: JiraIssue, at: int) -> None:
        """Somebody comments; comments are no history but count as an update."""
        issue.comment_count += 1
        issue.updated_at = moment_of(self._instant(issue, at))

    def rank(self, issue: JiraIssue, at: int, author: str, *, is_higher: bool) -> None:
        """Somebody drags the issue in the backlog."""
        self._enter(issue, at, author, rank_item(is_higher=is_higher))

    def log_work(self, issue: JiraIssue, at: int, author: str, seconds: int, comment: str = "") -> None:
        """Work of ``seconds`` that ended at ``at``; what remains shrinks."""
        instant = self._instant(issue, at)
        issue.worklogs.append(Worklog(
            str(self._number("worklog")), author, moment_of(at - seconds * 1_000), seconds, moment_of(instant), comment
        ))
        issue.updated_at = moment_of(instant)
        if issue.remaining_seconds:
            self.change(issue, at, author, remaining_seconds=max(0, issue.remaining_seconds - seconds))

    def _enter(self, issue: JiraIssue, at: int, author: str, items: Sequence[HistoryItem]) -> int:
        instant = self._instant(issue, at)
        moment = moment_of(instant)
        issue.history.append(HistoryEntry("", moment, author, list(items)))
        issue.updated_at = moment
        return instant

    def _instant(self, issue: JiraIssue, at: int) -> int:
        instant = max(at, self._last[issue.id] + 1)
        self._last[issue.id] = instant
        return instant

    def _category(self, issue: JiraIssue) -> str:
        return _CATEGORIES[self._company.statuses[issue.status_id].category]

    def _number(self, kind: str) -> int:
        self._numbers[kind] += 1
        return self._numbers[kind]

    def finish(self) -> None:
        """Number the history entries of the site in order of time, and show sub-tasks in their parents' sprints."""
        issues = self._company.jira_issues
        entries = [entry for issue in issues.values() for entry in issue.history]
        entries.sort(key=lambda entry: entry.at)
        for number, entry in enumerate(entries, start=100_000):
            entry.id = str(number)
        for issue in issues.values():
            if issue.type in SUBTASK_TYPES and issue.parent_id:
                issue.sprint_ids = list(issues[issue.parent_id].sprint_ids)


def _counts(issue: JiraIssue) -> bool:
    """Sub-tasks follow their parent and count in no sprint."""
    return issue.type not in SUBTASK_TYPES
