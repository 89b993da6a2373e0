"""Full and read-only disks: told in one line, nothing half-visible, and the next run makes up for it."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("disk")]

LAUNCHER = Path(__file__).with_name("disk_launcher.py")
IN_NAMESPACE = ["unshare", "--map-root-user", "--mount"]
FINE = {"exit_code": 0, "errors": [], "has_traceback": False}
REASONS = {"full": "No space left on device", "read-only": "Read-only file system"}


@pytest.fixture(scope="module")
def troubles(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict]:
    """In a namespace in which we may mount disks of our own, without any rights on this machine."""
    allowed = shutil.which("unshare") and subprocess.run(
        [*IN_NAMESPACE, "mount", "-t", "tmpfs", "tmpfs", "/mnt"], capture_output=True, check=False
    )
    if not allowed or allowed.returncode:
        pytest.skip("needs Linux with user namespaces, to mount a small disk")
    base = tmp_path_factory.mktemp("disk")
    done = subprocess.run(
        [*IN_NAMESPACE, sys.executable, str(LAUNCHER), str(base)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return base, json.loads(done.stdout)


@pytest.mark.parametrize("how", ["full", "read-only"])
@pytest.mark.parametrize("where", ["landing", "warehouse"])
def test_a_disk_that_takes_no_more(troubles, where, how):
    base, answers = troubles
    answer = answers[f"{where} {how}"]
    assert answer["first"] == answer["again"] == FINE

    assert answer["spoiled"]["exit_code"] == 1, answer["spoiled"]
    assert not answer["spoiled"]["has_traceback"]
    (line,) = answer["spoiled"]["errors"]
    assert str(base / f"{where}-{how}" / where) in line
    assert REASONS[how] in line
    assert answer["afterwards"]["core"] == answer["before"]["core"]

    assert len(answer["in the end"]["commits"]) > len(answer["before"]["commits"])
    assert answer["in the end"]["issues"] == 20
