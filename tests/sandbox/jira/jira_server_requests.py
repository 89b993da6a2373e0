"""One request for every endpoint of the Jira server, as data."""

from dataclasses import dataclass, field
from typing import Any

V3, AGILE = "/rest/api/3", "/rest/agile/1.0"


@dataclass(frozen=True)
class Sent:
    """A request, and the path of the specification it is an instance of."""

    template: str
    path: str = ""
    body: Any = None
    query: dict[str, Any] = field(default_factory=dict)
    is_list_of_it: bool = False
    """The real answer is a list of what the specification describes."""
    unspecified: bool = False
    without: frozenset[str] = frozenset()
    """Names in the specification's example that the real answer does not have."""

    @property
    def method(self) -> str:
        return "GET" if self.body is None else "POST"

    def send(self, site: Any) -> Any:
        path = self.path or self.template
        return site.get(path, **self.query) if self.body is None else site.post(path, self.body)

    def is_telling(self, answer: Any) -> bool:
        """Not an empty list or page; ``worklog/deleted`` always is one."""
        if "deleted" in self.template:
            return True
        for name in ("values", "issues", "issueChangeLogs", "worklogs", "permissions", "projects"):
            if isinstance(answer, dict) and name in answer:
                return bool(answer[name])
        return bool(answer)

    def __str__(self) -> str:
        return f"{self.method} {self.path or self.template}"


_ISSUE, _PROJECT = f"{V3}/issue/{{issueIdOrKey}}", f"{V3}/project/{{projectIdOrKey}}"
_BOARD = f"{AGILE}/board/{{boardId}}"

REQUESTS = (
    Sent(f"{V3}/serverInfo"),
    Sent(f"{V3}/myself"),
    Sent(f"{V3}/mypermissions", query={"permissions": "BROWSE_PROJECTS,ADMINISTER", "projectKey": "PAY"}),
    Sent(f"{V3}/permissions/project", body={"permissions": ["BROWSE_PROJECTS"]}),
    Sent(f"{V3}/user", query={"accountId": "557058:acc-1"}),
    Sent(f"{V3}/users/search"),
    Sent(f"{V3}/field"),
    Sent(f"{V3}/status"),
    Sent(f"{V3}/statuses/search"),
    Sent(f"{V3}/statuscategory"),
    Sent(f"{V3}/issuetype"),
    Sent(f"{V3}/priority"),
    Sent(f"{V3}/priority/search"),
    Sent(f"{V3}/resolution"),
    Sent(f"{V3}/resolution/search"),
    Sent(f"{V3}/issueLinkType"),
    Sent(f"{V3}/project/search", query={"expand": "lead,insight,issueTypes,description", "status": "live,archived"}),
    Sent(f"{V3}/project"),
    Sent(_PROJECT, f"{V3}/project/PAY"),
    Sent(_PROJECT, f"{V3}/project/LEG"),
    Sent(f"{_PROJECT}/version", f"{V3}/project/PAY/version"),
    Sent(f"{_PROJECT}/versions", f"{V3}/project/PAY/versions"),
    Sent(f"{_PROJECT}/component", f"{V3}/project/PAY/component"),
    Sent(f"{_PROJECT}/components", f"{V3}/project/PAY/components"),
    Sent(f"{V3}/search/jql", query={"jql": "project = PAY", "fields": "*all", "expand": "names,schema,changelog"}),
    Sent(f"{V3}/search/jql", query={"jql": "project = PAY"}),
    Sent(f"{V3}/search/jql", body={"jql": "project = PAY", "fields": ["*all"], "expand": "changelog"}),
    Sent(f"{V3}/search/approximate-count", body={"jql": "project = PAY"}),
    Sent(f"{V3}/issue/bulkfetch", body={"issueIdsOrKeys": ["PAY-4", "PAY-8", "SEC-1"], "expand": ["changelog"]}),
    Sent(_ISSUE, f"{V3}/issue/PAY-4", query={"expand": "changelog"}),
    Sent(_ISSUE, f"{V3}/issue/PAY-7", query={"expand": "changelog"}),
    Sent(f"{_ISSUE}/changelog", f"{V3}/issue/PAY-6/changelog"),
    Sent(f"{_ISSUE}/changelog", f"{V3}/issue/PAY-7/changelog"),
    Sent(f"{V3}/changelog/bulkfetch", body={"issueIdsOrKeys": ["PAY-6", "PAY-7"], "maxResults": 100}),
    Sent(f"{_ISSUE}/worklog", f"{V3}/issue/PAY-4/worklog"),
    Sent(f"{V3}/worklog/updated"),
    Sent(f"{V3}/worklog/deleted"),
    Sent(f"{V3}/worklog/list", body={"ids": [30000, 30001]}),
    # The specification describes one link; the example and real sites give a list.
    Sent(f"{_ISSUE}/remotelink", f"{V3}/issue/PAY-4/remotelink", is_list_of_it=True),
    Sent(f"{AGILE}/board"),
    Sent(_BOARD, f"{AGILE}/board/1"),
    Sent(f"{_BOARD}/configuration", f"{AGILE}/board/1/configuration"),
    Sent(f"{_BOARD}/configuration", f"{AGILE}/board/3/configuration"),
    Sent(f"{_BOARD}/issue", f"{AGILE}/board/1/issue"),
    # insight needs an expansion.
    Sent(f"{_BOARD}/project", f"{AGILE}/board/1/project", unspecified=True, without=frozenset({"insight"})),
    # Real sprint and epic lists have no total.
    Sent(f"{_BOARD}/sprint", f"{AGILE}/board/1/sprint", unspecified=True, without=frozenset({"total"})),
    Sent(f"{_BOARD}/epic", f"{AGILE}/board/1/epic", unspecified=True, without=frozenset({"total"})),
    Sent(f"{AGILE}/sprint/{{sprintId}}", f"{AGILE}/sprint/58", unspecified=True),
    # The example shows a single issue, and a page only for the same request through a board.
    Sent(
        f"{AGILE}/sprint/{{sprintId}}/issue", f"{AGILE}/sprint/58/issue", unspecified=True,
        without=frozenset({"fields", "id", "key", "self"}),
    ),
    Sent(f"{_BOARD}/sprint/{{sprintId}}/issue", f"{AGILE}/board/1/sprint/58/issue", unspecified=True),
    Sent(
        f"{AGILE}/issue/{{issueIdOrKey}}/estimation", f"{AGILE}/issue/PAY-5/estimation", query={"boardId": 1},
        unspecified=True,
    ),
)  # fmt: skip
