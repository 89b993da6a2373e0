import time

import orjson
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from itpm_pipeline.config import GithubTracker
from itpm_pipeline.errors import ConfigurationError, CredentialError, ProtocolError, RefusedError, TransientError
from itpm_pipeline.extract.client import Traffic
from itpm_pipeline.sources.github.session import GithubSession, PageTooLargeError, api_url

DATE = {"Date": "Mon, 16 Nov 2026 08:00:00 GMT"}
QUERY = "query Viewer { viewer { login } rateLimit { cost } }"


@pytest.mark.parametrize(
    ("url", "graphql"),
    [
        ("https://api.github.com", "https://api.github.com/graphql"),
        ("https://github.com", "https://api.github.com/graphql"),
        ("https://ghe.acme.example/api/v3", "https://ghe.acme.example/api/graphql"),
        ("https://ghe.acme.example:8443/api/v3/", "https://ghe.acme.example:8443/api/graphql"),
        ("http://127.0.0.1:18099", "http://127.0.0.1:18099/graphql"),
        ("http://127.0.0.1:18099/api/v3", "http://127.0.0.1:18099/api/graphql"),
    ],
)
def test_graphql_address_follows_the_base_address(url, graphql):
    session = GithubSession(GithubTracker(name="gh", kind="github", url=url, token="t"))
    assert session.graphql_url == graphql
    session.close()


def test_github_com_is_not_the_api():
    assert api_url("https://www.github.com/") == "https://api.github.com"
    assert api_url("https://ghe.acme.example/api/v3/") == "https://ghe.acme.example/api/v3"


def test_query_carries_token_and_asks_for_new_node_ids_and_counts_points(fake, session):
    fake.operations["Viewer"] = lambda _: {"viewer": {"login": "anna"}, "rateLimit": {"cost": 7}}
    traffic = Traffic()
    answer = session.graphql("asking", QUERY, {"a": 1}, traffic)
    assert answer.data["viewer"] == {"login": "anna"}
    assert answer.server_time.isoformat() == "2026-11-16T08:00:00+00:00"
    assert (traffic.requests, traffic.points) == (1, 7)
    asked = fake.asked[0]
    assert asked.headers["authorization"] == "token ghp_secret"
    assert asked.headers["x-github-next-global-id"] == "1"
    assert asked.variables == {"a": 1}


def test_an_enterprise_server_without_limits_has_null_rate_limit(fake, session):
    fake.operations["Viewer"] = lambda _: {"viewer": {"login": "anna"}, "rateLimit": None}
    traffic = Traffic()
    session.graphql("asking", QUERY, {}, traffic)
    assert traffic.points == 0


def test_paths_we_may_not_see_leave_the_rest_of_the_answer(fake, session):
    fake.operations["Viewer"] = lambda _: {
        "data": {"a": None, "b": {"id": "B"}},
        "errors": [
            {"type": "NOT_FOUND", "path": ["a"], "message": "Could not resolve to a node"},
            {"type": "FORBIDDEN", "path": ["b", "x"], "message": "Resource not accessible by integration"},
        ],
    }
    answer = session.graphql("asking", QUERY, {}, Traffic())
    assert answer.data["b"] == {"id": "B"}
    assert [path for path, _ in answer.refused] == ["a", "b.x"]


@pytest.mark.parametrize(
    ("error", "raised", "words"),
    [
        ({"type": "NOT_FOUND", "message": "Could not resolve to a Repository"}, RefusedError, "Could not resolve"),
        ({"type": "FORBIDDEN", "message": "saml"}, RefusedError, "saml"),
        ({"type": "INSUFFICIENT_SCOPES", "message": "needs read:project"}, CredentialError, "give the token the scope"),
        ({"message": "Field 'x' doesn't exist on type 'Issue'"}, ProtocolError, "doesn't exist"),
    ],
)
def test_an_answer_without_data_fails_by_its_type(fake, session, error, raised, words):
    fake.operations["Viewer"] = lambda _: {"data": None, "errors": [error]}
    with pytest.raises(raised, match=words):
        session.graphql("asking who", QUERY, {}, Traffic(), can_shrink=True)
    assert len(fake.asked) == 1, "asking again would give the same"


def test_rate_limit_inside_an_answer_waits_until_the_reset(fake, session, slept):
    answers = [
        (200, {**DATE, "X-RateLimit-Remaining": "0", "X-RateLimit-Limit": "5000", "X-RateLimit-Reset": "1794816090"},
         {"errors": [{"type": "RATE_LIMITED", "message": "API rate limit exceeded"}]}),
        (200, DATE, {"data": {"viewer": {"login": "anna"}}}),
    ]  # fmt: skip
    fake.operations["Viewer"] = lambda _: answers.pop(0)
    traffic = Traffic()
    assert session.graphql("asking", QUERY, {}, traffic).data["viewer"]["login"] == "anna"
    assert traffic.requests == 2
    assert sum(slept) == pytest.approx(90, abs=1)


