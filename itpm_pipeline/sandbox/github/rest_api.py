"""REST endpoints for discovery: who am I, which repositories are there, what is in them.

Hot paths go through GraphQL; these exist because clients (PyGithub among them) begin here.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.routing import Route

from itpm_pipeline.sandbox.company.model import GithubIssue, PullRequest, Repository
from itpm_pipeline.sandbox.github.directory import Directory
from itpm_pipeline.sandbox.github.entities import OwnedMilestone
from itpm_pipeline.sandbox.github.limits import Budget, Standing
from itpm_pipeline.sandbox.github.rest_objects import RestObjects

DOCUMENTATION = "https://docs.github.com/rest"
ROOT_LINKS = {
    "authorizations_url": "/authorizations", "code_search_url": "/search/code?q={query}{&page,per_page,sort,order}",
    "commit_search_url": "/search/commits?q={query}{&page,per_page,sort,order}", "emails_url": "/user/emails",
    "current_user_authorizations_html_url": "/settings/connections/applications{/client_id}",
    "current_user_repositories_url": "/user/repos{?type,page,per_page,sort}", "current_user_url": "/user",
    "emojis_url": "/emojis", "events_url": "/events", "feeds_url": "/feeds", "followers_url": "/user/followers",
    "following_url": "/user/following{/target}", "gists_url": "/gists{/gist_id}",
    "issue_search_url": "/search/issues?q={query}{&page,per_page,sort,order}", "issues_url": "/issues",
    "keys_url": "/user/keys", "label_search_url": "/search/labels?q={query}&repository_id={repository_id}{&page}",
    "notifications_url": "/notifications", "organization_repositories_url": "/orgs/{org}/repos{?type,page,per_page}",
    "organization_teams_url": "/orgs/{org}/teams", "organization_url": "/orgs/{org}",
    "public_gists_url": "/gists/public", "rate_limit_url": "/rate_limit",
    "repository_search_url": "/search/repositories?q={query}{&page,per_page,sort,order}",
    "repository_url": "/repos/{owner}/{repo}", "starred_gists_url": "/gists/starred",
    "starred_url": "/user/starred{/owner}{/repo}", "user_organizations_url": "/user/orgs",
    "user_repositories_url": "/users/{user}/repos{?type,page,per_page,sort}",
    "user_search_url": "/search/users?q={query}{&page,per_page,sort,order}", "user_url": "/users/{user}",
}  # fmt: skip
ISSUE_SORTS: dict[str, Callable[[Any], Any]] = {
    "created": lambda thing: (thing.created_at, thing.number),
    "updated": lambda thing: (thing.updated_at, thing.number),
    "comments": lambda thing: (getattr(thing, "comment_count", 0), thing.number),
}


class RestError(Exception):
    """An answer other than 200 with GitHub's body."""

    def __init__(self, status: int, message: str, documentation_url: str = DOCUMENTATION, **extra: Any) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"message": message, **extra, "documentation_url": documentation_url, "status": str(status)}


