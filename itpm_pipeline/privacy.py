"""Who may read what is written: tracker data are people's data, so folders for them are made for their owner alone."""

import stat
from pathlib import Path


def make_private(folder: Path) -> None:
    """Make a folder, and those above it that are missing, for the owner alone; what exists keeps its rights.

    OSError: it cannot be made, or is a file.
    """
    if not folder.parent.exists():
        make_private(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)


def open_as_folder(path: Path) -> None:
    """Let those read a file for readers who may read its folder: ``chmod`` of the folder decides, once and for all."""
    path.chmod(0o600 | stat.S_IMODE(path.parent.stat().st_mode) & 0o044)
