"""Puts a file in the place of another one, all at once and durably."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from itpm_pipeline.errors import WarehouseError
from itpm_pipeline.privacy import make_private, open_as_folder

_UNFINISHED = ".publishing-"


@dataclass(frozen=True, slots=True)
class Publication:
    """What a publish handed to readers. ``place``: the file, or the address of the database without secrets."""

    place: str
    version: int
    bytes: int
    seconds: float


def replace_file(source: Path, target: Path, finish: Callable[[Path], None] = lambda _copy: None) -> int:
    """Make ``target`` a copy of ``source``, of which ``finish`` may still change something; returns its size in bytes.

    Readers that have ``target`` open keep the old content, later ones see the new. A crash at any instant leaves
    the old file whole; what it leaves of the copy is removed by the next call. Callers take turns. Who may read the
    folder may read the file.
    """
    with _as_warehouse_error(target):
        make_private(target.parent)
        for stale in target.parent.glob(f"{target.name}{_UNFINISHED}*"):
            stale.unlink()
        copy = target.with_name(f"{target.name}{_UNFINISHED}{os.getpid()}")
        try:
            shutil.copyfile(source, copy)
            finish(copy)
            open_as_folder(copy)
            _sync(copy)
            # A log left by someone who opened the published file for writing belongs to the content we replace.
            with suppress(FileNotFoundError):
                target.with_name(target.name + ".wal").unlink()
            copy.replace(target)
        except BaseException:
            copy.unlink(missing_ok=True)
            raise
        _sync(target.parent)
        return target.stat().st_size


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _as_warehouse_error(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise WarehouseError(
            f"cannot publish the warehouse to {target}: {error.strerror or error}; the last published version stays"
        ) from error
