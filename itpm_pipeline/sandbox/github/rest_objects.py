"""The REST representation of the company's objects, with the names and links that GitHub gives them."""

from dataclasses import dataclass
from typing import Any

from itpm_pipeline.sandbox.company.model import GithubIssue, Person, PullRequest, Repository
from itpm_pipeline.sandbox.github.accounts import changed_at, profile_path, pushed_at
from itpm_pipeline.sandbox.github.directory import Directory
from itpm_pipeline.sandbox.github.entities import IssueType, Label, OwnedMilestone, derived_number
from itpm_pipeline.sandbox.github.issue_lists import milestone_number

REPOSITORY_LINKS = {
    "archive_url": "/{archive_format}{/ref}", "assignees_url": "/assignees{/user}", "blobs_url": "/git/blobs{/sha}",
    "branches_url": "/branches{/branch}", "collaborators_url": "/collaborators{/collaborator}",
    "comments_url": "/comments{/number}", "commits_url": "/commits{/sha}", "compare_url": "/compare/{base}...{head}",
    "contents_url": "/contents/{+path}", "contributors_url": "/contributors", "deployments_url": "/deployments",
    "downloads_url": "/downloads", "events_url": "/events", "forks_url": "/forks",
    "git_commits_url": "/git/commits{/sha}", "git_refs_url": "/git/refs{/sha}", "git_tags_url": "/git/tags{/sha}",
    "hooks_url": "/hooks", "issue_comment_url": "/issues/comments{/number}",
    "issue_events_url": "/issues/events{/number}", "issues_url": "/issues{/number}", "keys_url": "/keys{/key_id}",
    "labels_url": "/labels{/name}", "languages_url": "/languages", "merges_url": "/merges",
    "milestones_url": "/milestones{/number}", "notifications_url": "/notifications{?since,all,participating}",
    "pulls_url": "/pulls{/number}", "releases_url": "/releases{/id}", "stargazers_url": "/stargazers",
    "statuses_url": "/statuses/{sha}", "subscribers_url": "/subscribers", "subscription_url": "/subscription",
    "tags_url": "/tags", "teams_url": "/teams", "trees_url": "/git/trees{/sha}",
}  # fmt: skip
USER_LINKS = {
    "events_url": "/events{/privacy}", "followers_url": "/followers", "following_url": "/following{/other_user}",
    "gists_url": "/gists{/gist_id}", "organizations_url": "/orgs", "received_events_url": "/received_events",
    "repos_url": "/repos", "starred_url": "/starred{/owner}{/repo}", "subscriptions_url": "/subscriptions",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class RestObjects:
    """Writes objects with links that start at ``api_url``, the address the client asked at."""

    directory: Directory
    api_url: str

    def person(self, person: Person | None) -> dict[str, Any] | None:
        """A simple user; null for a ghost."""
        if person is None:
            return None
        return self._account(
            person.github_login,
            person.github_database_id,
            person.github_node_id,
            "Bot" if person.is_bot else "User",
            profile_path(person),
        )

    def _account(self, login: str, number: int, node_id: str, kind: str, path: str) -> dict[str, Any]:
        url = f"{self.api_url}/users/{login}"
        return {
            "login": login,
            "id": number,
            "node_id": node_id,
            "avatar_url": f"{self.directory.web_url}/avatars/{number}",
            "gravatar_id": "",
            "url": url,
            "html_url": self.directory.web_url + path,
            **{name: url + path_ for name, path_ in USER_LINKS.items()},
            "type": kind,
            "user_view_type": "public",
            "site_admin": False,
        }

    def viewer(self) -> dict[str, Any]:
        """The user whom the token belongs to."""
        person = self.directory.viewer
        founded = self.directory.organization.founded_at
        return {
            **(self.person(person) or {}),
            "name": person.name, "company": None, "blog": "", "location": None, "email": person.email or None,
            "hireable": None, "bio": None, "twitter_username": None, "public_repos": 0, "public_gists": 0,
            "followers": 0, "following": 0, "created_at": founded, "updated_at": founded,
        }  # fmt: skip

    def organization(self) -> dict[str, Any]:
        """The organisation in full."""
        organization = self.directory.organization
        url = f"{self.api_url}/orgs/{organization.login}"
        links = {"repos_url": "/repos", "events_url": "/events", "hooks_url": "/hooks", "issues_url": "/issues",
                 "members_url": "/members{/member}", "public_members_url": "/public_members{/member}"}  # fmt: skip
        return {
            "login": organization.login, "id": organization.database_id, "node_id": organization.node_id, "url": url,
            **{name: url + path for name, path in links.items()},
            "avatar_url": f"{self.directory.web_url}/avatars/{organization.database_id}",
            "description": None, "name": organization.name,
            "html_url": f"{self.directory.web_url}/{organization.login}",
            "has_organization_projects": True, "has_repository_projects": True, "public_repos": 0,
            "total_private_repos": len(self.directory.repositories), "public_gists": 0, "followers": 0,
            "following": 0, "type": "Organization", "created_at": organization.founded_at,
            "updated_at": organization.founded_at, "archived_at": None,
        }  # fmt: skip

    def repository(self, repository: Repository) -> dict[str, Any]:
        """A repository with everything that any of its representations requires."""
        organization = self.directory.organization
        name = f"{organization.login}/{repository.name}"
        url, web = f"{self.api_url}/repos/{name}", f"{self.directory.web_url}/{name}"
        host = self.directory.web_url.partition("://")[2]
        open_count = sum(issue.state == "OPEN" for issue in self.directory.issues(repository))
        return {
            "id": repository.database_id, "node_id": repository.node_id, "name": repository.name, "full_name": name,
            "private": True, "visibility": "private",
            "owner": self._account(organization.login, organization.database_id, organization.node_id, "Organization",
                                   f"/{organization.login}"),
            "html_url": web, "description": repository.description or None, "fork": False, "url": url,
            **{link: url + path for link, path in REPOSITORY_LINKS.items()},
            "git_url": f"git://{host}/{name}.git", "ssh_url": f"git@{host}:{name}.git", "clone_url": f"{web}.git",
            "svn_url": web, "homepage": None, "mirror_url": None, "language": None, "license": None,
            "default_branch": "main", "archived": repository.archived, "disabled": False,
            "has_issues": repository.issues_enabled, "has_projects": True, "has_wiki": False, "has_pages": False,
            "has_downloads": False, "has_discussions": False, "is_template": False, "topics": [],
            "forks": 0, "forks_count": 0, "stargazers_count": 0, "watchers": 0, "watchers_count": 0,
            "network_count": 0, "subscribers_count": 0, "size": 0,
            "open_issues": open_count, "open_issues_count": open_count,
            "pushed_at": pushed_at(repository), "created_at": repository.created_at,
            "updated_at": changed_at(repository),
            "permissions": {"admin": False, "maintain": False, "push": False, "triage": False, "pull": True},
        }  # fmt: skip

    def label(self, label: Label) -> dict[str, Any]:
        """A label."""
        return {
            "id": derived_number("label", label.node_id), "node_id": label.node_id,
            "url": f"{self._repository_url(label.repository)}/labels/{label.name}", "name": label.name,
            "color": label.color, "default": False, "description": None,
        }  # fmt: skip

    def milestone(self, owned: OwnedMilestone | None) -> dict[str, Any] | None:
        """A milestone with its counts."""
        if owned is None:
            return None
        milestone = owned.milestone
        url = f"{self._repository_url(owned.repository)}/milestones/{milestone.number}"
        web = f"{self.directory.web_url}/{self.directory.company.organization}/{owned.repository.name}"
        states = [
            issue.state for issue in self.directory.issues(owned.repository) if issue.milestone == milestone.node_id
        ]
        return {
            "url": url, "html_url": f"{web}/milestone/{milestone.number}", "labels_url": f"{url}/labels",
            "id": int(milestone_number(milestone.node_id)), "node_id": milestone.node_id, "number": milestone.number,
            "state": "closed" if milestone.closed_at else "open", "title": milestone.title,
            "description": milestone.description or None, "creator": None,
            "open_issues": states.count("OPEN"), "closed_issues": states.count("CLOSED"),
            "created_at": milestone.created_at, "updated_at": milestone.updated_at, "closed_at": milestone.closed_at,
            "due_on": milestone.due_on,
        }  # fmt: skip

    def issue(self, thing: GithubIssue | PullRequest) -> dict[str, Any]:
        """An issue; a pull request is one too, with ``pull_request``."""
        repository = self.directory.repository_of(thing)
        repository_url = self._repository_url(repository)
        url = f"{repository_url}/issues/{thing.number}"
        common = {
            "url": url, "repository_url": repository_url, "labels_url": f"{url}/labels{{/name}}",
            "comments_url": f"{url}/comments", "events_url": f"{url}/events", "timeline_url": f"{url}/timeline",
            "id": thing.database_id, "node_id": thing.node_id, "number": thing.number, "title": thing.title,
            "user": self.person(self.directory.person(thing.author)), "locked": False, "active_lock_reason": None,
            "author_association": "MEMBER", "created_at": thing.created_at, "updated_at": thing.updated_at,
            "body": thing.body or None,
        }  # fmt: skip
        own = self._issue_only(thing, repository) if isinstance(thing, GithubIssue) else self._pull_only(thing)
        return common | own

    def _issue_only(self, issue: GithubIssue, repository: Repository) -> dict[str, Any]:
        assignees = [self.person(person) for person in self.directory.people(issue.assignees)]
        children = self.directory.issues_by_id(issue.sub_issues)
        closed = sum(child.state == "CLOSED" for child in children)
        parent = self.directory.issue(issue.parent)
        summary = {
            "total": len(children), "completed": closed,
            "percent_completed": 100 * closed // len(children) if children else 0,
        }  # fmt: skip
        document = {
            "html_url": f"{self._web(issue.repo)}/issues/{issue.number}",
            "state": issue.state.lower(), "state_reason": issue.state_reason.lower() if issue.state_reason else None,
            "closed_at": issue.closed_at, "comments": issue.comment_count,
            "labels": [self.label(self.directory.label(repository, name)) for name in issue.labels],
            "assignee": assignees[0] if assignees else None, "assignees": assignees,
            "milestone": self.milestone(self.directory.milestone(issue.milestone)),
            "type": self.issue_type(IssueType(issue.issue_type)) if issue.issue_type else None,
            "sub_issues_summary": summary,
        }  # fmt: skip
        if parent is not None:
            parent_repository = self._repository_url(self.directory.repository_of(parent))
            document["parent_issue_url"] = f"{parent_repository}/issues/{parent.number}"
        return document

    def _pull_only(self, pull: PullRequest) -> dict[str, Any]:
        web = f"{self._web(pull.repo)}/pull/{pull.number}"
        url = f"{self._repository_url(self.directory.repository_of(pull))}/pulls/{pull.number}"
        closed_at = pull.closed_at or pull.merged_at
        return {
            "html_url": web, "state": "closed" if closed_at else "open", "state_reason": None, "closed_at": closed_at,
            "comments": 0, "labels": [], "assignee": None, "assignees": [], "milestone": None, "draft": pull.is_draft,
            "pull_request": {"url": url, "html_url": web, "diff_url": f"{web}.diff", "patch_url": f"{web}.patch",
                             "merged_at": pull.merged_at},
        }  # fmt: skip

    def issue_type(self, type_: IssueType) -> dict[str, Any]:
        """An issue type."""
        return {
            "id": derived_number("type", type_.name), "node_id": type_.node_id, "name": type_.name,
            "description": None, "is_enabled": True,
        }  # fmt: skip

    def _repository_url(self, repository: Repository) -> str:
        return f"{self.api_url}/repos/{self.directory.company.organization}/{repository.name}"

    def _web(self, repository: str) -> str:
        return f"{self.directory.web_url}/{self.directory.company.organization}/{repository}"
