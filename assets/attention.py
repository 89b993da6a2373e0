"""Sensors that look after what went wrong: try failed projects again, tell people of failed runs and red programs."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import dagster as dg

from assets.ingestion import project_landing_job_name
from assets.resources import Pipeline
from itpm_pipeline.errors import WarehouseError
from itpm_pipeline.extract.records import SITE
from itpm_pipeline.ingest.failures import failing_projects
from itpm_pipeline.notifications.message import Message
from itpm_pipeline.notifications.send import send
from itpm_pipeline.warehouse.engine import open_published

_RED_PROGRAMS = """
    select name, headline from mart.mart_program_status where overall_rag = 'red' order by name
"""


def attention_sensors(kinds: Sequence[str]) -> list[dg.SensorDefinition]:
    """All sensors of this module; off by default."""
    return [*(_failed_projects(kind) for kind in kinds), failed_runs, red_programs]


def _failed_projects(kind: str) -> dg.SensorDefinition:
    @dg.sensor(
        name=f"failed_{kind}_projects",
        job_name=project_landing_job_name(kind),
        minimum_interval_seconds=60,
        description=f"Reads a {kind} project again whose last reading failed: after five minutes, then after twice "
        "as long each time, at most six hours.",
    )
    def failed_projects(pipeline: Pipeline) -> Iterator[dg.RunRequest | dg.SkipReason]:
        ours = {tracker.name for tracker in pipeline.settings.trackers if tracker.kind == kind}
        try:
            with open_published(pipeline.settings.warehouse.url) as published:
                failing = failing_projects(published)
        except WarehouseError as error:
            yield dg.SkipReason(str(error))
            return
        # A site has no partition; the next scheduled run reads it.
        failing = [found for found in failing if found.tracker in ours and found.project != SITE]
        now = datetime.now(UTC)
        due = [found for found in failing if found.due_at <= now]
        if not due:
            soonest = min((found.due_at for found in failing), default=None)
            yield dg.SkipReason(
                f"No failed {kind} project." if soonest is None else f"The next attempt is due at {soonest:%H:%M} UTC."
            )
        for found in due:
            # One attempt per failed run: the next failure is another run, and asks for a later one.
            yield dg.RunRequest(run_key=f"{found.partition} {found.run_id}", partition_key=found.partition)

    return failed_projects


@dg.run_failure_sensor(
    name="failed_runs", monitor_all_code_locations=False,
    description="Tells people of every failed run, by the ways that program.yaml names under notifications.",
)
def failed_runs(context: dg.RunFailureSensorContext, pipeline: Pipeline) -> dg.SkipReason | None:
    """A message per failed run: the job, and why each failed step failed."""
    if not pipeline.settings.notifications.is_on:
        return dg.SkipReason("program.yaml names nobody to tell under notifications.")
    causes = [f"{event.step_key}: {_cause(event)}" for event in context.get_step_failure_events()]
    run = context.dagster_run
    headline = f"itpm: run {run.run_id[:8]} of job {run.job_name} failed"
    send(Message(headline, tuple(causes or [context.failure_event.message or ""])), pipeline.settings.notifications)
    return None


def _cause(event: dg.DagsterEvent) -> str:
    error = event.step_failure_data.error
    while error is not None and error.cause is not None:
        error = error.cause
    return error.message if error is not None else "unknown"


@dg.sensor(
    name="red_programs",
    minimum_interval_seconds=300,
    description="Tells people when the status of a program turns red, by the ways that program.yaml names under "
    "notifications.",
)
def red_programs(context: dg.SensorEvaluationContext, pipeline: Pipeline) -> dg.SkipReason | dg.SensorResult:
    """The cursor holds the names of programs that were red when people were last told, one a line."""
    if not pipeline.settings.notifications.is_on:
        return dg.SkipReason("program.yaml names nobody to tell under notifications.")
    try:
        with open_published(pipeline.settings.warehouse.url) as published:
            red: list[dict[str, Any]] = published.query(_RED_PROGRAMS).to_pylist()
    except WarehouseError as error:
        return dg.SkipReason(str(error))
    known = set((context.cursor or "").splitlines())
    fresh = [program for program in red if _line(program["name"]) not in known]
    if fresh:
        lines = tuple(f"{program['name']}: {program['headline'] or 'no reason told'}" for program in fresh)
        names = "1 program" if len(fresh) == 1 else f"{len(fresh)} programs"
        send(Message(f"itpm: {names} turned red", lines), pipeline.settings.notifications)
    return dg.SensorResult(
        cursor="\n".join(_line(program["name"]) for program in red),
        skip_reason=None if fresh else dg.SkipReason("No program turned red."),
    )


def _line(text: str) -> str:
    return " ".join(text.split())
