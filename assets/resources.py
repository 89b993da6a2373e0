"""The pipeline as a Dagster resource: settings, trackers and warehouse of one run. Nothing happens at import."""

import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import dagster as dg
import sqlalchemy as sa
from pydantic import PrivateAttr

from assets.dead_runs import living
from assets.lineage import lineage_of_models
from assets.readings import Found, Reading, readings_of
from itpm_pipeline.config import Settings, load_settings
from itpm_pipeline.errors import ItpmError, LockedError
from itpm_pipeline.extract.records import SITE
from itpm_pipeline.extract.redaction import redactor_of
from itpm_pipeline.extract.source import Depth, Source
from itpm_pipeline.ingest.fact_load import load_facts
from itpm_pipeline.ingest.sync import sync
from itpm_pipeline.modeling.build import BuiltModel, build_model, prepare
from itpm_pipeline.modeling.checks import CheckResult, record_results, run_checks
from itpm_pipeline.modeling.lineage import Lineage
from itpm_pipeline.modeling.project import Model, Project
from itpm_pipeline.modeling.schema_yaml import Check
from itpm_pipeline.registry import open_source
from itpm_pipeline.warehouse.engine import LOCK_WAIT_SECONDS, Warehouse, open_warehouse
from itpm_pipeline.warehouse.publish import Publication

PATIENCE = 6 * 60 * 60.0
"""Seconds that a run waits for others which write the warehouse; the first reading of a large site takes hours."""


class Pipeline(dg.ConfigurableResource):  # type: ignore[type-arg]  # generic only for what it yields: itself
    """Everything a step needs. The first step that works in the warehouse opens it; it is kept until the run ends."""

    config: str | None = None
    """Path of program.yaml; default: the environment variable ITPM_CONFIG, else program.yaml in the working folder."""

    _kept: ExitStack = PrivateAttr(default_factory=ExitStack)
    _warehouse: Warehouse | None = PrivateAttr(default=None)
    _lineage: Mapping[str, Lineage] | None = PrivateAttr(default=None)
    _unrecorded: list[CheckResult] = PrivateAttr(default_factory=list)

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Generator["Pipeline", None, None]:
        """One run. Before its first step, runs that were killed are told failed."""
        with ExitStack() as run:
            if context.instance is not None and context.run is not None:
                run.enter_context(living(context.instance, context.run.run_id))
            run.callback(self._let_go)
            yield self

    @cached_property
    def settings(self) -> Settings:
        """program.yaml, read once a run; ConfigurationError with file and line if it is wrong."""
        return load_settings(Path(self.config) if self.config else None)

    @cached_property
    def as_of(self) -> datetime:
        """The instant of all metrics of this run: that of program.yaml, else now (METRICS.md T7)."""
        return self.settings.as_of_or(datetime.now(UTC))

    # --- Trackers ----------------------------------------------------------------------------------------------

    def open_source(self, tracker: Any) -> Source:
        """The source of a configured tracker; tests put another one in its place."""
        return open_source(tracker)

    def read_projects(
        self, *, trackers: Sequence[str] = (), projects: Sequence[str] = (), depth: Depth = Depth.CHANGES
    ) -> list[Reading]:
        """Read, land and load what changed in the named trackers and projects (``tracker:key``; none named: all)."""
        report = sync(
            self.settings,
            trackers=list(trackers) or None,
            projects=list(projects) or None,
            depth=depth,
            open_source=self.open_source,
            warehouse=self.warehouse,
        )
        return readings_of(report, {tracker.name: tracker.kind for tracker in self.settings.trackers})

    def read_site(self, kind: str) -> list[Reading]:
        """Read what belongs to the whole tracker, for all trackers of a kind."""
        names = [tracker.name for tracker in self.settings.trackers if tracker.kind == kind]
        readings = self.read_projects(projects=[f"{name}:{SITE}" for name in names]) if names else []
        return [reading.of_site() for reading in readings if reading.project == SITE]

    def discover(self) -> Iterator[Found]:
        """Ask each tracker for its projects; one that does not answer keeps nobody else from being asked."""
        for tracker in self.settings.trackers:
            try:
                source = self.open_source(tracker)
                try:
                    yield Found(tracker.kind, tracker.name, [project.partition for project in source.discover()])
                finally:
                    source.close()
            except ItpmError as error:
                yield Found(tracker.kind, tracker.name, reason=redactor_of(tracker).quote(str(error)))

    # --- Warehouse ---------------------------------------------------------------------------------------------

    @property
    def warehouse(self) -> Warehouse:
        """The warehouse, kept from other processes until the run ends: runs take turns, each from its first use on.

        LockedError: others have it for longer than :data:`PATIENCE`.
        """
        if self._warehouse is None:
            warehouse = open_warehouse(self.settings.warehouse.url, lock_wait_seconds=LOCK_WAIT_SECONDS)
            patient_until = time.monotonic() + PATIENCE
            while self._warehouse is None:
                try:
                    self._kept.enter_context(warehouse.hold())
                except LockedError as error:
                    if time.monotonic() > patient_until:
                        raise
                    dg.get_dagster_logger().info("This run waits for its turn: %s", error)
                else:
                    self._warehouse = warehouse
            warehouse.prepare()
        return self._warehouse

    def _let_go(self) -> None:
        try:
            self._record_results()
        finally:
            self._warehouse = None
            self._kept.close()

    def _record_results(self) -> None:
        """Write what checks found, all at once: model by model it takes longer than to find it."""
        if self._unrecorded:
            with self.warehouse.transaction() as connection:
                record_results(connection, self._unrecorded)
            self._unrecorded.clear()

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A connection for looking."""
        with self.warehouse.reading() as connection:
            yield connection

    def load_facts(self) -> None:
        """Put what program.yaml and its CSV files say into the core schema."""
        with self.warehouse.transaction() as connection:
            load_facts(connection, self.settings, self.as_of)

    def write_parameters(self) -> None:
        """Hand instant and settings to the models."""
        with self.warehouse.transaction() as connection:
            prepare(connection, as_of=self.as_of, settings=self.settings.metrics)

    def build_model(
        self, project: Project, model: Model, wanted: Callable[[Check], bool]
    ) -> tuple[BuiltModel, list[CheckResult]]:
        """Build one model and run the wanted of its checks, whose results are written before others see them."""
        with self.warehouse.transaction() as connection:
            built = build_model(connection, project, model.name)
            results = run_checks(connection, project, [model.name], wanted=wanted)
        self._unrecorded += results
        return built, results

    def lineage(self, instance: dg.DagsterInstance, project: Project) -> Mapping[str, Lineage]:
        """Column lineage by model, looked up once a run."""
        if self._lineage is None:
            self._lineage = lineage_of_models(instance, project)
        return self._lineage

    def check(self, project: Project, models: Sequence[str], wanted: Callable[[Check], bool]) -> list[CheckResult]:
        """Run the wanted checks of models that are built."""
        with self.warehouse.reading() as connection:
            results = run_checks(connection, project, models, wanted=wanted)
        self._unrecorded += results
        return results

    def publish(self) -> Publication:
        """Show readers the state as it is now, and what its checks found."""
        self._record_results()
        return self.warehouse.publish()
