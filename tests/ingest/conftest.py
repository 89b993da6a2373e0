"""A small tracker in memory, and settings that read it into a folder of the test."""

from pathlib import Path

import pytest

from itpm_pipeline.config import JiraTracker, Place, Settings
from scripted_tracker import ScriptedSource, World


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_in(tmp_path)


def settings_in(folder: Path, *trackers: str) -> Settings:
    return Settings(
        warehouse=Place(url=f"duckdb:///{folder}/data/warehouse.duckdb"),
        landing=Place(url=f"{folder}/data/landing"),
        trackers=tuple(
            JiraTracker(name=name, kind="jira", url="https://tracker.invalid", token="very-secret-token", concurrency=3)  # noqa: S106
            for name in trackers or ("toy",)
        ),
    )


@pytest.fixture
def opener(world: World):
    return lambda tracker: ScriptedSource(world, tracker.name)
