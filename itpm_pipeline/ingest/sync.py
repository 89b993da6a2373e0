"""Brings core up to date: trackers and projects are read concurrently, and loaded as they are committed."""

import secrets
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import ExitStack
from dataclasses import replace
from fnmatch import fnmatchcase
from queue import Queue
from typing import Any

from itpm_pipeline.config import Settings
from itpm_pipeline.errors import ConfigurationError, ItpmError, TrackerError
from itpm_pipeline.extract.records import SITE, ProjectRef
from itpm_pipeline.extract.redaction import redactor_of
from itpm_pipeline.extract.source import Depth, Source
from itpm_pipeline.ingest.census.known import Known
from itpm_pipeline.ingest.census.take import take_census
from itpm_pipeline.ingest.extraction import Interrupted, Run, discover, extract_project, extract_site
from itpm_pipeline.ingest.garbage import rare_collections
from itpm_pipeline.ingest.landing import Landing, utc_now
from itpm_pipeline.ingest.loading import TrackerLoader
from itpm_pipeline.ingest.manifest import WHOLE, Manifest
from itpm_pipeline.ingest.mappers import MappingProcesses
from itpm_pipeline.ingest.memory import keep_freed_memory
from itpm_pipeline.ingest.outcomes import SyncReport
from itpm_pipeline.ingest.progress import Progress, Silent
from itpm_pipeline.ingest.state import read_state
from itpm_pipeline.ingest.writing import Written
from itpm_pipeline.registry import open_source as open_registered
from itpm_pipeline.warehouse.engine import LOCK_WAIT_SECONDS, Warehouse, open_warehouse

OpenSource = Callable[[Any], Source]

_COMMITS_WAITING = 64
"""Commits that may wait for the loader before readings are slowed down."""
_READINGS_PER_SLOT = 8
"""Projects that have been read wait for their site without keeping others from being read; but not too many."""


def new_run_id() -> str:
    """A name for a run, which sorts by time."""
    return f"{utc_now():%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}"


def sync(
    settings: Settings,
    *,
    trackers: Sequence[str] | None = None,
    projects: Sequence[str] | None = None,
    depth: Depth = Depth.CHANGES,
    progress: Progress | None = None,
    run_id: str | None = None,
    open_source: OpenSource = open_registered,
    lock_wait_seconds: float = LOCK_WAIT_SECONDS,
    warehouse: Warehouse | None = None,
) -> SyncReport:
    """Read what changed since the last run, or as much more as ``depth`` says, land it, load it.

    ``trackers``: names; ``projects``: keys or ``tracker:key``, shell patterns allowed; None: all. ``warehouse``: that
    of the settings, where the caller holds it already. A project or tracker that fails is told in the report; the
    others go on. Raises ConfigurationError for a name that is not in the settings, LockedError when another run does
    not end in time, WarehouseError when the warehouse or the landing store fails (what was committed to the landing
    store is loaded by the next run).
    """
    began = time.monotonic()
    keep_freed_memory()
    report = SyncReport(run_id or new_run_id())
    chosen = _chosen_trackers(settings, trackers, projects)
    warehouse = warehouse or open_warehouse(settings.warehouse.url, lock_wait_seconds=lock_wait_seconds)
    landing = Landing(settings.landing.url)
    with ExitStack() as stack:
        stack.enter_context(rare_collections())
        stack.enter_context(warehouse.hold())
        processes = stack.enter_context(MappingProcesses(landing, settings.landing.url))
        writer = ThreadPoolExecutor(1, thread_name_prefix="write")
        stack.callback(writer.shutdown, cancel_futures=True)
        warehouse.prepare()
        tasks = []
        for tracker in chosen:
            redactor = redactor_of(tracker)
            try:
                source = open_source(tracker)
            except ItpmError as error:
                report.fail(tracker.name, SITE, WHOLE, redactor.quote(str(error)))
                continue
            stack.callback(source.close)
            landing.remove_crashed(tracker.name)
            mapper = processes.of(source.mapper())
            loader = TrackerLoader(warehouse, landing, source, progress, mapper=mapper, writer=writer)
            task = _Task(loader, Known(warehouse, source), tracker.concurrency, _wanted(tracker.name, projects))
            task.load_pending(report)
            with warehouse.reading() as conn:
                state = read_state(conn, tracker.name)
            task.run = Run(
                source, landing, state, report.run_id, depth=depth, expect=loader.expect,
                progress=progress or Silent(), redactor=redactor,
            )  # fmt: skip
            tasks.append(task)
        _read_and_load(tasks, _Task.read, report)
        _read_and_load(tasks, _Task.take_census, report)
        for task in tasks:
            for pattern in task.missing:
                report.fail(task.name, pattern, WHOLE, "the tracker shows no such project")
    report.seconds = time.monotonic() - began
    return report