class Moved(Exception):  # noqa: N818 - control flow: it is elsewhere now
    """The repository has another name, or the issue another repository; ``path`` is where it is now."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


class Reply(NamedTuple):
    """A body with the Link header of a list in pages."""

    body: Any
    link: str | None = None


class RestApi:
    """Answers discovery requests about the company."""

    def __init__(self, directory: Directory, core: Budget, graphql: Budget, enterprise_version: str | None) -> None:
        self._directory = directory
        self._core = core
        self._graphql = graphql
        self._enterprise_version = enterprise_version

    def routes(self, serve: Callable[[Callable[[Request], Reply]], Any]) -> list[Route]:
        """The routes; ``serve`` makes an endpoint of a function from request to reply."""
        table: dict[str, Callable[[Request], Reply]] = {
            "/": self._root,
            "/user": lambda request: Reply(self._objects(request).viewer()),
            "/user/repos": self._repositories,
            "/orgs/{org}": self._organization,
            "/orgs/{org}/repos": self._organization_repositories,
            "/repos/{owner}/{repo}": self._repository,
            "/repos/{owner}/{repo}/issues": self._issues,
            "/repos/{owner}/{repo}/issues/{number:int}": self._issue,
            "/repos/{owner}/{repo}/milestones": self._milestones,
            "/repositories/{repository_id:int}": self._repository,
            "/repositories/{repository_id:int}/issues/{number:int}": self._issue,
            "/installation/repositories": self._installation_repositories,
            "/rate_limit": self._rate_limit,
            "/meta": self._meta,
        }
        return [Route(path, serve(endpoint), methods=["GET"]) for path, endpoint in table.items()]

    def _objects(self, request: Request) -> RestObjects:
        return RestObjects(self._directory, api_address(request))

    def _root(self, request: Request) -> Reply:
        base = api_address(request)
        return Reply({name: base + path for name, path in ROOT_LINKS.items()})

    def _meta(self, _: Request) -> Reply:
        body: dict[str, Any] = {"verifiable_password_authentication": False}
        if self._enterprise_version:
            body["installed_version"] = self._enterprise_version
        return Reply(body)

    def _rate_limit(self, _: Request) -> Reply:
        if self._core.limit is None:
            raise RestError(404, "Rate limiting is not enabled.")
        core = _shown(self._core.standing())
        return Reply({"resources": {"core": core, "search": core, "graphql": _shown(self._graphql.standing())},
                      "rate": core})  # fmt: skip

    def _organization(self, request: Request) -> Reply:
        self._check_owner(request.path_params["org"])
        return Reply(self._objects(request).organization())

    def _organization_repositories(self, request: Request) -> Reply:
        self._check_owner(request.path_params["org"])
        return self._repositories(request)

    def _repositories(self, request: Request) -> Reply:
        objects = self._objects(request)
        repositories = sorted(self._directory.repositories.values(), key=lambda r: r.name)
        return _paged(request, repositories, objects.repository)

    def _installation_repositories(self, request: Request) -> Reply:
        page = self._repositories(request)
        total = len(self._directory.repositories)
        return Reply({"total_count": total, "repositories": page.body}, page.link)

    def _repository(self, request: Request) -> Reply:
        return Reply(self._objects(request).repository(self._found(request)))

    def _issues(self, request: Request) -> Reply:
        repository = self._found(request)
        query = request.query_params
        state, since, labels = query.get("state", "open"), query.get("since"), query.get("labels")
        wanted = set(labels.split(",")) if labels else set()
        things: list[GithubIssue | PullRequest] = [*self._directory.issues(repository), *repository.pull_requests]
        chosen = [
            thing
            for thing in things
            if (state == "all" or (state == "open") == (thing.closed_at is None and not _is_merged(thing)))
            and (since is None or thing.updated_at >= _instant(since))
            and wanted <= set(getattr(thing, "labels", ()))
        ]
        sort = ISSUE_SORTS.get(query.get("sort", "created"))
        if sort is None:
            raise RestError(422, "Validation Failed", errors=[{"field": "sort", "code": "invalid"}])
        chosen.sort(key=sort, reverse=query.get("direction", "desc") == "desc")
        return _paged(request, chosen, self._objects(request).issue)

    def _issue(self, request: Request) -> Reply:
        repository = self._found(request)
        number = request.path_params["number"]
        things: list[GithubIssue | PullRequest] = [*repository.issues, *repository.pull_requests]
        for thing in things:
            if thing.number != number:
                continue
            if isinstance(thing, GithubIssue) and thing.deleted_at is not None:
                raise RestError(410, "This issue was deleted")
            return Reply(self._objects(request).issue(thing))
        there = self._directory.transferred(repository, number)
        if there is None:
            raise RestError(404, "Not Found")
        target = self._directory.repository_of(there)
        raise Moved(f"{api_address(request)}/repositories/{target.database_id}/issues/{there.number}")

    def _milestones(self, request: Request) -> Reply:
        repository = self._found(request)
        state = request.query_params.get("state", "open")
        chosen = [
            OwnedMilestone(repository, milestone)
            for milestone in repository.milestones
            if state == "all" or (state == "open") == (milestone.closed_at is None)
        ]
        return _paged(request, chosen, self._objects(request).milestone)

    def _found(self, request: Request) -> Repository:
        number = request.path_params.get("repository_id")
        if number is not None:
            found = next((r for r in self._directory.repositories.values() if r.database_id == number), None)
            if found is None:
                raise RestError(404, "Not Found")
            return found
        owner, name = request.path_params["owner"], request.path_params["repo"]
        if not self._directory.owns(owner):
            raise RestError(404, "Not Found")
        repository = self._directory.repository(name)
        if repository is not None:
            return repository
        renamed = self._directory.renamed(name)
        if renamed is None:
            raise RestError(404, "Not Found")
        old, new = f"/repos/{owner}/{name}", f"/repos/{owner}/{renamed.name}"
        raise Moved(str(request.url).replace(old, new, 1))

    def _check_owner(self, login: str) -> None:
        if not self._directory.owns(login):
            raise RestError(404, "Not Found")


def api_address(request: Request) -> str:
    """The address under which the client reached the REST interface."""
    prefix = "/api/v3" if request.url.path.startswith("/api/v3") else ""
    return f"{request.url.scheme}://{request.url.netloc}{prefix}"


def _is_merged(thing: GithubIssue | PullRequest) -> bool:
    return isinstance(thing, PullRequest) and thing.merged_at is not None


def _instant(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise RestError(422, "Validation Failed", errors=[{"field": "since", "code": "invalid"}]) from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _shown(standing: Standing) -> dict[str, int]:
    return {
        "limit": standing.limit,
        "used": standing.used,
        "remaining": standing.remaining,
        "reset": int(standing.reset_at.timestamp()),
    }


def _number(request: Request, name: str, default: int) -> int:
    text = request.query_params.get(name, "")
    return int(text) if text.isdigit() else default


def _paged(request: Request, things: Sequence[Any], write: Callable[[Any], Any]) -> Reply:
    """One page as ``page`` and ``per_page`` ask, with the Link header that leads to the others."""
    size = min(max(_number(request, "per_page", 30), 1), 100)
    page = max(_number(request, "page", 1), 1)
    last = max(-(-len(things) // size), 1)
    body = [write(thing) for thing in things[(page - 1) * size : page * size]]
    leads = {"prev": page - 1, "next": page + 1, "last": last, "first": 1}
    if page >= last:
        del leads["next"], leads["last"]
    if page == 1:
        del leads["prev"], leads["first"]
    address = f"{request.url.scheme}://{request.url.netloc}{request.url.path}"
    links = [
        f'<{address}?{urlencode({**request.query_params, "page": number})}>; rel="{rel}"'
        for rel, number in leads.items()
    ]
    return Reply(body, ", ".join(links) or None)
