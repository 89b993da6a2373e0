"""REST discovery: shapes of the official description, links, redirects, credentials."""

import gzip
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jwt
import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jsonschema import Draft4Validator


@pytest.fixture(scope="module")
def openapi(shared: Path) -> dict[str, Any]:
    with gzip.open(shared / "specs" / "github-rest-openapi.json.gz") as file:
        described: dict[str, Any] = json.load(file)
    return with_nulls(described)


def with_nulls(schema: Any) -> Any:
    """OpenAPI 3.0's ``nullable`` in JSON Schema's words."""
    if isinstance(schema, list):
        return [with_nulls(child) for child in schema]
    if not isinstance(schema, dict):
        return schema
    changed = {name: with_nulls(child) for name, child in schema.items()}
    if changed.pop("nullable", False) is True:
        if isinstance(changed.get("enum"), list):
            changed["enum"] = [*changed["enum"], None]
        return {"anyOf": [{"type": "null"}, changed]}
    return changed


def problems(openapi: dict[str, Any], path: str, status: str, body: Any, method: str = "get") -> list[str]:
    response = openapi["paths"][path][method]["responses"][status]
    while "$ref" in response:
        response = openapi["components"]["responses"][response["$ref"].rpartition("/")[2]]
    schema = {**response["content"]["application/json"]["schema"]}
    validator = Draft4Validator({"allOf": [schema], "components": openapi["components"]})
    return [f"{list(error.absolute_path)}: {error.message[:200]}" for error in validator.iter_errors(body)]


@pytest.fixture(params=["as made", "changed"])
def either(request: pytest.FixtureRequest) -> Any:
    return request.getfixturevalue("github" if request.param == "as made" else "changed_github")


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("path", "template", "status"),
    [
        ("/", "/", 200),
        ("/user", "/user", 200),
        ("/user/repos", "/user/repos", 200),
        ("/orgs/acme", "/orgs/{org}", 200),
        ("/orgs/acme/repos", "/orgs/{org}/repos", 200),
        ("/repos/acme/checkout", "/repos/{owner}/{repo}", 200),
        ("/repos/acme/till", "/repos/{owner}/{repo}", 301),
        ("/repos/acme/nope", "/repos/{owner}/{repo}", 404),
        ("/repos/acme/checkout/issues?state=all&per_page=100", "/repos/{owner}/{repo}/issues", 200),
        ("/repos/acme/checkout/issues/1", "/repos/{owner}/{repo}/issues/{issue_number}", 200),
        ("/repos/acme/checkout/issues/1001", "/repos/{owner}/{repo}/issues/{issue_number}", 200),
        ("/repos/acme/checkout/issues/902", "/repos/{owner}/{repo}/issues/{issue_number}", 200),
        ("/repos/acme/checkout/issues/900", "/repos/{owner}/{repo}/issues/{issue_number}", 410),
        ("/repos/acme/checkout/milestones?state=all", "/repos/{owner}/{repo}/milestones", 200),
        ("/installation/repositories", "/installation/repositories", 200),
        ("/rate_limit", "/rate_limit", 200),
        ("/meta", "/meta", 200),
    ],
)
def test_answers_have_the_described_shape(
    either: Any, openapi: dict[str, Any], path: str, template: str, status: int
) -> None:
    response = either.get(path)
    assert response.status_code == status
    assert response.headers["content-type"] == "application/json; charset=utf-8"
    body = response.json()
    assert problems(openapi, template, str(status), body) == []
    # The check sees a missing part: without its first required key nothing passes.
    first = body[0] if isinstance(body, list) else body
    if status == 200 and path != "/meta":
        for key in list(first):
            del first[key]
        assert problems(openapi, template, "200", body) != []


def test_pages_are_linked(github: Any) -> None:
    names: list[str] = []
    response = github.get("/orgs/acme/repos", per_page=20)
    assert set(response.links) == {"next", "last"}
    while True:
        names += [repository["name"] for repository in response.json()]
        if "next" not in response.links:
            break
        response = github.get(response.links["next"]["url"])
    assert set(response.links) == {"prev", "first"}
    assert sorted(names) == sorted(github.company.repositories)
    assert len(github.get("/orgs/acme/repos").json()) == 30


def test_issues_are_filtered_and_hold_pull_requests(github: Any) -> None:
    def numbers(**params: Any) -> list[int]:
        found = github.get("/repos/acme/checkout/issues", per_page=100, **params).json()
        return [issue["number"] for issue in found]

    bugs = numbers(labels="bug,blocked", state="all")
    assert bugs == [1]
    newest = github.get("/repos/acme/checkout/issues", state="open", per_page=2).json()
    assert [(i["number"], "pull_request" in i) for i in newest] == [(1007, True), (1006, True)]
    since = numbers(state="all", since="2026-07-03T08:00:00Z", sort="updated", direction="asc")
    issues = github.company.repositories["checkout"].issues
    expected = [i.number for i in issues if i.deleted_at is None and i.updated_at.isoformat() >= "2026-07-03T08"]
    assert sorted(since) == sorted(expected)
    assert github.get("/repos/acme/checkout/issues", since="yesterday").status_code == 422
    assert github.get("/repos/acme/checkout/issues", sort="mood").status_code == 422


