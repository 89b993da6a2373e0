"""Whatever goes wrong between us and a tracker, database or chat, no secret stands in what is said, kept or thrown."""

import logging
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import dagster as dg
import pytest
import yaml
from odd_secrets import PASSWORDS, TOKENS, basic, contents, leaks
from unkind_server import Server, unkind_server

from assets.attention import failed_runs
from assets.definitions import definitions
from assets.resources import Pipeline
from itpm_pipeline.cli import main
from itpm_pipeline.cli.dagster_process import prepare_home
from itpm_pipeline.config import load_settings
from itpm_pipeline.errors import ConfigurationError, ItpmError, NotificationError
from itpm_pipeline.modeling.project import load_project
from itpm_pipeline.notifications.message import Message
from itpm_pipeline.notifications.send import send
from itpm_pipeline.warehouse.engine import open_published, open_warehouse

pytestmark = pytest.mark.xdist_group("secrets")

EMAIL = "0dd.pipeline@acme.example"
ANSWERS = ("401", "403", "404", "500", "away", "page", "refused")
NOBODY = "http://127.0.0.1:9"
"""Port 9 is discard: nobody listens."""

Said = Callable[[], str]


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[Server]:
    with unkind_server() as server:
        yield server


@pytest.fixture(scope="module")
def unkind(elsewhere: Server) -> Iterator[Server]:
    with unkind_server(elsewhere.url) as server:
        yield server