class _Task:
    """One tracker in one run."""

    def __init__(
        self, loader: TrackerLoader, known: Known, concurrency: int, wanted: Sequence[str] | None
    ) -> None:
        self.loader = loader
        self._known = known
        self.run: Run
        self.missing: set[str] = set()
        self._concurrency = concurrency
        self._wanted = wanted
        self._waiting: list[Manifest] = []
        self._written: deque[Written] = deque()
        self._is_stuck = False
        self._discovered: list[ProjectRef] | None = None
        self._read: dict[str, Manifest] = {}

    @property
    def name(self) -> str:
        return self.run.source.tracker

    def read(self) -> None:
        """Land the site and all chosen projects at once, in a thread of its own.

        Without the site's reference records, nothing is landed.
        """
        threads = 1 + self._concurrency * _READINGS_PER_SLOT
        with ThreadPoolExecutor(threads, thread_name_prefix=f"read-{self.name}") as pool:
            references: Future[None] = Future()
            site = pool.submit(extract_site, self.run, references)
            # Until they are committed nothing can be mapped, so most of the slots are left to the site.
            beside_site = (self._concurrency + 3) // 4
            slots = threading.Semaphore(beside_site)
            if rest := self._concurrency - beside_site:
                references.add_done_callback(lambda _: slots.release(rest))
            self.run = replace(self.run, references=references, slots=slots)
            try:
                found = discover(self.run)
                if isinstance(found, Manifest):
                    return
                readings = [pool.submit(extract_project, self.run, project) for project in self._choose(found)]
                self._read[SITE] = site.result()
                for reading in as_completed(readings):
                    manifest = reading.result()
                    self._read[manifest.project] = manifest
                self._discovered = found
            except Interrupted:
                if not site.result().failed:
                    raise
            except BaseException:
                self.run.stop.set()
                raise

    def take_census(self) -> None:
        """Land what vanished, once all that was read is loaded; runs in a thread of its own."""
        if self._discovered is not None and not self._is_stuck:
            take_census(self.run, self._known, self._discovered, self._read, self._concurrency)

    def take(self, manifests: Sequence[Manifest]) -> None:
        """Load commits, now or (where projects have reference records of their own) with all the others."""
        can_wait = any(s.is_reference and s.scope != "site" for s in self.run.source.streams)
        self._waiting += [manifest for manifest in manifests if can_wait and manifest.project != SITE]
        self._load([manifest for manifest in manifests if not can_wait or manifest.project == SITE])

    def end(self, report: SyncReport) -> None:
        """Load what waits; also what could not be understood before, as it may be with the newest reference records."""
        waiting, self._waiting = self._waiting, []
        self._load(waiting)
        self.loader.flush()
        if self._is_stuck:
            try:
                report.add(self.loader.load_pending())
            except TrackerError as error:
                report.fail(self.name, SITE, WHOLE, self.run.redactor.quote(str(error)))

    def load_pending(self, report: SyncReport) -> None:
        """Load what runs before this one left behind."""
        try:
            report.add(self.loader.load_pending())
        except TrackerError:
            self._is_stuck = True

    def _load(self, manifests: Sequence[Manifest]) -> None:
        """Begin to load; a tracker whose reference records cannot be understood is stuck: its commits wait."""
        if not self._is_stuck:
            try:
                self._written += self.loader.begin(manifests)
            except TrackerError:
                self._is_stuck = True

    def report_written(self, report: SyncReport) -> None:
        """Tell of the commits that are loaded by now. Raises what kept them from it."""
        while self._written and self._written[0].done():
            report.add(self._written.popleft().result())

    def _choose(self, found: Sequence[ProjectRef]) -> list[ProjectRef]:
        if self._wanted is None:
            return list(found)
        matches = {pattern: [p for p in found if fnmatchcase(p.key, pattern)] for pattern in self._wanted}
        self.missing = {pattern for pattern, matched in matches.items() if not matched}
        return [project for project in found if any(project in matched for matched in matches.values())]


