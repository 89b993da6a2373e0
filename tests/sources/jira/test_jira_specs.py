"""Every request the source sends to Cloud is one that Atlassian's specifications allow."""

import gzip
import json
import re
import typing

import jsonschema
import pytest

from itpm_pipeline.extract.client import Traffic
from itpm_pipeline.extract.records import ProjectRef

pytestmark = pytest.mark.realdata


@pytest.fixture(scope="module")
def specifications(shared):
    names = ("jira-platform-v3-openapi.json.gz", "jira-software-openapi.json.gz")
    return [json.loads(gzip.decompress((shared / "specs" / name).read_bytes())) for name in names]


def operation(specifications, request):
    for specification in specifications:
        for path, methods in specification["paths"].items():
            if re.fullmatch(re.sub(r"\{[^}]+\}", "[^/]+", path), request.path) and request.method.lower() in methods:
                return specification, path, methods[request.method.lower()]
    raise AssertionError(f"no such operation: {request.method} {request.path}")


def check(specifications, request) -> str:
    specification, path, described = operation(specifications, request)
    parameters = {one["name"]: one for one in described.get("parameters", []) if one["in"] == "query"}
    for name, values in request.queries.items():
        assert name in parameters, f"{path} has no parameter {name}"
        schema = parameters[name].get("schema", {})
        if schema.get("type") == "integer":
            assert all(value.isdecimal() for value in values), (path, name, values)
        choices = schema.get("enum") or schema.get("items", {}).get("enum")
        assert not choices or set(values) <= set(choices), (path, name, values)
    if request.body is not None:
        schema = described["requestBody"]["content"]["application/json"]["schema"]
        jsonschema.validate(request.body, {**schema, "components": specification["components"]})
    return f"{request.method} {path}"


def test_all_requests_of_a_full_and_an_incremental_read(fake, open_source, specifications):
    histories = [{"id": "1", "created": 1772442000000, "items": [{"field": "RemoteIssueLink", "to": "1"}]}]
    worklog = {"total": 30, "worklogs": []}
    fake.answers |= {
        "api/3/project/search": {"values": [{"id": "1", "key": "PAY"}], "isLast": True},
        "api/3/status": [], "api/3/issuetype": [], "api/3/priority": [], "api/3/resolution": [],
        "api/3/issueLinkType": {"issueLinkTypes": []},
        "agile/1.0/board": {"values": [{"id": 4, "type": "scrum"}], "isLast": True},
        "agile/1.0/board/4/configuration": {"id": 4},
        "agile/1.0/board/4/project": {"values": [], "isLast": True},
        "agile/1.0/board/4/sprint": {"values": [], "isLast": True},
        "api/3/project/PAY/versions": [],
        "api/3/search/jql": lambda request: {
            "issues": [{"id": "1", "key": "PAY-1", "fields": {"worklog": worklog}}],
            **({} if request.body.get("nextPageToken") else {"nextPageToken": "t"}),
        },
        "api/3/changelog/bulkfetch": lambda request: {
            "issueChangeLogs": [{"issueId": "1", "changeHistories": histories}],
            **({} if request.body.get("nextPageToken") else {"nextPageToken": "t"}),
        },
        "api/3/issue/1/worklog": {"total": 0, "worklogs": []},
        "api/3/issue/1/remotelink": [],
    }  # fmt: skip
    source = open_source()
    source.probe()
    source.discover()
    list(source.read_site(None).records)
    restricted = open_source(projects=["PAY", "WEB"])
    fake.answers["api/3/project/search"]["values"].append({"id": "2", "key": "OPS"})
    list(restricted.read_site(None).records)
    project = ProjectRef("acme-jira", "PAY", "1", "Payments")
    first = source.read_project(project, None)
    list(first.records)
    list(source.read_project(project, first.cursor).records)
    list(source.issue_ids(project, Traffic()))
    fake.seen = [request for request in fake.seen if request.path != "/rest/api/2/serverInfo"]
    asked = {check(specifications, request) for request in fake.seen}
    assert asked == {
        "GET /rest/api/3/myself", "GET /rest/api/3/project/search", "GET /rest/api/3/field", "GET /rest/api/3/status",
        "GET /rest/api/3/issuetype", "GET /rest/api/3/priority", "GET /rest/api/3/resolution",
        "GET /rest/api/3/issueLinkType", "GET /rest/agile/1.0/board",
        "GET /rest/agile/1.0/board/{boardId}/configuration", "GET /rest/agile/1.0/board/{boardId}/project",
        "GET /rest/agile/1.0/board/{boardId}/sprint", "GET /rest/api/3/project/{projectIdOrKey}/versions",
        "POST /rest/api/3/search/jql", "POST /rest/api/3/changelog/bulkfetch",
        "GET /rest/api/3/issue/{issueIdOrKey}/worklog", "GET /rest/api/3/issue/{issueIdOrKey}/remotelink",
    }  # fmt: skip


def test_a_request_outside_of_the_specification_is_noticed(specifications, fake, open_source):
    class Sent:
        method, path, body = "POST", "/rest/api/3/changelog/bulkfetch", {"issueIdsOrKeys": []}
        queries: typing.ClassVar[dict[str, list[str]]] = {}

    with pytest.raises(jsonschema.ValidationError):
        check(specifications, Sent)
    Sent.body, Sent.queries = {"issueIdsOrKeys": ["1"]}, {"page": ["2"]}
    with pytest.raises(AssertionError, match="no parameter page"):
        check(specifications, Sent)
