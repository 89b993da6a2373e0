"""Jobs, schedules and sensors. All schedules and sensors are off until somebody switches them on in the UI."""

from collections.abc import Iterator, Sequence
from typing import Any

import dagster as dg

from assets import conventions
from assets.ingestion import SyncOptions, partitions_of, project_landing_job_name
from assets.resources import Pipeline
from itpm_pipeline.extract.source import Depth

SYNC_SELECTION = (
    dg.AssetSelection.assets(conventions.ALL_PROJECTS)
    | dg.AssetSelection.groups(*(group for group in conventions.GROUPS if group != conventions.SOURCES))
)
REPORT_SELECTION = dg.AssetSelection.groups(conventions.REPORTS) - dg.AssetSelection.assets(conventions.PUBLISHED)
BUILD_SELECTION = SYNC_SELECTION - dg.AssetSelection.assets(conventions.ALL_PROJECTS)


def jobs() -> list[Any]:
    """sync, reconcile, build, report and discover.

    A list of Any, because Dagster does not export the type of asset jobs.
    """
    return [
        dg.define_asset_job(
            "sync",
            selection=SYNC_SELECTION,
            description="Reads what changed in all projects of all trackers, loads it, builds the models, publishes.",
            tags={"itpm/kind": "incremental"},
        ),
        dg.define_asset_job(
            "reconcile",
            selection=SYNC_SELECTION,
            config=dg.RunConfig(
                ops={conventions.ALL_PROJECTS.to_python_identifier(): SyncOptions(depth=Depth.RECONCILE)}
            ),
            description="Like sync, but also finds what was deleted, moved or hidden in the trackers, and what changed "
            "there without telling (fields of GitHub projects, links to other sites).",
            tags={"itpm/kind": "reconcile"},
        ),
        dg.define_asset_job(
            "build",
            selection=BUILD_SELECTION,
            description="Builds the models from what is loaded, and publishes. Talks to no tracker.",
        ),
        dg.define_asset_job(
            "report",
            selection=REPORT_SELECTION,
            description="Writes the program reports and the charts anew, from what is published and built.",
        ),
        discover,
    ]


def project_jobs(kinds: Sequence[str]) -> list[Any]:
    """One job per tracker kind that reads single projects."""
    return [
        dg.define_asset_job(
            project_landing_job_name(kind),
            selection=dg.AssetSelection.groups(conventions.SOURCES) & dg.AssetSelection.key_prefixes([kind])
            & dg.AssetSelection.tag("scope", "project"),
            description=f"Reads single {kind} projects, chosen by partition.",
        )
        for kind in kinds
    ]


@dg.op
def find_projects(context: dg.OpExecutionContext, pipeline: Pipeline) -> None:
    """Ask every tracker for the projects it lets us see, and offer them as partitions."""
    silent = []
    for found in pipeline.discover():
        if found.reason is not None:
            silent.append(f"{found.tracker}: {found.reason}")
            continue
        new = partitions_of(found.kind).offer(context.instance, found.projects)
        context.log.info("%s: %d projects, new: %s", found.tracker, len(found.projects), ", ".join(new) or "none")
    if silent:
        raise dg.Failure("No list of projects from " + "; ".join(silent), allow_retries=False)


@dg.job(description="Asks every tracker for its projects and offers them as partitions of the landing assets.")
def discover() -> None:
    """One step."""
    find_projects()


def schedules() -> list[dg.ScheduleDefinition]:
    """Off by default: a first look at the pipeline must not start calling trackers by itself."""
    return [
        dg.ScheduleDefinition(
            name="hourly_sync", job_name="sync", cron_schedule="7 * * * *",
            description="What changed in the last hour, every hour.",
        ),
        dg.ScheduleDefinition(
            name="nightly_reconcile", job_name="reconcile", cron_schedule="30 1 * * *",
            description="Every night what an hourly sync cannot see: deletions, lost permissions, moves.",
        ),
        dg.ScheduleDefinition(
            name="weekday_report", job_name="report", cron_schedule="0 6 * * 1-5",
            description="Program reports and charts, every working day before work begins (6:00 UTC).",
        ),
        dg.ScheduleDefinition(
            name="discover_projects", job_name="discover", cron_schedule="*/15 * * * *",
            description="New projects, every quarter of an hour.",
        ),
    ]


def sensors(kinds: Sequence[str]) -> list[dg.SensorDefinition]:
    """One sensor per tracker kind: reads a project as soon as it is discovered."""
    return [_new_projects(kind) for kind in kinds]


def _new_projects(kind: str) -> dg.SensorDefinition:
    @dg.sensor(
        name=f"new_{kind}_projects",
        job_name=project_landing_job_name(kind),
        minimum_interval_seconds=60,
        description=f"Reads a {kind} project for the first time as soon as it is discovered.",
    )
    def new_projects(context: dg.SensorEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
        unread = partitions_of(kind).unread(context.instance)
        if not unread:
            yield dg.SkipReason(f"Every known {kind} project was read before.")
        for name in unread:
            # The run key keeps a project whose first reading fails from being asked for again and again.
            yield dg.RunRequest(run_key=name, partition_key=name)

    return new_projects
