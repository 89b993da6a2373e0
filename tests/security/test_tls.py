"""Servers are verified, always: by the authorities everybody knows, or by those of ``ca_file``, and by nothing else."""

import ssl
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import trustme
from unkind_server import Server, unkind_server

from itpm_pipeline.config import load_settings
from itpm_pipeline.errors import ConfigurationError, CredentialError, ItpmError, NotificationError
from itpm_pipeline.notifications.message import Message
from itpm_pipeline.notifications.send import send
from itpm_pipeline.registry import open_source

pytestmark = pytest.mark.xdist_group("secrets")

TOKEN = "T0ken-of-the-tls-tests"
Probe = Callable[..., ItpmError]


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def stranger() -> trustme.CA:
    return trustme.CA()


def serving(authority: trustme.CA, name: str) -> Iterator[Server]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    with unkind_server(context=context) as server:
        yield server


@pytest.fixture(scope="module")
def server(authority: trustme.CA) -> Iterator[Server]:
    yield from serving(authority, "127.0.0.1")


@pytest.fixture(scope="module")
def misnamed(authority: trustme.CA) -> Iterator[Server]:
    yield from serving(authority, "jira.acme.example")


@pytest.fixture(params=["jira", "github"])
def probe(request: pytest.FixtureRequest, tmp_path: Path) -> Probe:
    """Asks a server who we are; the error it ends with, as the server lets nobody in."""

    def ask(server: Server, ca_file: str | None = None) -> ItpmError:
        server.seen.clear()
        more = f", ca_file: {ca_file}" if ca_file else ""
        text = f"name: t, kind: {request.param}, url: '{server.url}/401', token: '${{TOKEN}}', max_attempts: 1{more}"
        (tmp_path / "program.yaml").write_text(f"trackers: [{{{text}}}]", encoding="utf-8")
        (tracker,) = load_settings(tmp_path / "program.yaml", {"TOKEN": TOKEN}).trackers

        def introduce() -> None:
            source = open_source(tracker)
            try:
                source.probe()
            finally:
                source.close()

        with pytest.raises(ItpmError) as caught:
            introduce()
        assert TOKEN not in str(caught.value)
        return caught.value

    return ask


def test_own_authority_is_trusted_when_named(probe, server, authority, tmp_path):
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    assert isinstance(probe(server, "ca.pem"), CredentialError), "TLS works, the token does not"
    assert server.seen


@pytest.mark.parametrize("bundle", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_the_file_wins_over_the_environment(probe, server, authority, stranger, tmp_path, monkeypatch, bundle):
    authority.cert_pem.write_to_path(str(tmp_path / "right.pem"))
    stranger.cert_pem.write_to_path(str(tmp_path / "wrong.pem"))
    monkeypatch.setenv(bundle, str(tmp_path / "wrong.pem"))
    assert isinstance(probe(server, "right.pem"), CredentialError)
    monkeypatch.setenv(bundle, str(tmp_path / "right.pem"))
    assert "ca_file" in str(probe(server, "wrong.pem"))
    assert server.seen == []


def test_an_unknown_authority_gets_no_credentials(probe, server):
    error = probe(server)
    assert isinstance(error, ConfigurationError)
    assert "check url and, for a certificate of your own authority, ca_file in program.yaml" in str(error)
    assert server.seen == []


def test_another_host_gets_no_credentials(probe, misnamed, authority, tmp_path):
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    assert isinstance(probe(misnamed, "ca.pem"), ConfigurationError)
    assert misnamed.seen == []


@pytest.mark.parametrize(("content", "words"), [(None, "cannot read ca_file"), ("nonsense", "holds no certificate")])
def test_a_file_that_is_none_is_told(probe, server, tmp_path, content, words):
    if content:
        (tmp_path / "ca.pem").write_text(content)
    error = probe(server, "ca.pem")
    assert isinstance(error, ConfigurationError)
    assert words in str(error)
    assert server.seen == []


def test_webhooks_are_verified_too(server, tmp_path, authority, monkeypatch):
    (tmp_path / "program.yaml").write_text("notifications: {webhook: '${HOOK}'}", encoding="utf-8")
    settings = load_settings(tmp_path / "program.yaml", {"HOOK": f"{server.url}/200/{TOKEN}"})
    server.seen.clear()
    with pytest.raises(NotificationError, match="SSLError") as caught:
        send(Message("headline"), settings.notifications)
    assert TOKEN not in str(caught.value)
    assert server.seen == []
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "ca.pem"))
    send(Message("headline"), settings.notifications)
    assert server.seen
