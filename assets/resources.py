"""The pipeline as a Dagster resource: settings, warehouse and source of one run. Nothing happens at import."""

from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

import dagster as dg
import sqlalchemy as sa
from pydantic import PrivateAttr

from itpm_pipeline.config import Settings, load_settings
from itpm_pipeline.metric_settings import MetricSettings
from itpm_pipeline.modeling.build import BuiltModel, build_model, prepare
from itpm_pipeline.modeling.checks import CheckResult, record_results, run_checks
from itpm_pipeline.modeling.project import Model, Project
from itpm_pipeline.modeling.schema_yaml import Check
from itpm_pipeline.warehouse.engine import Publication, Warehouse, open_warehouse


class Pipeline(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Everything a step needs. The warehouse is opened by the first step that writes it, and kept until the run ends."""

    config: str | None = None
    """Path of program.yaml; default: the environment variable ITPM_CONFIG, else program.yaml in the working folder."""

    _open: ExitStack = PrivateAttr(default_factory=ExitStack)
    _warehouse: Warehouse | None = PrivateAttr(default=None)

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Generator["Pipeline", None, None]:
        """One run."""
        with self._open:
            yield self
        self._warehouse = None

    @cached_property
    def settings(self) -> Settings:
        """program.yaml, read once a run; ConfigurationError with file and line if it is wrong."""
        return load_settings(Path(self.config) if self.config else None)

    @property
    def metrics(self) -> MetricSettings:
        """The ``metrics`` of program.yaml with all defaults."""
        return MetricSettings.model_validate(dict(self.settings.metrics))

    @property
    def warehouse(self) -> Warehouse:
        """The warehouse, kept from other processes until the run ends."""
        if self._warehouse is None:
            warehouse = open_warehouse(self.settings.warehouse.url)
            self._open.callback(warehouse.close)
            self._open.enter_context(warehouse.hold())
            warehouse.prepare()
            self._warehouse = warehouse
        return self._warehouse

    def write_parameters(self) -> datetime:
        """Fix the instant of the build: ``as_of`` of program.yaml, else now."""
        as_of = self.settings.as_of or datetime.now(UTC)
        with self.warehouse.transaction() as connection:
            prepare(connection, as_of=as_of, settings=self.metrics)
        return as_of

    def build_model(
        self, project: Project, model: Model, wanted: Callable[[Check], bool]
    ) -> tuple[BuiltModel, list[CheckResult]]:
        """Build one model and run the wanted of its checks."""
        with self.warehouse.transaction() as connection:
            built = build_model(connection, project, model.name)
            results = run_checks(connection, project, [model.name], wanted=wanted)
            record_results(connection, results)
        return built, results

    def check(self, project: Project, models: list[str], wanted: Callable[[Check], bool]) -> list[CheckResult]:
        """Run the wanted checks of models that are built."""
        with self.warehouse.transaction() as connection:
            results = run_checks(connection, project, models, wanted=wanted)
            record_results(connection, results)
        return results

    def publish(self) -> Publication:
        """Show readers the state as it is now."""
        return self.warehouse.publish()

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A connection for looking."""
        with self.warehouse.reading() as connection:
            yield connection
