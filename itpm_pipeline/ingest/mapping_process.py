"""A process that maps records for another one, which starts it (see ``mappers``).

Standard input: pickled (number of a setup, the setup itself the first time, chunk). Standard output: a line when it is
ready, then for each: what the chunk is mapped to, or the exception instead. It ends with its standard input.
"""

import os
import pickle
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib.abc import MetaPathFinder
from typing import BinaryIO, NamedTuple

import pyarrow as pa

from itpm_pipeline.canonical.shape import Shapes
from itpm_pipeline.errors import WarehouseError
from itpm_pipeline.extract.source import MappingContext, RecordMapper
from itpm_pipeline.ingest.garbage import rare_collections
from itpm_pipeline.ingest.landing import Landing
from itpm_pipeline.ingest.mapping import Chunk, InThisProcess, Mapped
from itpm_pipeline.ingest.memory import keep_freed_memory
from itpm_pipeline.ingest.versions import versions_in


class Setup(NamedTuple):
    """What this process must know to map records of a tracker: how, where they are landed, the context, the tables."""

    mapper: RecordMapper
    landing_url: str
    context: MappingContext
    shapes: Shapes


class Task(NamedTuple):
    """What is to be mapped: tables of versions, one per commit. Setups are told apart by their number."""

    number: int
    setup: Setup
    chunk: list[pa.Table]


class _WithoutPandas(MetaPathFinder):
    """Arrow looks for pandas when it makes its first array, which would double the time this process takes to start."""

    def find_spec(self, fullname: str, _path: Sequence[str] | None, _target: object = None) -> None:
        """Refuse pandas, and pass on everything else."""
        if fullname == "pandas":
            raise ModuleNotFoundError("records are mapped without pandas", name=fullname)


def main() -> None:
    """Answer until there are no more tasks."""
    keep_freed_memory()
    sys.meta_path.insert(0, _WithoutPandas())
    # Ctrl-C reaches the whole group of processes: the one that asks decides what becomes of it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Whatever a library prints must not get between the answers.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    # Who asks may be killed while we answer.
    with rare_collections(), suppress(BrokenPipeError):
        answers.write(b"ready\n")
        answers.flush()
        _serve(sys.stdin.buffer, answers)


def _serve(tasks: BinaryIO, answers: BinaryIO) -> None:
    mappers: dict[int, tuple[InThisProcess, MappingContext]] = {}
    while True:
        try:
            number, setup, chunk = pickle.load(tasks)  # noqa: S301 - from the process that started this one
        except (EOFError, pickle.UnpicklingError):
            # Who asks has no more to ask, or was killed while it asked.
            return
        if setup is not None:
            mappers[number] = _mapper(setup)
        answer = _answer(*mappers[number], list(map(versions_in, chunk)))
        pickle.dump(answer, answers, pickle.HIGHEST_PROTOCOL)
        answers.flush()


def _mapper(setup: Setup) -> tuple[InThisProcess, MappingContext]:
    return InThisProcess(setup.mapper, Landing(setup.landing_url), setup.shapes), setup.context


def _answer(mapper: InThisProcess, context: MappingContext, chunk: Chunk) -> list[Mapped] | Exception:
    try:
        (mapped,) = mapper.map(context, [chunk])
    except WarehouseError as error:
        return error
    return mapped
