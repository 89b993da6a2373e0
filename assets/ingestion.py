"""Reading the trackers: one asset per stream, partitioned by project, and one step that reads all projects at once.

The streams come from the sources themselves, so that a new kind of tracker needs no asset code.
"""

from collections.abc import Iterator, Sequence
from typing import Any, cast

import dagster as dg
from pydantic import Field

from assets import conventions
from assets.partitions import ProjectPartitions
from assets.readings import Reading, landing_metadata, overview, reasons, run_tags
from assets.resources import Pipeline
from itpm_pipeline.extract.records import SITE
from itpm_pipeline.extract.source import Depth, Source, Stream
from itpm_pipeline.registry import SOURCES

KINDS = tuple(SOURCES)
PROJECT, SITE_WIDE = "project", "site"
EVERYTHING_READ = "every_project_was_read"


class SyncOptions(dg.Config):
    """What a sync reads."""

    depth: Depth = Field(
        default=Depth.CHANGES,
        description="What changed; reconcile: also what vanished, or changed without telling; full: everything again.",
    )
    trackers: list[str] = Field(default=[], description="Names of trackers; empty = all.")
    projects: list[str] = Field(default=[], description="Projects as tracker:key; empty = all.")


def streams(kind: str, scope: str) -> list[Stream]:
    """Streams of a tracker kind, project-wide or of the whole site."""
    source = cast("type[Source]", SOURCES[kind])
    return [stream for stream in source.streams if stream.scope == scope]


def partitions_of(kind: str) -> ProjectPartitions:
    """The projects of a tracker kind."""
    return ProjectPartitions(kind, tuple(stream.name for stream in streams(kind, PROJECT)))


def project_landing_job_name(kind: str) -> str:
    """Job that reads single projects of a tracker kind."""
    return f"read_{kind}_project"


def landing_keys() -> list[dg.AssetKey]:
    """Keys of all landing assets."""
    return [
        conventions.landing_key(kind, stream.name)
        for kind in KINDS
        for scope in (SITE_WIDE, PROJECT)
        for stream in streams(kind, scope)
    ]


def ingestion_assets() -> list[dg.AssetsDefinition]:
    """Landing assets of every tracker kind, and the asset that reads all projects."""
    return [*(asset for kind in KINDS for asset in (_site(kind), _projects(kind))), _all_projects()]


def _specs(kind: str, scope: str, **options: Any) -> list[dg.AssetSpec]:
    return [
        dg.AssetSpec(
            key=conventions.landing_key(kind, stream.name),
            group_name=conventions.SOURCES,
            description=f"{stream.description.rstrip('.')}, as {kind} sent them. Unchanged JSON, append-only.",
            kinds={kind, "parquet"},
            owners=conventions.owners(conventions.SOURCES),
            tags=conventions.tags("landing", scope=scope),
            freshness_policy=conventions.LANDING_FRESHNESS,
            **options,
        )
        for stream in streams(kind, scope)
    ]


def _site(kind: str) -> dg.AssetsDefinition:
    @dg.multi_asset(name=f"{kind}_site", specs=_specs(kind, SITE_WIDE))
    def site(context: dg.AssetExecutionContext, pipeline: Pipeline) -> Iterator[dg.MaterializeResult[Any]]:
        readings = pipeline.read_site(kind)
        _raise_if_failed(context, readings)
        for stream in streams(kind, SITE_WIDE):
            landed = [outcome for reading in readings if (outcome := reading.landed(stream.name))]
            yield dg.MaterializeResult(conventions.landing_key(kind, stream.name), metadata=landing_metadata(landed))

    return site


