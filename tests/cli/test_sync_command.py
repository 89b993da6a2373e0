"""``itpm sync`` and ``itpm rebuild``: what is loaded, what is told, and how one failing project ends."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from command_line import Place
from core_tables import core_tables
from starlette.types import ASGIApp, Receive, Scope, Send

from itpm_pipeline.sandbox.company.program_yaml import write_program
from itpm_pipeline.sandbox.serve import Running, serve_app

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("cli")]

Errors = Callable[..., list[str]]


def test_second_sync_changes_no_row(built: Place, tmp_path: Path) -> None:
    place = built.copy(tmp_path)
    before = core_tables(place.working)
    assert {"issue", "sprint", "issue_field_event", "project"} <= {name for name, rows in before.items() if rows}
    report = json.loads(place.ok("sync", "--json"))
    assert report["failed"] == 0
    assert core_tables(place.working) == before


def test_json_has_outcomes_per_project_and_stream(built: Place, tmp_path: Path) -> None:
    place = built.copy(tmp_path)
    report = json.loads(place.ok("sync", "--json", "--full", "--project", "acme-jira:PAY"))
    found = {(one["project"], one["stream"]): one for one in report["outcomes"]}
    assert {project for project, _ in found} == {"_site", "PAY"}
    assert {"issues", "changelogs", "worklogs"} <= {stream for project, stream in found if project == "PAY"}
    issues = found["PAY", "issues"]
    assert issues["status"] == "ok"
    assert issues["fetched"] > 0
    assert issues["requests"] > 0
    assert {"landed", "mapped", "rejected", "seconds"} <= issues.keys()
    assert report["totals"]["requests"] == sum(one["requests"] for one in report["outcomes"])


def test_table_fits_the_terminal_and_says_what_was_skipped(built: Place, tmp_path: Path) -> None:
    answer = built.copy(tmp_path).ok("sync", COLUMNS="80")
    lines = answer.splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[0].split() == ["project", "fetched", "changed", "rejected", "requests", "seconds"]
    assert [line for line in lines if line.startswith("acme-gh:acme/payments-gateway ")]
    assert "acme-jira:LEG: skipped: archived" in lines
    assert "0 core rows changed" in lines[-1]


class _Refusing:
    """Jira, which answers 400 to whatever asks for the issues of one project."""

    def __init__(self, app: ASGIApp, key: str) -> None:
        self._app = app
        self._key = key.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = b""
        more = True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        if scope["path"].endswith("/search/jql") and self._key in body:
            content = b'{"errorMessages": ["The index of this project is \\u001b[31mbroken."]}'
            headers = [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode())]
            await send({"type": "http.response.start", "status": 400, "headers": headers})
            await send({"type": "http.response.body", "body": content})
            return

        async def again() -> dict[str, object]:
            return {"type": "http.request", "body": body, "more_body": False}

        await self._app(scope, again, send)


@pytest.fixture
def refused(trackers: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Trackers of which one refuses the issues of PAY."""
    served = serve_app(_Refusing(trackers.jira, '\\"PAY\\"'))  # type: ignore[arg-type]
    folder = tmp_path_factory.mktemp("refused")
    write_program(trackers.company, folder, served.url, trackers.github_url)
    yield Place(folder)
    served.stop()


def test_one_failing_project(refused: Place, built: Place, errors: Errors) -> None:
    lines = errors("sync", exit_code=1, in_place=refused)
    told = [line for line in lines if line.startswith("itpm: ")]
    assert told
    assert all(line.startswith("itpm: acme-jira:PAY: ") for line in told)
    assert "HTTP 400" in told[0]
    assert "The index of this project is " in told[0]
    assert "\x1b" not in "".join(lines)
    # Addresses, and with them hashes, differ by the port.
    own = "synced_at, _raw_hash"
    whole, rest = core_tables(built.working, without=own), core_tables(refused.working, without=own)
    shop = [row for row in whole["issue"] if "'SHOP-" in row]
    assert shop
    assert [row for row in rest["issue"] if "'SHOP-" in row] == shop
    assert not [row for row in rest["issue"] if "'PAY-" in row]
    assert [row for row in whole["issue"] if "'PAY-" in row]


def test_unknown_names(built: Place, errors: Errors) -> None:
    (line,) = errors("sync", "--tracker", "acme-gitlab", exit_code=2, in_place=built)
    assert "no tracker is called 'acme-gitlab'; program.yaml has: acme-jira, acme-gh" in line


def test_unknown_project(built: Place, tmp_path: Path, errors: Errors) -> None:
    lines = errors("sync", "--project", "acme-gh:acme/none", exit_code=1, in_place=built.copy(tmp_path))
    assert [line for line in lines if line.startswith("itpm: acme-gh:acme/none: ") and "no such project" in line]


def test_rebuild_equals_what_was_there(built: Place, tmp_path: Path) -> None:
    place = built.copy(tmp_path)
    before = core_tables(place.published)
    place.working.unlink()
    place.published.unlink()
    # No tracker answers at this address: landing is enough.
    text = place.config.read_text(encoding="utf-8")
    place.config.write_text(text.replace("http://127.0.0.1:", "http://127.0.0.1:1"[:-1]), encoding="utf-8")
    place.ok("rebuild")
    assert core_tables(place.published) == before
