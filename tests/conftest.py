"""Fixtures that every test may use."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder with real data and official specifications; tests that need it are marked ``realdata``."""
    folder = ROOT.parent / "shared"
    if not (folder / "realdata").is_dir():
        pytest.skip("needs the folder ../shared with real data and official API specifications")
    return folder
