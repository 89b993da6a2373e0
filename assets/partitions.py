"""The projects of one kind of tracker as dynamic partitions: ``tracker:key``."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import dagster as dg

from assets import conventions


@dataclass(frozen=True)
class ProjectPartitions:
    """Partitions of all landing assets of one tracker kind; ``streams`` are its project-wide streams."""

    kind: str
    streams: tuple[str, ...]

    @cached_property
    def definition(self) -> dg.DynamicPartitionsDefinition:
        """For ``partitions_def``."""
        return dg.DynamicPartitionsDefinition(name=f"{self.kind}_projects")

    def known(self, instance: dg.DagsterInstance) -> list[str]:
        """All partitions, as they were found."""
        return list(instance.get_dynamic_partitions(f"{self.kind}_projects"))

    def offer(self, instance: dg.DagsterInstance, names: Iterable[str]) -> list[str]:
        """Add those that are new and return them. Vanished projects stay: their history does, too."""
        known = set(self.known(instance))
        new = [name for name in names if name not in known]
        if new:
            instance.add_dynamic_partitions(f"{self.kind}_projects", new)
        return new

    def unread(self, instance: dg.DagsterInstance) -> list[str]:
        """Partitions that were never materialised in any stream."""
        read: set[str] = set()
        for stream in self.streams:
            read |= set(instance.get_materialized_partitions(conventions.landing_key(self.kind, stream)))
        return [name for name in self.known(instance) if name not in read]
