"""Authentication, what the site is, and that credentials go nowhere else."""

import base64
from datetime import UTC, datetime

import pytest

from itpm_pipeline.errors import CredentialError, ItpmError, ProtocolError, RefusedError
from itpm_pipeline.extract.client import Client, Traffic
from itpm_pipeline.sources.jira.session import JiraSession


@pytest.fixture
def open_session(fake, make_tracker):
    opened = []

    def build(**settings):
        tracker = make_tracker(fake.url, **settings)
        client = Client("acme-jira", max_attempts=2, secrets=[tracker.token.get_secret_value()], sleep=lambda _: None)
        opened.append(JiraSession(tracker, client))
        return opened[-1]

    yield build
    for session in opened:
        session.close()


def test_cloud_gets_basic_authentication_and_data_center_a_bearer_token(fake, open_session):
    open_session(email="ann@acme.example", token="t0p-secret-token").ask_server(Traffic())
    pair = base64.b64encode(b"ann@acme.example:t0p-secret-token").decode()
    assert fake.seen[-1].headers["Authorization"] == f"Basic {pair}"
    open_session(email=None, token="t0p-secret-token").ask_server(Traffic())
    assert fake.seen[-1].headers["Authorization"] == "Bearer t0p-secret-token"


@pytest.mark.parametrize("name", ["http_proxy", "HTTP_PROXY"])
def test_a_proxy_of_the_environment_is_used(fake, make_tracker, monkeypatch, name):
    for other in ("http_proxy", "HTTP_PROXY", "no_proxy", "NO_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(other, raising=False)
    monkeypatch.setenv(name, fake.url)
    session = JiraSession(make_tracker("http://localhost:9"), Client("x", max_attempts=1))
    assert session.ask_server(Traffic()).is_cloud
    assert fake.seen[-1].headers["Host"] == "localhost:9"
    session.close()
    monkeypatch.setenv("no_proxy", "localhost")
    session = JiraSession(make_tracker("http://localhost:9"), Client("x", max_attempts=1))
    with pytest.raises(ItpmError, match="no answer after all attempts"):
        session.ask_server(Traffic())
    session.close()


def test_a_context_path_is_kept(fake, open_session, make_tracker):
    fake.answers["/jira/rest/api/2/serverInfo"] = {"version": "9.12.5", "deploymentType": "Server"}
    session = JiraSession(make_tracker(fake.url + "/jira/"), Client("x"))
    assert session.ask_server(Traffic()).platform == "api/2"
    session.close()


@pytest.mark.parametrize(
    ("info", "platform", "time"),
    [
        ({"deploymentType": "Cloud", "serverTime": "2026-11-16T09:00:00.000+0100"}, "api/3",
         datetime(2026, 11, 16, 8, tzinfo=UTC)),
        ({"deploymentType": "Data Center", "serverTime": "2026-11-16T08:00:00.000+0000"}, "api/2",
         datetime(2026, 11, 16, 8, tzinfo=UTC)),
        ({"serverTime": "2026-11-16T00:00:00.000-0800"}, "api/2", datetime(2026, 11, 16, 8, tzinfo=UTC)),
    ],
)  # fmt: skip
def test_what_the_site_is(fake, open_session, info, platform, time):
    fake.answers["api/2/serverInfo"] = {"version": "9.12.5", **info}
    server = open_session().ask_server(Traffic())
    assert (server.platform, server.version, server.time) == (platform, "9.12.5", time)


def test_without_a_server_time_the_date_header_counts(fake, open_session):
    fake.answers["api/2/serverInfo"] = {"version": "8.0"}
    server = open_session().ask_server(Traffic())
    assert abs((server.time - datetime.now(UTC)).total_seconds()) < 5


def test_another_service_at_the_address_is_told_clearly(fake, open_session):
    fake.answers["api/2/serverInfo"] = {"hello": "world"}
    with pytest.raises(ProtocolError, match="is not answered by Jira; check url"):
        open_session().ask_server(Traffic())


def test_redirects_are_not_followed(fake, open_session, other_answer):
    def move(request):
        raise other_answer(302, b"", Location="https://evil.example/rest/api/2/serverInfo")

    fake.answers["api/2/serverInfo"] = move
    with pytest.raises(RefusedError, match=r"HTTP 302.*evil\.example.*not followed"):
        open_session().ask_server(Traffic())
    assert len(fake.seen) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 418, 500, 503])
def test_no_answer_of_the_site_brings_the_token_into_a_message(fake, open_session, other_answer, status):
    def echo(request):
        raise other_answer(status, {"errorMessages": [f"bad header {request.headers['Authorization']}"]})

    fake.answers["api/2/serverInfo"] = echo
    for email in ("ann@acme.example", None):
        with pytest.raises(ItpmError) as caught:
            open_session(email=email, token="t0p-secret-token").ask_server(Traffic())
        text = repr(caught.value) + repr(caught.value.__cause__) + repr(caught.value.__context__)
        assert "t0p-secret" not in text
        assert base64.b64encode(b"ann@acme.example:t0p-secret-token").decode() not in text
        assert "[hidden]" in str(caught.value)


def test_failed_attempts_are_ours_alone(fake, open_session, other_answer):
    info = fake.answers["api/2/serverInfo"]

    def busy_once(request):
        if len(fake.seen) == 1:
            raise other_answer(429, b"", Retry_After="0")
        return info

    fake.answers["api/2/serverInfo"] = busy_once
    traffic = Traffic()
    open_session().ask_server(traffic)
    assert len(fake.seen) == traffic.requests == 2, "the library below does not retry on its own"


def test_a_broken_answer_is_asked_for_again(fake, open_session, other_answer):
    answers = iter([b'{"version": "9', b"<html>proxy</html>"])

    def flaky(request):
        raise other_answer(200, next(answers))

    fake.answers["api/2/serverInfo"] = flaky
    with pytest.raises(ProtocolError, match='begins with "proxy"'):
        open_session().ask_server(Traffic())


def test_wrong_token_in_one_clear_line(fake, open_source, other_answer):
    def denied(request):
        raise other_answer(401, b"<html><body>Basic auth with password is not allowed</body></html>")

    fake.answers["api/3/myself"] = denied
    with pytest.raises(CredentialError, match="credentials were refused; check email and token") as caught:
        open_source().probe()
    assert "\n" not in str(caught.value)


def test_the_time_is_asked_again_when_it_is_old(fake, make_tracker):
    """Projects read within a minute share one answer; it is never later than their start."""
    passed = [100.0]
    session = JiraSession(make_tracker(fake.url), clock=lambda: passed[0])
    first = session.server_of_late(Traffic())
    fake.answers["api/2/serverInfo"] |= {"serverTime": "2026-11-16T08:05:00.000+0000"}
    passed[0] += 60
    assert session.server_of_late(Traffic()) is first
    passed[0] += 1
    assert session.server_of_late(Traffic()).time == datetime(2026, 11, 16, 8, 5, tzinfo=UTC)
    assert fake.counts()["GET api/2/serverInfo"] == 2
    session.close()
