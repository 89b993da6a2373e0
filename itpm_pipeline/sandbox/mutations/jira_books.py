"""The Jira ledger of a company whose history is written: goes on where it ends."""

from collections.abc import Iterable
from typing import Any

from itpm_pipeline.sandbox.company.fields import SUBTASK_TYPES
from itpm_pipeline.sandbox.company.hours import instant_of, moment_of
from itpm_pipeline.sandbox.company.jira_fields import WORDINGS, move_items
from itpm_pipeline.sandbox.company.jira_ledger import JiraLedger
from itpm_pipeline.sandbox.company.model import Company, HistoryEntry, HistoryItem, JiraIssue, JiraProject, JiraSprint
from itpm_pipeline.sandbox.mutations.unobserved import Unobserved


class JiraBooks(JiraLedger):
    """``latest`` is the latest instant booked here."""

    def __init__(self, company: Company) -> None:
        super().__init__(company, Unobserved(), epic_links_until=0)
        issues = company.jira_issues.values()
        self.latest = 0
        self._last = {issue.id: instant_of(issue.updated_at) for issue in issues}
        self._entries = max((int(entry.id) for issue in issues for entry in issue.history), default=100_000)
        used: dict[str, Iterable[str | int]] = {
            "issue": (issue.id for issue in issues),
            "link": company.links,
            "worklog": (worklog.id for issue in issues for worklog in issue.worklogs),
            "remote": (link.id for issue in issues for link in issue.remote_links),
        }
        for kind, numbers in used.items():
            self._numbers[kind] = max(self._numbers[kind], *map(int, numbers), 0)
        self._children: dict[str, list[JiraIssue]] = {}
        for issue in issues:
            self._place(issue)
        for link in company.links.values():
            for end in (link.source_id, link.target_id):
                self._links_of.setdefault(end, []).append(link)
        for issue in issues:
            for sprint in issue.sprint_ids:
                if company.sprints[sprint].state != "closed" and issue.deleted_at is None:
                    self._join(issue, sprint)

    def rename(self, project: JiraProject, key: str) -> None:
        """Another key for a project and all its issues; nothing of it shows in histories or updates."""
        del self._projects[project.key]
        project.old_keys.append(project.key)
        project.key = key
        self._projects[key] = project
        for issue in self._company.jira_issues.values():
            if issue.project_id == project.id:
                issue.old_keys.append(issue.key)
                issue.key = f"{key}-{issue.key.rpartition('-')[2]}"

    def follow(self, issue: JiraIssue, at: int, author: str, project: JiraProject) -> None:
        """A sub-task moves with its parent, which it keeps."""
        before = self._company.jira_projects[issue.project_id]
        key = f"{project.key}-{project.next_number}"
        project.next_number += 1
        self._enter(issue, at, author, move_items(issue, (before.id, before.name), (project.id, project.name), key))
        issue.old_keys.append(issue.key)
        issue.key, issue.project_id, issue.components = key, project.id, []

    def forget_sprint(self, sprint: JiraSprint, at: int, author: str, *, with_history: bool) -> None:
        """Take a sprint that is deleted out of all issues; without history nothing of it shows in them."""
        del self._company.sprints[sprint.id]
        for issue in self._company.jira_issues.values():
            if sprint.id not in issue.sprint_ids:
                continue
            left = [number for number in issue.sprint_ids if number != sprint.id]
            if self._open_sprint.get(issue.id) == sprint.id:
                self._leave(issue)
            if with_history:
                self._company.sprints[sprint.id] = sprint
                items = WORDINGS["sprint_ids"](self._company, issue, left)
                del self._company.sprints[sprint.id]
                self._enter(issue, at, author, items)
            issue.sprint_ids = left

    def book(self, issue: JiraIssue, at: int, author: str, items: list[HistoryItem]) -> int:
        """Add an entry that tells of no attribute of the issue; the instant it got."""
        return self._enter(issue, at, author, items)

    def log_work(self, issue: JiraIssue, at: int, author: str, seconds: int, comment: str = "") -> None:
        """Work that ended now; unlike the simulated history, the entry for the time spent is written too."""
        before = spent(issue)
        super().log_work(issue, at, author, seconds, comment)
        self.book(issue, at, author, [time_spent_item(before, before + seconds)])

    def is_complete(self, issue: JiraIssue, sprint: JiraSprint) -> bool:
        """Whether the issue stands in the right-most column that the sprint's own board has now."""
        return issue.status_id in self._company.boards[sprint.board_id].columns[-1][1]

    def subtasks(self, issue: JiraIssue) -> list[JiraIssue]:
        """Sub-tasks of an issue that exist."""
        return [child for child in self._children.get(issue.id, ()) if child.deleted_at is None]

    def set_parent(self, issue: JiraIssue, at: int, author: str, parent_id: str | None) -> None:
        """Put under another issue, or take from it."""
        if issue in self._children.get(issue.parent_id or "", ()):
            self._children[issue.parent_id or ""].remove(issue)
        super().set_parent(issue, at, author, parent_id)
        self._place(issue)

    def _place(self, issue: JiraIssue) -> None:
        if issue.type in SUBTASK_TYPES and issue.parent_id:
            self._children.setdefault(issue.parent_id, []).append(issue)

    def _enter(self, issue: JiraIssue, at: int, author: str, items: Any) -> int:
        instant = self._instant(issue, at)
        self._entries += 1
        issue.history.append(HistoryEntry(str(self._entries), moment_of(instant), author, list(items)))
        issue.updated_at = moment_of(instant)
        return instant

    def _instant(self, issue: JiraIssue, at: int) -> int:
        instant = super()._instant(issue, at)
        self.latest = max(self.latest, instant)
        return instant


def spent(issue: JiraIssue) -> int:
    """Seconds logged on an issue."""
    return sum(worklog.seconds for worklog in issue.worklogs)


def time_spent_item(before: int, after: int) -> HistoryItem:
    """How a history words a change of the time spent."""
    words = [str(seconds) if seconds else None for seconds in (before, after)]
    return HistoryItem("timespent", "timespent", "jira", words[0], words[0], words[1], words[1])
