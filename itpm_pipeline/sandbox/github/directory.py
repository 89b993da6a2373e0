"""Finds anything of the company by what GitHub knows it by: node id, name, number; and says who may see it.

The index follows the company as tests change it: it is rebuilt when anything was added or removed.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from itpm_pipeline.sandbox.company.model import (
    Company,
    GithubIssue,
    GithubProject,
    Person,
    ProjectItem,
    PullRequest,
    Repository,
)
from itpm_pipeline.sandbox.github.entities import (
    Commit,
    IssueType,
    Label,
    Moment,
    Organization,
    OwnedDeployment,
    OwnedItem,
    OwnedMilestone,
    OwnedRelease,
)
from itpm_pipeline.sandbox.github.project_fields import fields_of

USUAL_ISSUE_TYPES = ("Task", "Bug", "Feature")


class Directory:
    """The company as GitHub shows it; ``web_url`` is where people see it in a browser.

    ``renames`` maps former repository names to present ones.
    """

    def __init__(self, company: Company, web_url: str, renames: Mapping[str, str]) -> None:
        self.company = company
        self.web_url = web_url
        self._renames = renames
        self._census: tuple[Any, ...] = ()
        self._nodes: dict[str, Any] = {}
        self._closers: dict[str, list[PullRequest]] = {}
        self._items: dict[str, list[OwnedItem]] = {}
        self._merges: dict[str, PullRequest] = {}
        self._visible: dict[str, Repository] = {}
        self.refresh()

    def refresh(self) -> None:
        """Follow the company; cheap when nothing was added or removed."""
        census = tuple(self._count())
        if census == self._census:
            return
        self._census = census
        self._visible = {name: one for name, one in self.company.repositories.items() if not one.is_hidden}
        self._nodes = {}
        self._closers = {}
        self._items = {}
        self._merges = {}
        for node_id, node in self._all_nodes():
            self._nodes[node_id] = node
        for pull_request in self._every(PullRequest):
            for issue_id in pull_request.closes:
                self._closers.setdefault(issue_id, []).append(pull_request)
            if pull_request.merge_commit_oid:
                self._merges[pull_request.merge_commit_oid] = pull_request
        for owned in self._every(OwnedItem):
            self._items.setdefault(owned.item.issue, []).append(owned)

    def _count(self) -> Iterator[Any]:
        yield self.company.revision
        yield len(self.company.people)
        for repository in self.company.repositories.values():
            yield repository.name
            yield len(repository.issues)
            yield len(repository.pull_requests)
            yield sum(len(pull_request.closes) for pull_request in repository.pull_requests)
            yield len(repository.milestones)
            yield len(repository.releases)
            yield len(repository.deployments)
            yield len(repository.labels)
        for project in self.company.github_projects:
            yield len(project.items)

    def _all_nodes(self) -> Iterator[tuple[str, Any]]:
        organization = self.organization
        yield organization.node_id, organization
        for person in self.company.people.values():
            yield person.github_node_id, person
        for repository in self.company.repositories.values():
            yield from self._repository_nodes(repository)
        for project in self.company.github_projects:
            yield project.node_id, project
            for field in fields_of(project):
                yield field.node_id, field
            for item in project.items:
                yield item.node_id, OwnedItem(project, item)

    def _repository_nodes(self, repository: Repository) -> Iterator[tuple[str, Any]]:
        yield repository.node_id, repository
        for issue in repository.issues:
            yield issue.node_id, issue
        for pull_request in repository.pull_requests:
            yield pull_request.node_id, pull_request
        for milestone in repository.milestones:
            yield milestone.node_id, OwnedMilestone(repository, milestone)
        for release in repository.releases:
            yield release.node_id, OwnedRelease(repository, release)
        for deployment in repository.deployments:
            yield deployment.node_id, OwnedDeployment(repository, deployment)
        for label in self.labels(repository):
            yield label.node_id, label

    def _every(self, type_: type[Any]) -> Iterator[Any]:
        return (node for node in self._nodes.values() if isinstance(node, type_))

    # --- Anything ------------------------------------------------------------------------------------------

    def node(self, node_id: str) -> Any | None:
        """What ``node_id`` names; null if nothing that can be seen."""
        found = self._nodes.get(node_id)
        if found is None:
            return self._type_or_event(node_id)
        return found if self.is_visible(found) else None

    def _type_or_event(self, node_id: str) -> Any | None:
        """The rare ones: issue types and timeline events are found by looking at all of them."""
        for type_ in self.issue_types:
            if type_.node_id == node_id:
                return type_
        for repository in self.repositories.values():
            for issue in self.issues(repository):
                for event in issue.timeline:
                    if event.node_id == node_id:
                        return Moment(issue, event)
        return None

    def is_visible(self, node: Any) -> bool:
        """Whether the node can be seen: not deleted, not a person who left, in a repository that exists."""
        match node:
            case GithubIssue():
                is_shown = node.deleted_at is None and node.repo in self.repositories
            case PullRequest():
                is_shown = node.repo in self.repositories
            case Repository():
                is_shown = not node.is_hidden
            case OwnedMilestone() | OwnedRelease() | OwnedDeployment() | Label():
                is_shown = not node.repository.is_hidden
            case Person():
                is_shown = node.is_active
            case OwnedItem():
                is_shown = self.is_listed(node.item)
            case _:
                is_shown = True
        return is_shown

    # --- People and the organisation -----------------------------------------------------------------------

    @property
    def organization(self) -> Organization:
        """The one organisation."""
        founded = min((r.created_at for r in self.company.repositories.values()), default=self.company.now)
        return Organization(self.company.organization, self.company.name, founded)

    @property
    def viewer(self) -> Person:
        """Whom the token belongs to: the first who is neither a bot nor gone."""
        people = list(self.company.people.values())
        return next((person for person in people if not person.is_bot and person.is_active), people[0])

    def person(self, key: str | None) -> Person | None:
        """A person by key; null for those who left: GitHub shows a ghost."""
        person = self.company.people.get(key) if key else None
        return person if person and person.is_active else None

    def people(self, keys: Iterable[str]) -> list[Person]:
        """The people behind the keys who did not leave."""
        return [person for key in keys if (person := self.person(key))]

    def login(self, login: str) -> Person | None:
        """A person by login; GitHub does not tell capitals from small letters."""
        return next(
            (p for p in self.company.people.values() if p.is_active and p.github_login.lower() == login.lower()), None
        )

    def owns(self, login: str) -> bool:
        """Whether ``login`` is the organisation's."""
        return login.lower() == self.company.organization.lower()

    @property
    def issue_types(self) -> list[IssueType]:
        """The organisation's issue types: the usual ones, then any other in use."""
        used = {
            issue.issue_type
            for repository in self.company.repositories.values()
            for issue in repository.issues
            if issue.issue_type
        }
        return [IssueType(name) for name in (*USUAL_ISSUE_TYPES, *sorted(used - {*USUAL_ISSUE_TYPES}))]

    # --- Repositories --------------------------------------------------------------------------------------

    @property
    def repositories(self) -> Mapping[str, Repository]:
        """The repositories that can be seen, by name."""
        return self._visible

    def repository(self, name: str) -> Repository | None:
        """A repository by name; GitHub does not tell capitals from small letters."""
        exact = self.repositories.get(name)
        if exact is not None:
            return exact
        return next((r for r in self.repositories.values() if r.name.lower() == name.lower()), None)

    def renamed(self, old_name: str) -> Repository | None:
        """The repository that once had this name."""
        renamed = next((name for name, one in self.repositories.items() if old_name in one.old_names), None)
        return self.repositories.get(renamed or self._renames.get(old_name, ""))

    def transferred(self, repository: Repository, number: int) -> GithubIssue | None:
        """The issue that had this number in the repository and went to another one, if it can be seen."""
        return self.issue(self.company.transfers.get((repository.node_id, number)))

    def repository_of(self, thing: GithubIssue | PullRequest) -> Repository:
        """The repository of an issue or a pull request that can be seen."""
        return self.company.repositories[thing.repo]

    def issues(self, repository: Repository) -> list[GithubIssue]:
        """A repository's issues that can be seen."""
        return [issue for issue in repository.issues if issue.deleted_at is None]

    def issue(self, node_id: str | None) -> GithubIssue | None:
        """An issue by node id, if it can be seen."""
        found = self._nodes.get(node_id) if node_id else None
        return found if isinstance(found, GithubIssue) and self.is_visible(found) else None

    def issues_by_id(self, node_ids: Iterable[str]) -> list[GithubIssue]:
        """The issues behind the node ids that can be seen, in the same order."""
        return [issue for node_id in node_ids if (issue := self.issue(node_id))]

    def closers(self, issue: GithubIssue) -> list[PullRequest]:
        """Pull requests whose description closes the issue."""
        return [pull for pull in self._closers.get(issue.node_id, []) if self.is_visible(pull)]

    def labels(self, repository: Repository) -> list[Label]:
        """A repository's labels."""
        return [Label(repository, name, color) for name, color in repository.labels.items()]

    def label(self, repository: Repository, name: str) -> Label:
        """A label by name; one that the repository no longer has keeps a colour in old events."""
        return Label(repository, name, repository.labels.get(name, "ededed"))

    def milestone(self, node_id: str | None) -> OwnedMilestone | None:
        """A milestone by node id."""
        found = self._nodes.get(node_id) if node_id else None
        return found if isinstance(found, OwnedMilestone) else None

    def commit(self, repository: Repository, oid: str, at: datetime) -> Commit:
        """A commit; that of a merged pull request tells its author and date, another was made ``at``."""
        pull_request = self._merges.get(oid)
        if pull_request is None or pull_request.merged_at is None:
            return Commit(repository, oid, at, f"Commit {oid[:7]}", None)
        message = f"{pull_request.title} (#{pull_request.number})"
        return Commit(repository, oid, pull_request.merged_at, message, pull_request.author)

    # --- Projects ------------------------------------------------------------------------------------------

    def items(self, issue_id: str) -> list[OwnedItem]:
        """The places of an issue or pull request on projects."""
        return self._items.get(issue_id, [])

    def content(self, item: ProjectItem) -> GithubIssue | PullRequest | None:
        """What an item stands for; null when we may not see it: the item is then redacted."""
        found = self._nodes.get(item.issue)
        if isinstance(found, GithubIssue | PullRequest) and self.is_visible(found):
            return found
        return None

    def is_listed(self, item: ProjectItem) -> bool:
        """Whether the project still has the item: it goes when its issue is deleted."""
        found = self._nodes.get(item.issue)
        return not (isinstance(found, GithubIssue) and found.deleted_at is not None)

    def projects_of(self, owner: Any) -> list[GithubProject]:
        """Projects of the organisation, linked to a repository, or holding an issue or pull request."""
        if isinstance(owner, Organization):
            return list(self.company.github_projects)
        if isinstance(owner, Repository):
            return [project for project in self.company.github_projects if owner.name in project.repos]
        if isinstance(owner, GithubIssue | PullRequest):
            return [owned.project for owned in self.items(owner.node_id)]
        return []
