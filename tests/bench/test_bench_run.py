"""The whole of it, on a small company."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_all_benchmarks_run_and_tell_ratios():
    done = subprocess.run(
        [sys.executable, "-m", "bench", "sync", "models", "scale", "dependency", "--size", "300", "--issues", "900",
         "--latency", "0", "--repeat", "1", "--json"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    result, made_up = json.loads(done.stdout)
    full = result["sync"]["full"][0]
    assert full["wall_ratio"]["median"] == pytest.approx(
        full["sync_wall"]["median"] / full["floor_wall"]["median"]
    )
    nothing, changed = result["sync"]["later"]
    assert nothing["landed"] == 0 < changed["landed"]
    assert all(one["requests"] > 0 < one["issues"] for one in result["sync"]["traffic"])
    assert {one["name"] for one in result["models"]["families"]} >= {"intermediate", "marts/velocity"}
    assert all(one["seconds"] > 0 < one["floor"] for one in result["models"]["families"])
    assert {figure["name"].partition(": ")[2] for figure in result["figures"]} >= {
        "full sync as a multiple of its floor", "requests of a sync without changes",
    }  # fmt: skip
    scale = result["scale 900"]
    assert 900 <= scale["issues"] < 900 + 300 * 1.2
    assert [group["name"] for group in scale["groups"]] == ["velocity", "flow", "both"]
    assert all(group["seconds"] > 0 < group["floor"] for group in scale["groups"] + scale["groups_cpu"])
    changed, passed, nothing = scale["again"]
    assert changed["in_part"] > passed["in_part"] > 5
    assert nothing["whole"] == nothing["in_part"] == 0 < nothing["left"]
    assert made_up["dependency"]["sizes"][0]["issues"] == 900
