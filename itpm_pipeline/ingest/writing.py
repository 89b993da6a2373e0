"""Writes what is planned, while more is read, planned and mapped."""

from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field

import pyarrow as pa
import sqlalchemy as sa

from itpm_pipeline.errors import WarehouseError
from itpm_pipeline.extract.source import MappingContext
from itpm_pipeline.ingest.apply import carry_out
from itpm_pipeline.ingest.manifest import Manifest
from itpm_pipeline.ingest.planning import BATCH_RECORDS, Applied, Plan, Underway
from itpm_pipeline.ingest.progress import Progress
from itpm_pipeline.warehouse import ops
from itpm_pipeline.warehouse.engine import Warehouse
from itpm_pipeline.warehouse.load import many_merges, put

Written = Future[list[Applied]]
"""What commits did, once they are written."""


class AtOnce(Executor):
    """Does what it is given while one waits for it."""

    def submit(self, do: Callable[..., None], /, *what: object) -> Future[None]:  # type: ignore[override]
        """Do it."""
        do(*what)
        done: Future[None] = Future()
        done.set_result(None)
        return done


@dataclass(frozen=True, slots=True)
class _Planned:
    context: MappingContext
    manifests: list[Manifest]
    plan: Plan
    written: Written = field(default_factory=Future)

    @property
    def records(self) -> int:
        return sum(manifest.records for manifest in self.manifests)


class TrackerWriter:
    """Writes plans of one tracker in their order; those that wait together, in one transaction.

    ``executor``: one thread (of all trackers) that writes. All methods are for the one thread that plans.
    """

    def __init__(self, warehouse: Warehouse, tracker: str, executor: Executor, progress: Progress) -> None:
        self._warehouse = warehouse
        self._tracker = tracker
        self._executor = executor
        self._progress = progress
        self._what = f"loading {tracker}"
        self._unfinished: deque[_Planned] = deque()
        self._waiting: deque[_Planned] = deque()
        self._held: list[_Planned] = []
        self._failure: BaseException | None = None

    def write(self, context: MappingContext, manifests: list[Manifest], plan: Plan) -> Written:
        """Leave a plan to be written: when a batch is full, or before anybody waits for it."""
        if not self._unfinished:
            self._progress.started(None, self._what)
        planned = _Planned(context, manifests, plan)
        self._unfinished.append(planned)
        self._waiting.append(planned)
        self._held.append(planned)
        if sum(one.records for one in self._held) >= BATCH_RECORDS:
            self.flush()
        return planned.written

    def flush(self) -> None:
        """Have all that waits written, however little it is."""
        for _ in range(len(self._held)):
            self._executor.submit(self._write_waiting)
        self._held.clear()

    def unfinished(self) -> list[Manifest]:
        """Commits that may not be written yet."""
        return [manifest for planned in self._unfinished for manifest in planned.manifests]

    def finish(self, underway: Underway, *, but: int | None = -1) -> None:
        """Take what is written out of ``underway``.

        Waits until at most so many records are left to write (default: until no commit is; None: does not wait).
        WarehouseError: it could not be written.
        """
        left = sum(planned.records for planned in self._unfinished)
        while self._unfinished and (self._unfinished[0].written.done() or (but is not None and left > but)):
            planned = self._unfinished.popleft()
            # What is held was planned last: the first of it is waited for only once all before it is written.
            if self._held and planned is self._held[0]:
                self.flush()
            planned.written.result()
            planned.plan.forget(underway)
            left -= planned.records
            if not self._unfinished:
                self._progress.finished(self._what)

    def _write_waiting(self) -> None:
        """Runs in the executor. What an earlier run has written already is not there any more."""
        together: list[_Planned] = []
        records = 0
        # One by one: more may come in meanwhile, and a deque that grows cannot be iterated over.
        while self._waiting and (not together or records + self._waiting[0].records <= BATCH_RECORDS):
            together.append(self._waiting.popleft())
            records += together[-1].records
        if not together:
            return
        try:
            applied = self._carry_out(together)
        except BaseException as error:  # noqa: BLE001 - told to whoever waits
            self._failure = error
            for planned in together:
                planned.written.set_exception(error)
            return
        for planned in together:
            mine, applied = applied[: len(planned.manifests)], applied[len(planned.manifests) :]
            planned.written.set_result(mine)
            self._progress.advanced(self._what, len(mine))

    def _carry_out(self, together: list[_Planned]) -> list[Applied]:
        if self._failure is not None:
            # Plans take for granted what those before them should have done.
            raise WarehouseError(f"{self._tracker}: what was read before could not be loaded") from self._failure
        with self._warehouse.transaction() as conn, many_merges(conn):
            note_context(conn, self._tracker, together[-1].context)
            return carry_out(conn, self._tracker, [planned.plan for planned in together])


def note_context(conn: sa.Connection, tracker: str, context: MappingContext) -> None:
    """Note by which context the tracker's records are mapped."""
    used = pa.table({"tracker": [tracker], "fingerprint": [context.fingerprint]})
    put(conn, ops.MAPPING_CONTEXT, used)
