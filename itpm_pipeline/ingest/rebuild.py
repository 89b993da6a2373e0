"""Loads from the landing store without asking any tracker."""

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Any

from itpm_pipeline.config import Settings
from itpm_pipeline.ingest.garbage import rare_collections
from itpm_pipeline.ingest.landing import Landing
from itpm_pipeline.ingest.loading import TrackerLoader
from itpm_pipeline.ingest.mappers import MappingProcesses
from itpm_pipeline.ingest.memory import keep_freed_memory
from itpm_pipeline.ingest.outcomes import SyncReport
from itpm_pipeline.ingest.planning import Applied
from itpm_pipeline.ingest.progress import Progress
from itpm_pipeline.ingest.sync import OpenSource, new_run_id
from itpm_pipeline.registry import open_source as open_registered
from itpm_pipeline.warehouse.engine import LOCK_WAIT_SECONDS, open_warehouse


def rebuild(
    settings: Settings,
    *,
    progress: Progress | None = None,
    open_source: OpenSource = open_registered,
    lock_wait_seconds: float = LOCK_WAIT_SECONDS,
) -> SyncReport:
    """Recreate the rows of every configured tracker from what was landed, with the mapping as it is now.

    Each tracker is rebuilt in one transaction. The result is what incremental runs leave, row for row. Rows of
    trackers that are not in the settings any more stay as they are, since nobody knows how to map them.
    """
    return _load(settings, None, TrackerLoader.rebuild, progress, open_source, lock_wait_seconds)


def load_pending(
    settings: Settings,
    *,
    trackers: Sequence[str] | None = None,
    progress: Progress | None = None,
    open_source: OpenSource = open_registered,
    lock_wait_seconds: float = LOCK_WAIT_SECONDS,
) -> SyncReport:
    """Apply what was committed to the landing store and not loaded yet (by runs that only extract, or crashed)."""
    return _load(settings, trackers, TrackerLoader.load_pending, progress, open_source, lock_wait_seconds)


def _load(
    settings: Settings,
    trackers: Sequence[str] | None,
    load: Callable[[TrackerLoader], list[Applied]],
    progress: Progress | None,
    open_source: OpenSource,
    lock_wait_seconds: float,
) -> SyncReport:
    began = time.monotonic()
    keep_freed_memory()
    report = SyncReport(new_run_id())
    warehouse = open_warehouse(settings.warehouse.url, lock_wait_seconds=lock_wait_seconds)
    landing = Landing(settings.landing.url)
    with ExitStack() as stack:
        stack.enter_context(rare_collections())
        stack.enter_context(warehouse.hold())
        processes = stack.enter_context(MappingProcesses(landing, settings.landing.url))
        warehouse.prepare()
        for tracker in settings.trackers:
            if trackers is None or tracker.name in trackers:
                source: Any = open_source(tracker)
                stack.callback(source.close)
                mapper = processes.of(source.mapper())
                report.add_loaded(load(TrackerLoader(warehouse, landing, source, progress, mapper=mapper)))
    report.seconds = time.monotonic() - began
    return report
