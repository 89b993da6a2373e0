"""Failed projects are read again, later each time; people are told once of what needs them."""

import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import dagster as dg
import pyarrow as pa
import pytest
import sqlalchemy as sa

from assets import attention
from assets.attention import failed_runs, red_programs
from itpm_pipeline.canonical.schema import arrow_schema
from itpm_pipeline.config import Notifications, Settings
from itpm_pipeline.ingest.failures import failing_projects
from itpm_pipeline.warehouse import ops
from itpm_pipeline.warehouse.engine import open_published, open_warehouse
from itpm_pipeline.warehouse.load import put

NOON = datetime(2026, 11, 16, 12, tzinfo=UTC)


@pytest.fixture
def told() -> Iterator[tuple[str, list[str]]]:
    """A webhook's address, and the texts that came."""
    texts: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            texts.append(json.loads(self.rfile.read(int(self.headers["Content-Length"])))["text"])
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/hook", texts
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def telling(pipeline, told, monkeypatch) -> list[str]:
    """The pipeline with a webhook; what it was told."""
    address, texts = told
    plain: Settings = pipeline.settings
    settings = plain.model_copy(update={"notifications": Notifications.model_validate({"webhook": address})})
    monkeypatch.setattr(type(pipeline), "settings", settings)
    return texts


def publish(pipeline: Any, readings: list[tuple[str, str, str, datetime]], programs: dict[str, str] | None = None):
    """Publish a log of (project, run, status, end) and the status of programs."""
    warehouse = open_warehouse(pipeline.settings.warehouse.url)
    warehouse.prepare()
    rows = [
        {"tracker": "acme-jira", "project": project, "stream": "issues", "run_id": run, "status": status,
         "reason": "answered 503" if status == "failed" else None, "ended_at": ended_at}
        for project, run, status, ended_at in readings
    ]  # fmt: skip
    with warehouse.transaction() as connection:
        put(connection, ops.SYNC_LOG, pa.Table.from_pylist(rows, schema=arrow_schema(ops.SYNC_LOG)))
        connection.execute(sa.text("drop table if exists mart.mart_program_status"))
        columns = "name text, overall_rag text, headline text"
        connection.execute(sa.text(f"create table mart.mart_program_status ({columns})"))
        for name, rag in (programs or {}).items():
            values = {"name": name, "rag": rag, "why": f"{name} is late"}
            connection.execute(sa.text("insert into mart.mart_program_status values (:name, :rag, :why)"), values)
    warehouse.publish()


def test_the_pause_doubles_with_each_failure_up_to_six_hours(pipeline):
    publish(pipeline, [
        ("PAY", "r1", "ok", NOON), ("PAY", "r2", "failed", NOON + timedelta(hours=1)),
        ("WEB", "r1", "failed", NOON), ("WEB", "r2", "failed", NOON + timedelta(hours=1)),
        ("APP", "r1", "failed", NOON), ("APP", "r2", "ok", NOON + timedelta(hours=1)),
        *(("OLD", f"r{number:02}", "failed", NOON + timedelta(hours=number)) for number in range(30)),
    ])  # fmt: skip
    with open_published(pipeline.settings.warehouse.url) as published:
        failing = {found.project: found for found in failing_projects(published)}
    assert set(failing) == {"OLD", "PAY", "WEB"}
    assert {name: (found.failures, found.due_at - found.ended_at) for name, found in failing.items()} == {
        "PAY": (1, timedelta(minutes=5)), "WEB": (2, timedelta(minutes=10)), "OLD": (30, timedelta(hours=6)),
    }  # fmt: skip
    assert failing["PAY"].reason == "answered 503"


@pytest.fixture
def retries(defs, instance, pipeline) -> Callable[..., list[Any]]:
    """What the sensor of a kind asks for now."""

    def ask(kind: str = "jira") -> list[Any]:
        with dg.build_sensor_context(instance=instance, resources={"pipeline": pipeline}) as context:
            return list(defs.resolve_sensor_def(f"failed_{kind}_projects")(context))

    return ask


def test_a_failed_project_is_asked_for_once_it_is_due(retries, pipeline):
    publish(pipeline, [
        ("PAY", "r1", "failed", datetime.now(UTC) - timedelta(minutes=6)),
        ("WEB", "r1", "failed", datetime.now(UTC) - timedelta(minutes=1)),
        ("_site", "r1", "failed", datetime.now(UTC) - timedelta(hours=1)),
    ])  # fmt: skip
    assert [(request.partition_key, request.run_key) for request in retries()] == [
        ("acme-jira:PAY", "acme-jira:PAY r1")
    ]
    assert all(isinstance(found, dg.SkipReason) for found in retries("github"))


def test_it_says_when_the_next_attempt_is_due_and_when_nothing_failed(retries, pipeline):
    assert "nothing was published" in retries()[0].skip_message
    publish(pipeline, [("WEB", "r1", "failed", datetime.now(UTC))])
    assert "next attempt is due" in retries()[0].skip_message
    publish(pipeline, [("WEB", "r2", "ok", datetime.now(UTC) + timedelta(minutes=1))])
    assert retries()[0].skip_message == "No failed jira project."


def test_a_program_that_turns_red_is_told_once(telling, instance, pipeline):
    def tick(cursor: str | None) -> Any:
        resources = {"pipeline": pipeline}
        with dg.build_sensor_context(instance=instance, cursor=cursor, resources=resources) as context:
            return red_programs(context)

    assert "nothing was published" in tick(None).skip_message
    publish(pipeline, [], {"Payments <!here>": "red", "Store": "green"})
    first = tick(None)
    assert telling == ["itpm: 1 program turned red\nPayments &lt;!here&gt;: Payments &lt;!here&gt; is late"]
    again = tick(first.cursor)
    assert again.skip_reason.skip_message == "No program turned red."
    publish(pipeline, [], {"Payments <!here>": "green", "Store": "red"})
    third = tick(again.cursor)
    assert telling[1:] == ["itpm: 1 program turned red\nStore: Store is late"]
    publish(pipeline, [], {"Payments <!here>": "red", "Store": "red"})
    assert tick(third.cursor).skip_reason is None
    assert len(telling) == 3, "red again after it was green: told again"


def test_a_failed_run_is_told_with_its_cause(telling, instance, pipeline):
    @dg.op
    def read() -> None:
        raise RuntimeError("the tracker said <no>")

    @dg.job
    def sync() -> None:
        read()

    result = sync.execute_in_process(instance=instance, raise_on_error=False)
    failure = next(event for event in result.all_events if event.event_type_value == "PIPELINE_FAILURE")
    with dg.build_run_status_sensor_context(
        sensor_name="failed_runs", dagster_event=failure, dagster_instance=instance, dagster_run=result.dagster_run,
        resources={"pipeline": pipeline},
    ) as context:  # fmt: skip
        failed_runs(context.for_run_failure())
    assert telling == [
        f"itpm: run {result.run_id[:8]} of job sync failed\nread: RuntimeError: the tracker said &lt;no&gt;"
    ]


def test_nobody_is_told_unless_configured(instance, pipeline, monkeypatch):
    monkeypatch.setattr(attention, "send", lambda *_: pytest.fail("told somebody"))
    publish(pipeline, [], {"Payments": "red"})
    with dg.build_sensor_context(instance=instance, resources={"pipeline": pipeline}) as context:
        assert "names nobody" in red_programs(context).skip_message