@pytest.mark.parametrize(
    "answer",
    [
        (502, DATE, {"message": "Server Error"}),
        (504, DATE, b"<html>timeout</html>"),
        {"data": None, "errors": [{"message": "Something went wrong while executing your query."}]},
        {"data": {"a": None}, "errors": [{"path": ["a"], "message": "timedout"}]},
        {"data": {"a": None}, "errors": [{"type": "RESOURCE_LIMITS_EXCEEDED", "path": ["a"], "message": "too much"}]},
        {"data": {"a": None}, "errors": [{"type": "NEW_KIND", "path": ["a"], "message": "who knows"}]},
    ],
)
def test_overload_is_told_at_once_where_a_page_can_be_smaller_and_retried_otherwise(fake, session, answer):
    fake.operations["Viewer"] = lambda _: answer
    with pytest.raises(PageTooLargeError):
        session.graphql("asking", QUERY, {}, Traffic(), can_shrink=True)
    assert len(fake.asked) == 1
    with pytest.raises(TransientError) as raised:
        session.graphql("asking", QUERY, {}, Traffic())
    assert not isinstance(raised.value, PageTooLargeError)
    assert len(fake.asked) == 1 + 3


def test_a_login_page_with_status_200_is_not_an_answer(fake, session):
    fake.operations["Viewer"] = lambda _: (200, {**DATE, "Content-Type": "text/html"}, b"<html>Sign in</html>")
    with pytest.raises(ProtocolError, match="could not be decoded"):
        session.graphql("asking", QUERY, {}, Traffic())


def test_an_answer_without_data_and_errors_is_none(fake, session):
    fake.operations["Viewer"] = lambda _: (200, DATE, {"message": "hello"})
    with pytest.raises(ProtocolError, match="neither data nor errors"):
        session.graphql("asking", QUERY, {}, Traffic())


def test_refused_token_is_told_without_the_token(fake, session):
    fake.operations["Viewer"] = lambda _: (401, DATE, {"message": "Bad credentials ghp_secret"})
    with pytest.raises(CredentialError) as raised:
        session.graphql("asking", QUERY, {}, Traffic())
    assert "ghp_secret" not in str(raised.value)


def test_redirect_to_another_host_is_refused_with_advice(fake, session):
    fake.handlers["GET /user/repos"] = lambda _: (301, {**DATE, "Location": "http://elsewhere.example/user/repos"}, {})
    with pytest.raises(ConfigurationError, match="check url"):
        session.rest("listing", "/user/repos", None, Traffic())


def test_a_connection_that_breaks_is_tried_again_by_the_client_alone(fake, session):
    """PyGithub and urllib3 retrying underneath would multiply attempts, uncounted."""
    fake.handlers["GET /user/repos"] = lambda _: (0, {}, {})
    traffic = Traffic()
    with pytest.raises(TransientError):
        session.rest("listing", "/user/repos", None, traffic)
    assert traffic.requests == len(fake.asked) == 3


# --- App installations -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def private_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    ).decode()


@pytest.fixture
def app_session(fake, client, private_key):
    app = {"app_id": 17, "installation_id": 42, "private_key": private_key}
    session = GithubSession(GithubTracker(name="acme-gh", kind="github", url=fake.url + "/api/v3", app=app), client)
    yield session
    session.close()


def test_app_exchanges_its_key_for_an_installation_token_and_keeps_it(fake, app_session):
    expires = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
    fake.handlers["POST /api/v3/app/installations/42/access_tokens"] = lambda _: (
        201, DATE, {"token": "ghs_installation", "expires_at": expires}
    )  # fmt: skip
    fake.handlers["POST /api/graphql"] = lambda _: (200, DATE, {"data": {"viewer": {"login": "itpm[bot]"}}})
    for _ in range(2):
        assert app_session.graphql("asking", QUERY, {}, Traffic()).data["viewer"]["login"] == "itpm[bot]"
    paths = [one.path for one in fake.asked]
    assert paths == ["/api/v3/app/installations/42/access_tokens", "/api/graphql", "/api/graphql"]
    assert fake.asked[0].headers["authorization"].startswith("Bearer eyJ")
    assert fake.asked[1].headers["authorization"] == "token ghs_installation"


def test_an_unknown_installation_is_a_matter_of_credentials(fake, app_session):
    fake.handlers["POST /api/v3/app/installations/42/access_tokens"] = lambda _: (404, DATE, {"message": "Not Found"})
    with pytest.raises(CredentialError, match="installation_id"):
        app_session.graphql("asking", QUERY, {}, Traffic())
    assert len(fake.asked) == 1


def test_a_failing_token_exchange_is_retried(fake, app_session):
    fake.handlers["POST /api/v3/app/installations/42/access_tokens"] = lambda _: (503, DATE, {"message": "later"})
    with pytest.raises(TransientError):
        app_session.graphql("asking", QUERY, {}, Traffic())
    assert len(fake.asked) == 3


def test_body_is_sent_as_json(fake, session):
    fake.operations["Viewer"] = lambda _: {"viewer": {"login": "änna ☃"}}
    assert session.graphql("asking", QUERY, {"t": "☃"}, Traffic()).data == {"viewer": {"login": "änna ☃"}}
    assert orjson.dumps(fake.asked[0].body["variables"]) == '{"t":"☃"}'.encode()