def _projects(kind: str) -> dg.AssetsDefinition:
    names = [stream.name for stream in streams(kind, PROJECT)]

    @dg.multi_asset(
        name=f"{kind}_projects",
        specs=_specs(kind, PROJECT, partitions_def=partitions_of(kind).definition),
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    def projects(context: dg.AssetExecutionContext, pipeline: Pipeline) -> Iterator[dg.MaterializeResult[Any]]:
        chosen = set(context.partition_keys)
        readings = [found for found in pipeline.read_projects(projects=sorted(chosen)) if found.partition in chosen]
        _tag(context, pipeline, readings)
        if any(reading.reason for reading in readings):
            # The step is going to fail; what was read is recorded all the same.
            for reading in readings:
                _record(context, reading)
            _raise_if_failed(context, readings)
        for reading in readings:
            for name in names:
                outcome = reading.landed(name)
                context.add_asset_metadata(
                    landing_metadata([outcome] if outcome else []),
                    asset_key=conventions.landing_key(kind, name),
                    partition_key=reading.partition,
                )
        yield from (dg.MaterializeResult(conventions.landing_key(kind, name)) for name in names)

    return projects


def _raise_if_failed(context: dg.AssetExecutionContext, readings: Sequence[Reading]) -> None:
    failed = [reading for reading in readings if reading.reason]
    for reading in failed:
        context.log.error("%s: %s", reading.partition, reading.reason)
    if failed:
        raise dg.Failure(
            f"{len(failed)} of {len(readings)} could not be read; what could be read is loaded.",
            metadata={"reasons": dg.MetadataValue.md(reasons(failed))},
            allow_retries=False,
        )


def _all_projects() -> dg.AssetsDefinition:
    @dg.asset(
        key=conventions.ALL_PROJECTS,
        group_name=conventions.SOURCES,
        description="One reading of every project of every tracker, all in one step: what changed since the last "
        "one, landed, loaded, and recorded per stream and project in the assets of this group. A project that "
        "cannot be read is reported here and holds up nobody else.",
        kinds={"python", *KINDS},
        owners=conventions.owners(conventions.SOURCES),
        tags=conventions.tags("landing", scope="all"),
        check_specs=[
            dg.AssetCheckSpec(
                EVERYTHING_READ,
                asset=conventions.ALL_PROJECTS,
                description="Every project of every tracker could be read.",
                blocking=False,
            )
        ],
        freshness_policy=conventions.LANDING_FRESHNESS,
    )
    def all_projects(
        context: dg.AssetExecutionContext, config: SyncOptions, pipeline: Pipeline
    ) -> Iterator[dg.MaterializeResult[Any]]:
        readings = pipeline.read_projects(trackers=config.trackers, projects=config.projects, depth=config.depth)
        _tag(context, pipeline, readings)
        for reading in readings:
            _record(context, reading)
        failed = [reading for reading in readings if reading.reason]
        if failed:
            # Run tags may be 255 characters long at most.
            names = ", ".join(reading.partition for reading in failed)
            context.instance.add_run_tags(context.run.run_id, {"itpm/failed": names[:250]})
        yield dg.MaterializeResult(
            metadata=overview(readings),
            check_results=[
                dg.AssetCheckResult(
                    check_name=EVERYTHING_READ,
                    passed=not failed,
                    severity=dg.AssetCheckSeverity.WARN,
                    description=f"{len(failed)} of {len(readings)} could not be read." if failed else None,
                    metadata={"reasons": dg.MetadataValue.md(reasons(failed))} if failed else {},
                )
            ],
        )

    return all_projects


def _tag(context: dg.AssetExecutionContext, pipeline: Pipeline, readings: Sequence[Reading]) -> None:
    context.instance.add_run_tags(context.run.run_id, run_tags(readings, pipeline.settings.programs))


def _record(context: dg.AssetExecutionContext, reading: Reading) -> None:
    """Materialisations of the landing assets that a reading brought up to date."""
    if reading.reason:
        context.log.warning("%s: %s", reading.partition, reading.reason)
    is_site = reading.project == SITE
    names = [stream.name for stream in streams(reading.kind, SITE_WIDE if is_site else PROJECT)]
    if not any(reading.landed(name) for name in names):
        return
    if not is_site:
        partitions_of(reading.kind).offer(context.instance, [reading.partition])
    for name in names:
        outcome = reading.landed(name)
        # A stream that the settings leave out is up to date as well: else the UI warns of it before every run.
        if outcome or name not in reading.outcomes:
            context.log_event(
                dg.AssetMaterialization(
                    conventions.landing_key(reading.kind, name),
                    partition=None if is_site else reading.partition,
                    metadata=landing_metadata([outcome] if outcome else []),
                )
            )
