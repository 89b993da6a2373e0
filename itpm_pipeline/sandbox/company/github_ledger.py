"""The only code that changes a GitHub issue: value, timeline event and the observer's notes in one step.

GitHub counts in whole seconds; two events of one issue never share one. What happens on a project (v2) has no effect
on an issue's ``updated_at``, and iterations and estimates leave no event at all.
"""

from typing import Any

from itpm_pipeline.sandbox.company.hours import SECOND, moment_of
from itpm_pipeline.sandbox.company.identifiers import node_id
from itpm_pipeline.sandbox.company.iteration_ledger import IterationLedger
from itpm_pipeline.sandbox.company.model import (
    Company,
    GithubIssue,
    GithubProject,
    Milestone,
    ProjectItem,
    Repository,
    TimelineEvent,
)
from itpm_pipeline.sandbox.company.truth import Observer

_WITHOUT_UPDATE = frozenset({
    "AddedToProjectV2Event", "RemovedFromProjectV2Event", "ProjectV2ItemStatusChangedEvent", "MentionedEvent",
    "SubscribedEvent",
})
IN_PROGRESS_LABEL, BLOCKED_LABEL = "in progress", "blocked"
TODO, DOING, REVIEW, DONE = "Todo", "In Progress", "In Review", "Done"


class GithubLedger:
    """Books every event of the GitHub organisation. Instants are milliseconds since 1970, rounded to seconds."""

    def __init__(self, company: Company, observer: Observer, iteration_zone: str) -> None:
        self._company = company
        self._observer = observer
        self._last: dict[str, int] = {}
        self._number = 100_000
        self._milestones: dict[str, Milestone] = {}
        self.issues: dict[str, GithubIssue] = {}
        """By node id."""
        self.items: dict[str, tuple[GithubProject, ProjectItem]] = {}
        """Project and item of an issue, by the issue's node id."""
        self.iterations = IterationLedger(observer, self.issues, self.items, iteration_zone)

    def next_number(self) -> int:
        """A database id that no other object has."""
        self._number += 1
        return self._number

    # --- Issues

    def create(
        self, at: int, author: str | None, repo: Repository, title: str, body: str, type_: str | None = None
    ) -> GithubIssue:
        """A new issue."""
        number = self.next_number()
        at -= at % SECOND
        issue = GithubIssue(
            node_id=node_id("I", number), database_id=number, repo=repo.name, number=repo.next_number, title=title,
            author=author, created_at=moment_of(at), updated_at=moment_of(at), body=body,
        )
        repo.next_number += 1
        repo.issues.append(issue)
        self.issues[issue.node_id] = issue
        self._last[issue.node_id] = at
        self._observer.born(issue.node_id)
        if type_:
            self.event(issue, at, author, "IssueTypeAddedEvent", issueType=type_)
            issue.issue_type = type_
        return issue

    def event(self, issue: GithubIssue, at: int, actor: str | None, kind: str, **data: Any) -> int:
        """Add a timeline event; the instant it got."""
        instant = max(at - at % SECOND, self._last[issue.node_id] + SECOND)
        self._last[issue.node_id] = instant
        moment = moment_of(instant)
        issue.timeline.append(TimelineEvent(node_id(_PREFIXES.get(kind, "EV"), self.next_number()), kind, moment,
                                            actor, data))
        if kind not in _WITHOUT_UPDATE:
            issue.updated_at = moment
        return instant

    def close(
        self, issue: GithubIssue, at: int, actor: str | None, reason: str = "COMPLETED", closer: str | None = None
    ) -> None:
        """Close; on a project the built-in automation then sets the status."""
        instant = self.event(issue, at, actor, "ClosedEvent", stateReason=reason, closer=closer)
        issue.state, issue.state_reason, issue.closed_at = "CLOSED", reason, moment_of(instant)
        self._observe(issue, instant)
        self.iterations.changed(issue)
        if issue.node_id in self.items:
            self.set_status(issue, instant + SECOND, actor, DONE, automated=True)

    def reopen(self, issue: GithubIssue, at: int, actor: str | None) -> None:
        """Open again; on a project the status becomes in progress."""
        instant = self.event(issue, at, actor, "ReopenedEvent", stateReason="REOPENED")
        issue.state, issue.state_reason, issue.closed_at = "OPEN", "REOPENED", None
        self._observe(issue, instant)
        self.iterations.changed(issue)
        if issue.node_id in self.items:
            self.set_status(issue, instant + SECOND, actor, DOING, automated=True)

    def assign(self, issue: GithubIssue, at: int, actor: str | None, person: str) -> None:
        """Assign a person."""
        if person not in issue.assignees:
            instant = self.event(issue, at, actor, "AssignedEvent", assignee=person)
            issue.assignees.append(person)
            self._observe(issue, instant)

    def unassign(self, issue: GithubIssue, at: int, actor: str | None, person: str) -> None:
        """Take the issue from a person."""
        instant = self.event(issue, at, actor, "UnassignedEvent", assignee=person)
        issue.assignees.remove(person)
        self._observe(issue, instant)

    def label(self, issue: GithubIssue, at: int, actor: str | None, label: str) -> None:
        """Put a label on."""
        if label not in issue.labels:
            repo = self._company.repositories[issue.repo]
            repo.labels.setdefault(label, f"{len(repo.labels) * 1_234_567 % 0xFFFFFF:06x}")
            instant = self.event(issue, at, actor, "LabeledEvent", label=label)
            issue.labels.append(label)
            self._observe(issue, instant)

    def unlabel(self, issue: GithubIssue, at: int, actor: str | None, label: str) -> None:
        """Take a label off."""
        if label in issue.labels:
            instant = self.event(issue, at, actor, "UnlabeledEvent", label=label)
            issue.labels.remove(label)
            self._observe(issue, instant)

    def milestone(self, issue: GithubIssue, at: int, actor: str | None, milestone: Milestone | None) -> None:
        """Put into a milestone (leaving the one before), or take out."""
        if issue.milestone is not None:
            before = self._milestones[issue.milestone]
            self.event(issue, at, actor, "DemilestonedEvent", milestoneTitle=before.title)
            issue.milestone = None
        if milestone is not None:
            self._milestones[milestone.node_id] = milestone
            self.event(issue, at, actor, "MilestonedEvent", milestoneTitle=milestone.title)
            issue.milestone = milestone.node_id

    def rename(self, issue: GithubIssue, at: int, actor: str | None, title: str) -> None:
        """Change the title."""
        self.event(issue, at, actor, "RenamedTitleEvent", previousTitle=issue.title, currentTitle=title)
        issue.title = title

    def retype(self, issue: GithubIssue, at: int, actor: str | None, type_: str) -> None:
        """Change the issue type."""
        self.event(issue, at, actor, "IssueTypeChangedEvent", issueType=type_, prevIssueType=issue.issue_type)
        issue.issue_type = type_

    def comment(self, issue: GithubIssue, at: int) -> None:
        """Somebody comments."""
        instant = max(at - at % SECOND, self._last[issue.node_id] + SECOND)
        self._last[issue.node_id] = instant
        issue.comment_count += 1
        issue.updated_at = moment_of(instant)

    def delete(self, issue: GithubIssue, at: int) -> None:
        """Delete, with its item on a project and its relations; nothing of that leaves an event elsewhere."""
        issue.deleted_at = moment_of(at - at % SECOND)
        if issue.node_id in self.items:
            project, item = self.items.pop(issue.node_id)
            project.items.remove(item)
            if item.iteration_id:
                self.iterations.forget(issue, project, item.iteration_id)
        for other in issue.blocking:
            self.issues[other].blocked_by.remove(issue.node_id)
        for other in issue.blocked_by:
            self.issues[other].blocking.remove(issue.node_id)
        if issue.parent:
            self.issues[issue.parent].sub_issues.remove(issue.node_id)
        for other in issue.sub_issues:
            self.issues[other].parent = None
        issue.blocking, issue.blocked_by, issue.parent, issue.sub_issues = [], [], None, []

    # --- Relations

    def add_sub_issue(self, parent: GithubIssue, child: GithubIssue, at: int, actor: str | None) -> None:
        """Put an issue under another."""
        self.event(parent, at, actor, "SubIssueAddedEvent", subIssue=child.node_id)
        self.event(child, at, actor, "ParentIssueAddedEvent", parent=parent.node_id)
        parent.sub_issues.append(child.node_id)
        child.parent = parent.node_id

    def remove_sub_issue(self, parent: GithubIssue, child: GithubIssue, at: int, actor: str | None) -> None:
        """Take an issue from its parent."""
        self.event(parent, at, actor, "SubIssueRemovedEvent", subIssue=child.node_id)
        self.event(child, at, actor, "ParentIssueRemovedEvent", parent=parent.node_id)
        parent.sub_issues.remove(child.node_id)
        child.parent = None

    def block(self, blocker: GithubIssue, blocked: GithubIssue, at: int, actor: str | None) -> None:
        """Mark one issue as blocked by another."""
        self.event(blocked, at, actor, "BlockedByAddedEvent", blockingIssue=blocker.node_id)
        self.event(blocker, at, actor, "BlockingAddedEvent", blockedIssue=blocked.node_id)
        blocked.blocked_by.append(blocker.node_id)
        blocker.blocking.append(blocked.node_id)

    def unblock(self, blocker: GithubIssue, blocked: GithubIssue, at: int, actor: str | None) -> None:
        """Take the mark away."""
        self.event(blocked, at, actor, "BlockedByRemovedEvent", blockingIssue=blocker.node_id)
        self.event(blocker, at, actor, "BlockingRemovedEvent", blockedIssue=blocked.node_id)
        blocked.blocked_by.remove(blocker.node_id)
        blocker.blocking.remove(blocked.node_id)

    # --- Projects, version 2

    def add_to_project(self, issue: GithubIssue, at: int, actor: str | None, project: GithubProject) -> ProjectItem:
        """Put on a project, in its first status."""
        instant = self.event(issue, at, actor, "AddedToProjectV2Event", project=project.node_id)
        number, moment = self.next_number(), moment_of(instant)
        item = ProjectItem(node_id("PVTI", number), number, issue.node_id, moment, moment)
        project.items.append(item)
        self.items[issue.node_id] = (project, item)
        self.set_status(issue, instant + SECOND, actor, TODO, automated=True)
        return item

    def remove_from_project(self, issue: GithubIssue, at: int, actor: str | None) -> None:
        """Take off the project; its values there are lost."""
        project, item = self.items.pop(issue.node_id)
        project.items.remove(item)
        instant = self.event(issue, at, actor, "RemovedFromProjectV2Event", project=project.node_id)
        self._observe(issue, instant)

    def set_status(
        self, issue: GithubIssue, at: int, actor: str | None, status: str, *, automated: bool = False
    ) -> None:
        """Move on the project's board."""
        project, item = self.items[issue.node_id]
        if item.status == status:
            return
        instant = self.event(
            issue, at, actor, "ProjectV2ItemStatusChangedEvent", project=project.node_id,
            previousStatus=item.status or "", status=status, wasAutomated=automated,
        )
        item.status = status
        item.status_updated_at = item.updated_at = moment_of(instant)
        self._observe(issue, instant)

    def set_estimate(self, issue: GithubIssue, at: int, points: float | None) -> None:
        """Estimate; GitHub keeps only the last value."""
        _, item = self.items[issue.node_id]
        item.estimate = points
        item.estimate_updated_at = item.updated_at = moment_of(at - at % SECOND)
        item.estimate_history.append((item.updated_at, points))
        self.iterations.changed(issue)

    def set_iteration(self, issue: GithubIssue, at: int, iteration_id: str | None) -> None:
        """Plan for an iteration; GitHub keeps only the last value."""
        _, item = self.items[issue.node_id]
        left = item.iteration_id
        item.iteration_id = iteration_id
        item.iteration_updated_at = item.updated_at = moment_of(at - at % SECOND)
        item.iteration_history.append((item.updated_at, iteration_id))
        self.iterations.moved(issue, left)

    def forget(self, invisible: set[str]) -> None:
        """Drop timeline events that name issues which nobody can see any more."""
        for issue in self.issues.values():
            issue.timeline = [
                event for event in issue.timeline
                if not any(isinstance(value, str) and value in invisible for value in event.data.values())
            ]

    def _observe(self, issue: GithubIssue, at: int) -> None:
        self._observer.moved(issue.node_id, self._category(issue), at)

    def _category(self, issue: GithubIssue) -> str:
        """Closed is done; else the status on the project tells, and without a project assignee or label."""
        if issue.state == "CLOSED":
            return "done"
        if issue.node_id in self.items:
            return "todo" if self.items[issue.node_id][1].status in {None, TODO} else "in_progress"
        return "in_progress" if issue.assignees or IN_PROGRESS_LABEL in issue.labels else "todo"


_PREFIXES = {
    "LabeledEvent": "LE", "UnlabeledEvent": "UNLE", "AssignedEvent": "AE", "UnassignedEvent": "UNAE",
    "MilestonedEvent": "MIE", "DemilestonedEvent": "DEE", "ClosedEvent": "CE", "ReopenedEvent": "RE",
    "RenamedTitleEvent": "RTE", "ProjectV2ItemStatusChangedEvent": "PVTISC", "AddedToProjectV2Event": "ATPVTE",
    "CrossReferencedEvent": "CRE", "SubIssueAddedEvent": "SIAE", "ParentIssueAddedEvent": "PIAE",
    "BlockedByAddedEvent": "BBAE", "BlockingAddedEvent": "BAE",
}