def test_an_issue_knows_parent_type_and_children(github: Any) -> None:
    issue = github.get("/repos/acme/checkout/issues/1").json()
    assert issue["parent_issue_url"] == f"{github.url}/repos/acme/checkout/issues/2"
    assert issue["type"]["name"] == "Bug"
    assert issue["sub_issues_summary"] == {"total": 3, "completed": 1, "percent_completed": 33}
    assert [assignee["login"] for assignee in issue["assignees"]] == ["ben-acme"]
    assert github.get("/repos/acme/checkout/issues/902").json()["user"] is None


def test_a_renamed_repository_redirects(github: Any) -> None:
    response = github.get("/repos/acme/till/issues", state="all")
    assert (response.status_code, response.headers["location"]) == (
        301, f"{github.url}/repos/acme/checkout/issues?state=all",
    )  # fmt: skip
    followed = github.session.get(f"{github.url}/repos/acme/till", timeout=10)
    assert followed.json()["full_name"] == "acme/checkout"
    query = '{ repository(owner: "acme", name: "till") { name } }'
    assert github.ask(query) == {"repository": {"name": "checkout"}}
    strict = '{ repository(owner: "acme", name: "till", followRenames: false) { name } }'
    assert github.errors(strict)[0]["type"] == "NOT_FOUND"


def test_enterprise_addresses_serve_the_same(github: Any) -> None:
    repository = github.get("/api/v3/repos/acme/checkout").json()
    assert repository["url"] == f"{github.url}/api/v3/repos/acme/checkout"
    assert repository["node_id"] == github.get("/repos/acme/checkout").json()["node_id"]
    link = github.get("/api/v3/orgs/acme/repos", per_page=20).links["next"]["url"]
    assert link.startswith(f"{github.url}/api/v3/")
    assert github.post("{ viewer { login } }", path="/api/graphql").json()["data"]["viewer"]["login"] == "anna-acme"


@pytest.mark.parametrize("authorization", [None, "bearer wrong", "token wrong", "Basic Z2hwX3NhbmRib3g=", "bearer "])
@pytest.mark.parametrize("path", ["/user", "/graphql"])
def test_credentials_are_needed(github: Any, authorization: str | None, path: str) -> None:
    headers = {"Authorization": authorization} if authorization else {}
    method = "POST" if path == "/graphql" else "GET"
    response = requests.request(method, github.url + path, headers=headers, json={"query": "{x}"}, timeout=10)
    assert response.status_code == 401
    assert response.json()["message"] in {"Bad credentials", "Requires authentication"}
    assert "ghp_sandbox" not in response.text


def test_unknown_addresses_and_methods(github: Any) -> None:
    for response in (github.get("/nowhere"), github.get("/repos/other/checkout"), github.get("/graphql")):
        assert response.status_code == 404
        assert response.json()["message"] == "Not Found"


def test_date_header_tells_company_time(github: Any) -> None:
    assert github.get("/user").headers["date"] == "Mon, 16 Nov 2026 08:00:00 GMT"


def test_latency_is_added(start: Callable[..., Any]) -> None:
    github = start(latency_ms=60)
    before = time.perf_counter()
    github.get("/user")
    assert time.perf_counter() - before >= 0.06


@pytest.fixture(scope="module")
def app_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem(key: rsa.RSAPrivateKey) -> tuple[str, str]:
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()


@pytest.mark.realdata
def test_an_app_installation_gets_a_token(
    start: Callable[..., Any], openapi: dict[str, Any], app_key: rsa.RSAPrivateKey
) -> None:
    private, public = pem(app_key)
    stranger = pem(rsa.generate_private_key(public_exponent=65537, key_size=2048))[0]
    seconds = [0.0]
    github = start(app_public_key=public, elapsed=lambda: seconds[0])
    now = int(time.time())
    claims = {"iat": now - 60, "exp": now + 540, "iss": "1"}
    path = "/app/installations/7/access_tokens"

    def ask(token: str) -> requests.Response:
        return requests.post(github.url + path, headers={"Authorization": f"Bearer {token}"}, timeout=10)

    assert ask(jwt.encode(claims, stranger, algorithm="RS256")).status_code == 401
    assert ask(jwt.encode({"iss": "1"}, private, algorithm="RS256")).status_code == 401
    assert ask("nonsense").status_code == 401
    response = ask(jwt.encode(claims, private, algorithm="RS256"))
    assert response.status_code == 201
    template = "/app/installations/{installation_id}/access_tokens"
    assert problems(openapi, template, "201", response.json(), "post") == []
    github.session.headers["Authorization"] = f"token {response.json()['token']}"
    assert github.get("/installation/repositories").json()["total_count"] == 44
    seconds[0] = 3600.0
    assert github.get("/installation/repositories").status_code == 401
    # Without a key any signature will do, but the claims must be there.
    lenient = start()
    github = lenient
    assert ask(jwt.encode(claims, stranger, algorithm="RS256")).status_code == 201
    assert ask(jwt.encode({"iss": "1"}, stranger, algorithm="RS256")).status_code == 401
