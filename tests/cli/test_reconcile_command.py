"""``itpm sync --reconcile``: what it asks for, and what it says was found."""

import json
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from itpm_pipeline.cli import sync as command
from itpm_pipeline.extract.records import OutcomeStatus
from itpm_pipeline.extract.source import Depth
from itpm_pipeline.ingest.outcomes import SyncOutcome, SyncReport

CENSUS = {"known": 1200, "visible": 1197, "deleted": 2, "permission_lost": 1}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Depth]:
    """Depths that a sync was asked for; it finds three issues gone."""
    depths: list[Depth] = []

    def sync(_: Any, *, depth: Depth, **options: Any) -> SyncReport:
        depths.append(depth)
        report = SyncReport("run")
        report.outcomes = [
            SyncOutcome("acme", "PAY", "issues", OutcomeStatus.OK, fetched=3),
            SyncOutcome("acme", "PAY", "absences", OutcomeStatus.OK, fetched=3, landed=3, details=CENSUS),
        ]
        return report

    monkeypatch.setattr(command, "sync", sync)
    monkeypatch.setattr(command, "load_settings", lambda: None)
    return depths


def run(*arguments: str) -> Result:
    app = typer.Typer()
    app.callback()(lambda: None)
    command.register(app)
    return CliRunner().invoke(app, ["sync", *arguments])


@pytest.mark.parametrize(
    ("options", "depth"), [((), Depth.CHANGES), (("--reconcile",), Depth.RECONCILE), (("--full",), Depth.FULL)]
)
def test_the_options_say_how_deep_to_look(asked: list[Depth], options: tuple[str, ...], depth: Depth) -> None:
    assert run(*options).exit_code == 0
    assert asked == [depth]


def test_both_at_once_are_refused(asked: list[Depth]) -> None:
    result = run("--full", "--reconcile")
    assert "--full includes --reconcile" in str(result.exception)
    assert asked == []


def test_what_vanished_is_told(asked: list[Depth]) -> None:
    assert "acme:PAY: 2 deleted; 1 permission lost" in run("--reconcile").stdout
    (_, census) = json.loads(run("--reconcile", "--json").stdout)["outcomes"]
    assert census["details"] == CENSUS
