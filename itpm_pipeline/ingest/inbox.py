"""Notes in a folder that ask for a project to be read now: what a receiver of webhooks leaves there.

A note is a file ``*.json`` with ``{"project": "tracker:key"}``; other keys are left alone. Whoever writes it writes
aside and renames, so that it is never seen half written. The folder is as untrusted as the network behind it: nothing
in a note is ever used but the name of a project that is known already. All else is put into its folder ``refused``.
"""

import os
import stat
from collections.abc import Container, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import orjson

REFUSED = "refused"
MOST_BYTES = 64 * 1024
MOST_NOTES = 1000
"""Looked at in one go; the others wait."""


@dataclass(frozen=True)
class Note:
    """One file. ``project``: what it asks for, ``tracker:key``; None: it is refused, for ``reason``."""

    path: Path
    identity: str
    """Another one for a file of the same name that was written anew."""
    project: str | None
    reason: str = ""


class _RefusedNote(Exception):  # noqa: N818 - no failure: it is told by its note
    """Why a note is not followed; never quotes it."""


def read_notes(folder: Path, known: Container[str]) -> list[Note]:
    """The notes that wait in a folder, in the order of their names; empty if there is no such folder.

    ``known``: projects that may be asked for.
    """
    return [_read(path, known) for path in _waiting(folder)]


def refuse(note: Note) -> None:
    """Put a note aside for people to look at."""
    aside = note.path.parent / REFUSED
    aside.mkdir(mode=0o700, exist_ok=True)
    note.path.replace(aside / f"{note.identity}.json")


def _waiting(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from sorted(path for path in folder.iterdir() if path.suffix == ".json")[:MOST_NOTES]


def _read(path: Path, known: Container[str]) -> Note:
    told = path.lstat()
    marks = f"{told.st_ino} {told.st_mtime_ns} {told.st_size} ".encode()
    identity = sha256(marks + os.fsencode(path.name)).hexdigest()[:16]
    try:
        return Note(path, identity, _project(path, told, known))
    except _RefusedNote as error:
        return Note(path, identity, None, str(error))


def _project(path: Path, told: os.stat_result, known: Container[str]) -> str:
    if not stat.S_ISREG(told.st_mode):
        raise _RefusedNote("it is no plain file")
    if told.st_size > MOST_BYTES:
        raise _RefusedNote(f"it is longer than {MOST_BYTES} bytes")
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as file:
            content = orjson.loads(file.read(MOST_BYTES))
    except (OSError, orjson.JSONDecodeError):
        raise _RefusedNote("it cannot be read as JSON") from None
    project = content.get("project") if isinstance(content, dict) else None
    if not isinstance(project, str):
        raise _RefusedNote("it has no text under the key project")
    if project not in known:
        raise _RefusedNote("it names no known project as tracker:key")
    return project
