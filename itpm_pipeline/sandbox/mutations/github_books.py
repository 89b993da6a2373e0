"""The GitHub ledger of a company whose history is written: goes on where it ends."""

from dataclasses import replace
from typing import Any

from itpm_pipeline.sandbox.company.blueprint import ITERATION_ZONE
from itpm_pipeline.sandbox.company.github_ledger import GithubLedger
from itpm_pipeline.sandbox.company.hours import instant_of, moment_of
from itpm_pipeline.sandbox.company.identifiers import node_id
from itpm_pipeline.sandbox.company.model import Company, GithubIssue, Milestone, Repository
from itpm_pipeline.sandbox.mutations.unobserved import Unobserved

_MORE_THAN_EVENTS = 1_000_000
"""Room between numbers of the simulation, of which events keep none, and those given here."""


class GithubBooks(GithubLedger):
    """``latest`` is the latest instant booked here."""

    def __init__(self, company: Company) -> None:
        super().__init__(company, Unobserved(), ITERATION_ZONE)
        repositories = company.repositories.values()
        self.latest = 0
        self.issues |= {issue.node_id: issue for one in repositories for issue in one.issues}
        self.items |= {
            item.issue: (project, item)
            for project in company.github_projects for item in project.items if item.issue in self.issues
        }
        self._last = {key: instant_of(_last_instant(issue)) for key, issue in self.issues.items()}
        self._milestones = {one.node_id: one for repository in repositories for one in repository.milestones}
        self._number = _MORE_THAN_EVENTS + max((issue.database_id for issue in self.issues.values()), default=0)
        for _, item in self.items.values():
            if item.iteration_id is not None:
                self.iterations.moved(self.issues[item.issue], None)

    def event(self, issue: GithubIssue, at: int, actor: str | None, kind: str, **data: Any) -> int:
        """Add a timeline event; the instant it got."""
        instant = super().event(issue, at, actor, kind, **data)
        self.latest = max(self.latest, instant)
        return instant

    def delete(self, issue: GithubIssue, at: int) -> None:
        """Delete; events of others that name it keep their place and lose its name."""
        super().delete(issue, at)
        self.latest = max(self.latest, at)

    def rename_repository(self, repository: Repository, name: str) -> None:
        """Another name; the place among the others stays, and nothing in it is updated."""
        before = repository.name
        repository.old_names.append(before)
        repository.name = name
        everything = [(one.name, one) for one in self._company.repositories.values()]
        self._company.repositories.clear()
        self._company.repositories.update(everything)
        for issue in repository.issues:
            issue.repo = name
        for pull in repository.pull_requests:
            pull.repo = name
        for project in self._company.github_projects:
            project.repos = [name if one == before else one for one in project.repos]
        for told in self.issues.values():
            for event in told.timeline:
                if event.data.get("fromRepository") == before:
                    event.data["fromRepository"] = name

    def transfer(self, issue: GithubIssue, at: int, actor: str | None, target: Repository) -> GithubIssue:
        """A new issue in another repository, with everything of the old one that can be there.

        As GitHub does it: number, node id and database id are new; title, author, creation, history, assignees,
        relations and the item on a project stay; labels stay where the target has one of the name, a milestone where
        it has one of the title and due date. The old number redirects, the old node id is gone.
        """
        source = self._company.repositories[issue.repo]
        number = self.next_number()
        old_id, old_milestone = issue.node_id, self._milestones.get(issue.milestone or "")
        moved = replace(
            issue, node_id=node_id("I", number), database_id=number, repo=target.name, number=target.next_number,
            labels=[label for label in issue.labels if label in target.labels],
            milestone=_same_milestone(target, old_milestone),
        )  # fmt: skip
        target.next_number += 1
        source.issues.remove(issue)
        target.issues.append(moved)
        del self.issues[old_id]
        self.issues[moved.node_id] = moved
        self._last[moved.node_id] = self._last.pop(old_id)
        self._follow(old_id, moved.node_id)
        self._company.transfers[source.node_id, issue.number] = moved.node_id
        self.event(moved, at, actor, "TransferredEvent", fromRepository=source.name)
        return moved

    def _follow(self, old: str, new: str) -> None:
        """Let everything that names the old issue name the new one."""
        for key, issue_id in self._company.transfers.items():
            if issue_id == old:
                self._company.transfers[key] = new
        if old in self.items:
            self.items[new] = self.items.pop(old)
            _, item = self.items[new]
            item.issue = new
            if item.iteration_id is not None:
                self.iterations.moved(self.issues[new], None)
        self._rename_in_relations(old, new)
        for repository in self._company.repositories.values():
            for pull in repository.pull_requests:
                pull.closes = [new if one == old else one for one in pull.closes]

    def _rename_in_relations(self, old: str, new: str) -> None:
        for other in self.issues.values():
            other.parent = new if other.parent == old else other.parent
            for relation in (other.sub_issues, other.blocked_by, other.blocking):
                relation[:] = [new if one == old else one for one in relation]
            for event in other.timeline:
                for name, value in event.data.items():
                    if value == old:
                        event.data[name] = new

    def clear_iterations(self, old_ids: set[str], project_number: int) -> None:
        """Items lose the values of iterations that are gone; the items themselves are not updated."""
        for project, item in self.items.values():
            if project.number == project_number and item.iteration_id in old_ids:
                issue, left = self.issues[item.issue], item.iteration_id
                item.iteration_id = item.iteration_updated_at = None
                self.iterations.moved(issue, left)

    def touch(self, issue: GithubIssue, at: int) -> None:
        """An update without an event."""
        instant = max(at - at % 1_000, self._last[issue.node_id] + 1_000)
        self._last[issue.node_id] = instant
        self.latest = max(self.latest, instant)
        issue.updated_at = moment_of(instant)

    def project_changed(self, issue: GithubIssue, at: int) -> None:
        """A project's ``updatedAt`` moves with whatever happens to its items."""
        if issue.node_id in self.items:
            project, item = self.items[issue.node_id]
            instant = max(at, instant_of(item.updated_at))
            project.updated_at = moment_of(instant - instant % 1_000)


def _last_instant(issue: GithubIssue) -> Any:
    return max([issue.updated_at, *(event.at for event in issue.timeline[-1:])])


def _same_milestone(target: Repository, milestone: Milestone | None) -> str | None:
    if milestone is None:
        return None
    twins = (one for one in target.milestones if (one.title, one.due_on) == (milestone.title, milestone.due_on))
    return next((twin.node_id for twin in twins), None)
