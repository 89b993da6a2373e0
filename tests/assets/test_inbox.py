"""Notes that ask for projects: followed once, whoever wrote them; what is no such note is put aside."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from itpm_pipeline.config.settings import Place
from itpm_pipeline.ingest.inbox import MOST_BYTES, REFUSED

PAY, CHECKOUT = "acme-jira:PAY", "acme-github:acme/checkout"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "inbox"
    made.mkdir()
    return made


@pytest.fixture
def tick(defs, instance, pipeline, folder, monkeypatch) -> Callable[..., dg.SensorResult]:
    """One look of the sensor into the folder; two projects are known."""
    settings = pipeline.settings.model_copy(update={"inbox": Place(url=str(folder))})
    monkeypatch.setattr(type(pipeline), "settings", settings)
    instance.add_dynamic_partitions("jira_projects", [PAY])
    instance.add_dynamic_partitions("github_projects", [CHECKOUT])

    def look(cursor: str | None = None) -> Any:
        with dg.build_sensor_context(
            instance=instance, cursor=cursor, resources={"pipeline": pipeline}, definitions=defs
        ) as context:
            return defs.resolve_sensor_def("inbox")(context)

    return look


def asked(result: dg.SensorResult) -> list[tuple[str | None, str | None]]:
    return [(request.job_name, request.partition_key) for request in result.run_requests or []]


def test_a_note_is_followed_once_and_then_removed(tick, folder):
    for number, project in enumerate((PAY, CHECKOUT, PAY)):
        (folder / f"{number}.json").write_text(json.dumps({"project": project, "event": "issue_updated"}))
    first = tick()
    assert asked(first) == [("read_jira_project", PAY), ("read_github_project", CHECKOUT)]
    assert len(list(folder.iterdir())) == 3, "until Dagster is known to have taken the requests"
    again = tick()
    assert [one.run_key for one in again.run_requests] == [one.run_key for one in first.run_requests], "no second run"
    (folder / "3.json").write_text(json.dumps({"project": PAY}))
    second = tick(first.cursor)
    assert asked(second) == [("read_jira_project", PAY)]
    assert second.run_requests[0].run_key not in {one.run_key for one in first.run_requests}
    assert [path.name for path in folder.iterdir()] == ["3.json"]
    assert tick(second.cursor).skip_reason.skip_message == "No note asks for a project."
    assert list(folder.iterdir()) == []


HOSTILE = {
    "no JSON": b"project: acme-jira:PAY",
    "no text": b"\xff\xfe\x00",
    "empty": b"",
    "a list": b'["acme-jira:PAY"]',
    "deeply nested": b"[" * 50_000,
    "a number": b'{"project": 7}',
    "a list of projects": b'{"project": ["acme-jira:PAY"]}',
    "unknown": b'{"project": "acme-jira:NOPE"}',
    "a path": b'{"project": "../../etc/passwd"}',
    "a pattern": b'{"project": "acme-jira:*"}',
    "too long": b'{"project": "acme-jira:PAY", "x": "' + b"x" * MOST_BYTES + b'"}',
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_note_is_put_aside_and_holds_up_no_other(tick, folder, what):
    (folder / "0 \x1b[31m\n.json").write_bytes(HOSTILE[what])
    (folder / "1.json").write_text(json.dumps({"project": PAY}))
    assert asked(tick()) == [("read_jira_project", PAY)]
    assert sorted(path.name for path in folder.iterdir()) == ["1.json", REFUSED]
    (aside,) = (folder / REFUSED).iterdir()
    assert aside.read_bytes() == HOSTILE[what]


def test_links_pipes_and_folders_are_not_opened(tick, folder, tmp_path):
    secret = tmp_path / "secret.json"
    secret.write_text(json.dumps({"project": PAY}))
    (folder / "link.json").symlink_to(secret)
    (folder / "folder.json").mkdir()
    os.mkfifo(folder / "pipe.json")
    assert asked(tick()) == []
    assert [path.name for path in folder.iterdir()] == [REFUSED]
    assert secret.exists()


def test_files_under_other_names_are_left_alone(tick, folder):
    (folder / "half.json.part").write_text("{")
    assert asked(tick()) == []
    assert [path.name for path in folder.iterdir()] == ["half.json.part"]


def test_there_is_no_inbox_unless_configured(defs, instance, pipeline):
    with dg.build_sensor_context(instance=instance, resources={"pipeline": pipeline}, definitions=defs) as context:
        assert "names no inbox" in defs.resolve_sensor_def("inbox")(context).skip_message