def _read_and_load(tasks: Sequence[_Task], step: Callable[[_Task], None], report: SyncReport) -> None:
    """Do a step of all trackers at once, and load their commits in this thread as they come."""
    arrived: Queue[tuple[_Task, Manifest | None]] = Queue(_COMMITS_WAITING)
    stop = threading.Event()
    failure: BaseException | None = None
    with ThreadPoolExecutor(max(len(tasks), 1), thread_name_prefix="read") as pool:
        readings = []
        for task in tasks:
            task.run = replace(task.run, announce=_putting(arrived, task), stop=stop)
            reading = pool.submit(step, task)
            reading.add_done_callback(lambda _, task=task: arrived.put((task, None)))  # type: ignore[misc]
            readings.append(reading)
        reading_on = len(tasks)
        while reading_on:
            try:
                for task, manifests, has_ended in _all_waiting(arrived):
                    reading_on -= has_ended
                    if failure is None:
                        task.take(manifests)
                        task.report_written(report)
                    if failure is None and has_ended:
                        task.end(report)
            except BaseException as error:  # noqa: BLE001 - readings are stopped and waited for, then it is raised
                failure = failure or error
                stop.set()
    for reading in readings:
        failure = failure or reading.exception()
    if failure is not None:
        raise failure
    for task in tasks:
        task.loader.finish()
        task.report_written(report)


def _all_waiting(arrived: "Queue[tuple[_Task, Manifest | None]]") -> list[tuple[_Task, list[Manifest], bool]]:
    """What arrived meanwhile, at least one thing: per tracker its commits in their order, and whether it ended.

    Loading many commits at once costs little more than loading one.
    """
    found: dict[str, tuple[_Task, list[Manifest], bool]] = {}
    while not found or not arrived.empty():
        task, manifest = arrived.get()
        _, manifests, has_ended = found.get(task.name, (task, [], False))
        found[task.name] = (task, [*manifests, manifest] if manifest else manifests, has_ended or manifest is None)
    return list(found.values())


def _putting(arrived: "Queue[tuple[_Task, Manifest | None]]", task: _Task) -> Callable[[Manifest], None]:
    return lambda manifest: arrived.put((task, manifest))


def _chosen_trackers(settings: Settings, names: Sequence[str] | None, projects: Sequence[str] | None) -> list[Any]:
    """Trackers that are named, or that named projects belong to."""
    known = {tracker.name: tracker for tracker in settings.trackers}
    told = [*(names or ()), *(project.partition(":")[0] for project in projects or () if ":" in project)]
    unknown = sorted(set(told) - known.keys())
    if unknown:
        raise ConfigurationError(f"no tracker is called {unknown[0]!r}; program.yaml has: {', '.join(known) or 'none'}")
    return [
        tracker
        for name, tracker in known.items()
        if (names is None or name in names) and _wanted(name, projects) != ()
    ]


def _wanted(tracker: str, projects: Sequence[str] | None) -> tuple[str, ...] | None:
    """Patterns for project keys of one tracker; None: all projects."""
    if projects is None:
        return None
    split = [project.rpartition(":") for project in projects]
    return tuple(key for owner, _, key in split if owner in ("", tracker))