@pytest.fixture
def said(capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> Said:
    """All that was printed, and logged at any level, since the last call."""
    caplog.set_level(logging.DEBUG)

    def read() -> str:
        printed = capfd.readouterr()
        logged = caplog.text
        caplog.clear()
        return printed.out + printed.err + logged

    return read


def trackers_of(unkind: Server) -> list[dict[str, object]]:
    """Each way to log in, with each way to be answered."""
    found: list[dict[str, object]] = []
    for answer in ANSWERS:
        url = NOBODY if answer == "refused" else f"{unkind.url}/{answer}"
        common = {"url": url, "token": "${ODD}", "max_attempts": 1}
        found += [
            {"name": f"cloud-{answer}", "kind": "jira", "email": EMAIL, **common},
            {"name": f"dc-{answer}", "kind": "jira", **common},
            {"name": f"gh-{answer}", "kind": "github", "organizations": ["acme"], **common},
        ]
    return found


@pytest.fixture
def place(tmp_path: Path, unkind: Server, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with all those trackers in its program.yaml."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ITPM_CONFIG", raising=False)
    (tmp_path / "program.yaml").write_text(yaml.safe_dump({"trackers": trackers_of(unkind)}), encoding="utf-8")
    return tmp_path


@pytest.fixture
def itpm(monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Runs a command in this process; its exit code."""

    def run(*arguments: str) -> int:
        monkeypatch.setattr(sys, "argv", ["itpm", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        return int(ended.value.code or 0)

    return run


@pytest.mark.slow
@pytest.mark.parametrize("token", TOKENS, ids=range(len(TOKENS)))
def test_no_answer_of_a_tracker_gives_a_token_away(
    place: Path, itpm: Callable[..., int], said: Said, token: str, monkeypatch: pytest.MonkeyPatch,
    unkind: Server, elsewhere: Server,
) -> None:  # fmt: skip
    monkeypatch.setenv("ODD", token)
    unkind.seen.clear()
    elsewhere.seen.clear()
    assert itpm("check") == 2
    checked = said()
    assert itpm("sync", "--json") == 1
    synced = said()
    headers = {header for _, header in unkind.seen}
    assert {f"Bearer {token}", f"Basic {basic(EMAIL, token)}", f"token {token}"} <= headers, "the tokens were sent"
    assert elsewhere.seen == [], "no redirect to another host is followed"
    for answer in ANSWERS:
        for kind in ("cloud", "dc", "gh"):
            assert f"{kind}-{answer}: " in checked
    assert "[hidden]" in checked
    secrets = (token, basic(EMAIL, token))
    assert leaks([("check", checked), ("sync", synced)], secrets) == []
    assert leaks(contents(place), secrets) == []


@pytest.mark.slow
def test_no_token_in_the_history_of_dagster(
    place: Path, said: Said, monkeypatch: pytest.MonkeyPatch, unkind: Server
) -> None:
    """Its run storage, event log and compute logs; all tokens at once, each for trackers of its own."""
    named = []
    for number, token in enumerate(TOKENS):
        monkeypatch.setenv(f"ODD{number}", token)
        named += [
            {**tracker, "name": f"{tracker['name']}-{number}", "token": f"${{ODD{number}}}"}
            for tracker in trackers_of(unkind)[number::2]
        ]
    monkeypatch.setenv("HOOK", f"{NOBODY}/hook/{TOKENS[1]}")
    document = {"trackers": named, "notifications": {"webhook": "${HOOK}"}}
    (place / "program.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")
    home = prepare_home(place / "home")
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    pipeline = Pipeline(config=str(place / "program.yaml"))
    jobs = definitions(load_project(), pipeline)
    with dg.DagsterInstance.from_config(str(home)) as instance:
        run = jobs.resolve_job_def("discover").execute_in_process(instance=instance, raise_on_error=False)
        assert not run.success
        failure = next(event for event in run.all_events if event.event_type_value == "PIPELINE_FAILURE")
        with dg.build_run_status_sensor_context(
            "failed_runs", dagster_event=failure, dagster_instance=instance, dagster_run=run.dagster_run,
            resources={"pipeline": pipeline},
        ) as context, pytest.raises(NotificationError) as caught:  # fmt: skip
            failed_runs(context.for_run_failure())
    told = "".join(traceback.format_exception(caught.value)) + str(run.all_events)
    secrets = (*TOKENS, *(basic(EMAIL, token) for token in TOKENS))
    assert leaks([("said", said()), ("told", told)], secrets) == []
    assert leaks(contents(place), secrets) == []
    assert any("runs" in name for name, _ in contents(home)), "there is a history to look into"


LITERAL = {
    "token": "trackers: [{name: gh, kind: github, url: 'https://api.github.com', token: @}]",
    "address of a tracker": "trackers: [{name: gh, kind: github, url: @, token: '${ODD}'}]",
    "webhook": "notifications: {webhook: @}",
    "password of a database": "warehouse: {url: @}",
}
"""Where somebody writes the secret itself instead of the name of a variable."""


@pytest.mark.parametrize("password", PASSWORDS, ids=range(len(PASSWORDS)))
@pytest.mark.parametrize("where", LITERAL)
@pytest.mark.parametrize("form", ["{}", "https://user:{}@host", "postgresql://u:{}@h/d", "postgresql://h/d?password={}"])
def test_a_literal_secret_is_refused_and_not_repeated(tmp_path: Path, password: str, where: str, form: str) -> None:
    text = LITERAL[where].replace("@", yaml.dump(form.format(password), default_style='"', allow_unicode=True).strip())
    (tmp_path / "program.yaml").write_text(text, encoding="utf-8")

    def read() -> None:
        open_warehouse(load_settings(tmp_path / "program.yaml", {"ODD": "abcdef"}).warehouse.url)

    with pytest.raises(ConfigurationError) as caught:
        read()
    assert leaks([("error", "".join(traceback.format_exception(caught.value)))], [password]) == []


@pytest.mark.parametrize("token", ["with space", "line\nbreak-T0ken", "naïve-T0ken", "пароль-T0ken", "\x7fT0ken"])
def test_a_token_that_no_header_carries_is_refused_and_not_repeated(tmp_path: Path, token: str) -> None:
    (tmp_path / "program.yaml").write_text(LITERAL["token"].replace("@", "'${ODD}'"), encoding="utf-8")
    words = r"program.yaml:1: trackers\[0\].token: .*letter beyond ASCII"
    with pytest.raises(ConfigurationError, match=words) as caught:
        load_settings(tmp_path / "program.yaml", {"ODD": token})
    assert token not in "".join(traceback.format_exception(caught.value))


def test_a_line_break_at_the_end_of_a_token_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / "program.yaml").write_text(LITERAL["token"].replace("@", "'${ODD}'"), encoding="utf-8")
    (tracker,) = load_settings(tmp_path / "program.yaml", {"ODD": "abcdef\r\n"}).trackers
    assert tracker.token is not None
    assert tracker.token.get_secret_value() == "abcdef"


def test_what_is_no_key_of_an_app_is_told_without_it(tmp_path: Path, itpm: Callable[..., int], said: Said,
                                                     monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ODD", f"-----BEGIN RSA PRIVATE KEY-----\n{TOKENS[3]}\n-----END RSA PRIVATE KEY-----")
    app = "{app_id: 1, installation_id: 2, private_key: '${ODD}'}"
    text = f"trackers: [{{name: gh, kind: github, url: '{NOBODY}', app: {app}}}]"
    (tmp_path / "program.yaml").write_text(text, encoding="utf-8")
    assert itpm("check") == 2
    told = said()
    assert "gh: app.private_key is no private key in PEM format" in told
    assert "Traceback" not in told
    assert leaks([("told", told)], [TOKENS[3]]) == []


@pytest.mark.parametrize("password", PASSWORDS, ids=range(len(PASSWORDS)))
def test_the_password_of_a_database_that_does_not_answer(tmp_path: Path, said: Said, password: str) -> None:
    pytest.importorskip("psycopg")
    url = "postgresql+psycopg://itpm:${ODD}@127.0.0.1:9/itpm?connect_timeout=2&password=${ODD}"
    (tmp_path / "program.yaml").write_text(f"warehouse: {{url: '{url}'}}", encoding="utf-8")
    settings = load_settings(tmp_path / "program.yaml", {"ODD": password})
    told = [repr(settings), str(settings.model_dump()), settings.model_dump_json()]
    for attempt in (
        lambda: open_published(settings.warehouse.url).query("select 1"),
        lambda: open_warehouse(settings.warehouse.url).prepare(),
    ):
        with pytest.raises(ItpmError, match=r"cannot connect to postgresql://127\.0\.0\.1:9/itpm") as caught:
            attempt()
        told.append("".join(traceback.format_exception(caught.value)))
    assert leaks([("told", text) for text in (*told, said())], [password]) == []


@pytest.mark.parametrize("secret", TOKENS, ids=range(len(TOKENS)))
def test_the_address_of_a_webhook(tmp_path: Path, said: Said, secret: str, unkind: Server) -> None:
    for base in (NOBODY, f"{unkind.url}/500", f"{unkind.url}/away"):
        (tmp_path / "program.yaml").write_text("notifications: {webhook: '${ODD}'}", encoding="utf-8")
        settings = load_settings(tmp_path / "program.yaml", {"ODD": f"{base}/services/{secret}"})
        with pytest.raises(NotificationError) as caught:
            send(Message("headline"), settings.notifications)
        told = "".join(traceback.format_exception(caught.value)) + repr(settings) + settings.model_dump_json()
        assert leaks([("told", told)], [secret]) == []
    logged = said()
    # The HTTP library tells at level DEBUG which path it asked for; we never switch that on.
    ours = "\n".join(line for line in logged.splitlines() if "urllib3" not in line)
    assert leaks([("logged", ours)], [secret]) == []
