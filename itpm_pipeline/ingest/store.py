"""Where landed files lie: a local folder or an object store behind one small interface.

A file appears whole or not at all: locally it is written aside, made durable and renamed; object stores do the same by
their nature.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.fs

from itpm_pipeline.errors import ConfigurationError, WarehouseError
from itpm_pipeline.privacy import make_private


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file by its path relative to the root; ``changed_at`` is the store's clock, UTC."""

    path: str
    changed_at: datetime


class Store(Protocol):
    """Files by relative path ("/" between the parts). All methods raise WarehouseError when the store fails."""

    def write(self, path: str, content: Any) -> None:
        """Put ``content`` (bytes-like) at ``path``, whole or not at all."""

    def read(self, path: str) -> pa.Buffer:
        """The content of a file."""

    def files(self, folder: str) -> list[StoredFile]:
        """All files under ``folder``, ordered by path; none when there is no such folder."""

    def folders(self, folder: str) -> list[str]:
        """Names of the folders in ``folder``, ordered."""

    def remove(self, path: str) -> None:
        """Delete a file; one that is gone already is no error."""


def open_store(url: str) -> Store:
    """The store at a local path or at a URL that pyarrow knows (s3://…, gs://…)."""
    if "://" not in url:
        return LocalStore(Path(url))
    if url.startswith("file://"):
        return LocalStore(Path(url.removeprefix("file://")))
    try:
        filesystem, root = pyarrow.fs.FileSystem.from_uri(url)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError) as error:
        # Addresses of object stores may hold a key.
        scheme = url.partition("://")[0]
        raise ConfigurationError(f"landing.url: cannot open {scheme}://…: {str(error).replace(url, '…')}") from None
    return ObjectStore(filesystem, root)


class LocalStore:
    """A folder; files are readable by their owner only, because payloads hold people's data."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, path: str, content: Any) -> None:
        """Write aside, make durable, rename."""
        target = self.root / path
        with _as_warehouse_error("write", target):
            aside = target.with_name(f".{target.name}.{os.getpid()}.tmp")
            try:
                try:
                    descriptor = _create(aside)
                except FileNotFoundError:
                    make_private(target.parent)
                    descriptor = _create(aside)
                with os.fdopen(descriptor, "wb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(descriptor)
                aside.replace(target)
            except BaseException:
                with suppress(OSError):
                    aside.unlink()
                raise
            _sync_folder(target.parent)

    def read(self, path: str) -> pa.Buffer:
        """The content of a file."""
        with _as_warehouse_error("read", self.root / path):
            return pa.py_buffer((self.root / path).read_bytes())

    def files(self, folder: str) -> list[StoredFile]:
        """All files under a folder; those still being written are left out."""
        return _files(_LOCAL, self.root.absolute().as_posix(), folder)

    def folders(self, folder: str) -> list[str]:
        """Names of the folders in a folder."""
        return _folders(_LOCAL, self.root.absolute().as_posix(), folder)

    def remove(self, path: str) -> None:
        """Delete a file."""
        with _as_warehouse_error("remove", self.root / path):
            (self.root / path).unlink(missing_ok=True)


class ObjectStore:
    """A bucket, or a prefix in one."""

    def __init__(self, filesystem: Any, root: str) -> None:
        self._filesystem = filesystem
        self._root = root

    def write(self, path: str, content: Any) -> None:
        """Upload; the object appears when the stream is closed."""
        with _as_warehouse_error("write", self._at(path)):
            self._filesystem.create_dir(str(PurePosixPath(self._at(path)).parent), recursive=True)
            with self._filesystem.open_output_stream(self._at(path)) as stream:
                stream.write(content)

    def read(self, path: str) -> pa.Buffer:
        """The content of an object."""
        with _as_warehouse_error("read", self._at(path)), self._filesystem.open_input_file(self._at(path)) as file:
            return file.read_buffer()

    def files(self, folder: str) -> list[StoredFile]:
        """All objects under a prefix."""
        return _files(self._filesystem, self._root, folder)

    def folders(self, folder: str) -> list[str]:
        """Prefixes one level below a prefix."""
        return _folders(self._filesystem, self._root, folder)

    def remove(self, path: str) -> None:
        """Delete an object."""
        with _as_warehouse_error("remove", self._at(path)), suppress(FileNotFoundError):
            self._filesystem.delete_file(self._at(path))

    def _at(self, path: str) -> str:
        return f"{self._root}/{path}"


_LOCAL = pyarrow.fs.LocalFileSystem()


def _files(filesystem: Any, root: str, folder: str) -> list[StoredFile]:
    found = _list(filesystem, f"{root}/{folder}", recursive=True)
    return sorted(
        (
            StoredFile(info.path.removeprefix(f"{root}/"), info.mtime)
            for info in found
            if info.type == pyarrow.fs.FileType.File and not info.base_name.startswith(".")
        ),
        key=lambda file: file.path,
    )


def _folders(filesystem: Any, root: str, folder: str) -> list[str]:
    at = f"{root}/{folder}".rstrip("/")
    found = _list(filesystem, at, recursive=False)
    return sorted(info.base_name for info in found if info.type == pyarrow.fs.FileType.Directory)


def _list(filesystem: Any, folder: str, *, recursive: bool) -> list[Any]:
    with _as_warehouse_error("list", folder):
        selector = pyarrow.fs.FileSelector(folder, recursive=recursive, allow_not_found=True)
        return list(filesystem.get_file_info(selector))


def _create(file: Path) -> int:
    return os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _as_warehouse_error(doing: str, where: object) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise WarehouseError(
            f"cannot {doing} in the landing store: {where}: {error.strerror or error}. Free space or fix the place, "
            "then run again: nothing half-written is used."
        ) from error
