"""A small tracker in memory, and settings that read it into a folder of the test."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from scripted_tracker import ScriptedSource, World
from toy_settings import settings_in

from itpm_pipeline.config import Settings
from itpm_pipeline.warehouse.duckdb import working_path
from itpm_pipeline.warehouse.engine import open_warehouse

NewSettings = Callable[..., Settings]


@pytest.fixture(scope="session")
def prepared(tmp_path_factory) -> Path:
    """A working file with all tables, to be copied: creating them takes longer than most tests."""
    url = settings_in(tmp_path_factory.mktemp("prepared")).warehouse.url
    open_warehouse(url).prepare()
    return working_path(url)


@pytest.fixture
def new_settings(prepared: Path, tmp_path_factory) -> NewSettings:
    """Makes settings with a warehouse and a landing store of their own."""

    def make(*trackers: str, concurrency: int = 3) -> Settings:
        settings = settings_in(tmp_path_factory.mktemp("run"), *trackers, concurrency=concurrency)
        working = working_path(settings.warehouse.url)
        working.parent.mkdir()
        shutil.copyfile(prepared, working)
        return settings

    return make


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def settings(new_settings) -> Settings:
    return new_settings()


@pytest.fixture
def opener(world: World):
    return lambda tracker: ScriptedSource(world, tracker.name)
