"""Who maps records: this process, or others beside it when there is a lot to do.

Mapping is pure Python and takes half of a full sync; in this process it would hold up the threads that read. Other
processes read the landed files themselves and answer with Arrow tables. They are plain subprocesses, fed through
pipes: they need no guard in the program that calls us, and end when it does, however it ends.
"""

import itertools
import os
import pickle
import queue
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from copy import copy
from typing import Protocol, Self

from itpm_pipeline.canonical.schema import shapes
from itpm_pipeline.errors import WarehouseError
from itpm_pipeline.extract.source import MappingContext, RecordMapper
from itpm_pipeline.ingest.landing import Landing
from itpm_pipeline.ingest.mapping import Chunk, InThisProcess, Mapped
from itpm_pipeline.ingest.mapping_process import Setup, Task
from itpm_pipeline.ingest.versions import table_of

ALONE_UNTIL = 4_000
"""Records that this process maps itself before others do: to start one takes as long as to map so many."""
FEW_RECORDS = 2_000
"""So few at a time are not left to processes that are still coming up."""
MOST_PROCESSES = 4
"""More would wait for the merges."""

class Mapper(Protocol):
    """Maps the records of one tracker."""

    def map(self, context: MappingContext, chunks: Iterable[Chunk]) -> Iterator[list[Mapped]]:
        """What each chunk is mapped to; this may be under way before the first result is asked for."""

    def expect(self, records: int) -> None:
        """Told that so many more records will have to be mapped soon. Thread-safe."""


class MappingProcesses:
    """Processes that map records of any tracker; started when they are needed, stopped at the end of the block."""

    def __init__(self, landing: Landing, landing_url: str, *, count: int | None = None) -> None:
        """``count``: of processes; by default as many as there are processors for us, and none where there is one."""
        self.landing = landing
        self.landing_url = landing_url
        self.count = _processes_for(_processors()) if count is None else count
        self.numbers = itertools.count()
        self._expected = 0
        self._asked = 0
        self._guard = threading.Lock()
        self._started: list[_Process] = []
        self._idle: queue.LifoQueue[_Process] = queue.LifoQueue()
        self._is_up = threading.Event()
        self._pool = ThreadPoolExecutor(max(self.count, 1), thread_name_prefix="map")

    def of(self, mapper: RecordMapper) -> Mapper:
        """A mapper of one tracker's records."""
        alone = InThisProcess(mapper, self.landing, shapes())
        return _Shared(self, alone) if self.count > 0 else alone

    def expect(self, records: int) -> None:
        """Be ready to be asked for so many more records: processes take a second to come up. Thread-safe."""
        with self._guard:
            self._expected += records
            self._start_if_enough()

    def ask(self, records: int) -> bool:
        """Asked to map so many more records; whether other processes should."""
        with self._guard:
            self._asked += records
            return self._start_if_enough() and (records > FEW_RECORDS or self._is_up.is_set())

    def _start_if_enough(self) -> bool:
        is_enough = self.count > 0 and max(self._expected, self._asked) > ALONE_UNTIL
        if is_enough:
            while len(self._started) < self.count:
                self._started.append(_Process())
                self._pool.submit(self._come_up, self._started[-1])
        return is_enough

    def _come_up(self, process: "_Process") -> None:
        process.come_up()
        self._idle.put(process)
        self._is_up.set()

    def map(self, tasks: Iterable[Task]) -> Iterator[list[Mapped]]:
        """Results in order; all tasks wait for their turn from now on, behind those of earlier calls."""
        results = deque([self._pool.submit(self._map, task) for task in tasks])
        return (results.popleft().result() for _ in range(len(results)))

    def _map(self, task: Task) -> list[Mapped]:
        process = self._idle.get()
        try:
            return process.map(task)
        finally:
            self._idle.put(process)

    def __enter__(self) -> Self:
        """Nothing is started yet."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop all processes, whatever they are at."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        for process in self._started:
            process.kill()
        self._pool.shutdown()
        for process in self._started:
            process.close()


class _Shared:
    """Maps in this process until that was a lot, then in others."""

    def __init__(self, processes: MappingProcesses, alone: InThisProcess) -> None:
        self._processes = processes
        self._alone = alone
        self._context: MappingContext | None = None
        self._setup: Setup | None = None
        self._number = -1

    def map(self, context: MappingContext, chunks: Iterable[Chunk]) -> Iterator[list[Mapped]]:
        """See :class:`Mapper`."""
        wanted = list(chunks)
        if not self._processes.ask(sum(len(versions) for chunk in wanted for versions in chunk)):
            return self._alone.map(context, wanted)
        if self._setup is None or self._context is not context:
            self._context = context
            # A context notes what it found out, here where some records are mapped: not in the one that is being sent.
            self._setup = Setup(self._alone.mapper, self._processes.landing_url, copy(context), self._alone.shapes)
            self._number = next(self._processes.numbers)
        number, setup = self._number, self._setup
        return self._processes.map(Task(number, setup, list(map(table_of, chunk))) for chunk in wanted)

    def expect(self, records: int) -> None:
        """See :class:`Mapper`."""
        self._processes.expect(records)


class _Process:
    """One subprocess, used by one thread at a time."""

    def __init__(self) -> None:
        # Nobody computes with matrices there: threads for it would take a third of the time to come up. It finds our
        # modules where we found them.
        begin = (
            "import os, sys; os.putenv('OPENBLAS_NUM_THREADS', '1'); sys.path[:] = sys.argv[1:]; "
            "from itpm_pipeline.ingest.mapping_process import main; main()"
        )
        self._process = subprocess.Popen(  # noqa: S603 - this interpreter with arguments of our own
            [sys.executable, "-c", begin, *sys.path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._told: set[int] = set()

    def map(self, task: Task) -> list[Mapped]:
        """Send a task and wait for the answer. WarehouseError: the landed files cannot be read, or it died."""
        setup = None if task.number in self._told else task.setup
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            pickle.dump((task.number, setup, task.chunk), self._process.stdin, pickle.HIGHEST_PROTOCOL)
            self._process.stdin.flush()
            answer = pickle.load(self._process.stdout)  # noqa: S301 - from a process of our own
        except (OSError, EOFError, pickle.UnpicklingError) as error:
            raise WarehouseError(
                f"a process that maps records ended with exit code {self._process.wait()}; run again: what was landed "
                "is loaded then"
            ) from error
        self._told.add(task.number)
        if isinstance(answer, Exception):
            raise answer
        found: list[Mapped] = answer
        return found

    def come_up(self) -> None:
        """Wait until it has said that it is there, or died: who maps with it will be told."""
        assert self._process.stdout is not None
        self._process.stdout.readline()

    def kill(self) -> None:
        """End it: all it does is to read."""
        self._process.kill()

    def close(self) -> None:
        """Let go of it once nobody uses it any more."""
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            with suppress(OSError):
                pipe.close()
        self._process.wait()


def _processes_for(processors: int) -> int:
    """How many: while records are read these take turns with the reading, and have the machine to themselves after."""
    return min(processors, MOST_PROCESSES) if processors > 1 else 0


def _processors() -> int:
    """How many processors we may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
