"""A run that is killed at any instant loses nothing and repeats nothing (DESIGN 1.4)."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("crash")]

LAUNCHER = Path(__file__).with_name("crash_launcher.py")
SHARES = ["0.15", "0.35", "0.6", "0.8"]
"""Instants to die at, as shares of a run."""


@pytest.fixture(scope="module")
def crashes(tmp_path_factory) -> dict:
    command = [sys.executable, str(LAUNCHER), str(tmp_path_factory.mktemp("crash")), *SHARES]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=300)
    return json.loads(done.stdout)


def test_killed_runs_were_killed(crashes):
    assert crashes["total"] > 50
    assert [answer["died"] for answer in crashes["answers"]] == [True] * len(SHARES)


@pytest.mark.parametrize("place", range(len(SHARES)))
def test_the_next_run_ends_where_an_undisturbed_one_does(crashes, place):
    answer = crashes["answers"][place]
    for name in ("content", "rejected", "duplicates", "rebuild_differs", "lost_files", "stray_files"):
        assert answer[name] == crashes["expected"][name], name
    assert answer["failed"] == 0
    assert answer["landed_once_more"] == 0
    assert answer["duplicates"] == []
    assert answer["rebuild_differs"] is False
    assert answer["lost_files"] == []
