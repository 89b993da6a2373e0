"""kill -9 at any moment of a sync of two served trackers: the next run ends where an undisturbed one does."""

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

from itpm_pipeline.sandbox.company.program_yaml import write_program
from itpm_pipeline.sandbox.company.simulation import build_company
from itpm_pipeline.sandbox.mutations.churn import change_some
from itpm_pipeline.sandbox.serve import serve

pytestmark = pytest.mark.slow

LAUNCHER = Path(__file__).with_name("served_crash_launcher.py")


def test_the_run_after_a_kill_ends_where_an_undisturbed_one_does(tmp_path, examples):
    kills, seed = examples(2, nightly=50), random.randrange(2**32)
    with serve(build_company(200), github_hourly_points=None) as running:
        program = write_program(running.company, tmp_path / "program", running.jira_url, running.github_url)
        command = [sys.executable, str(LAUNCHER), str(program), str(tmp_path), str(kills), str(seed)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as launcher:
            assert launcher.stdout.readline() == "first\n"
            assert change_some(running.jira_editor, running.github_editor, 0.2) > 5
            told, _ = launcher.communicate("go on\n")
        assert launcher.returncode == 0, f"seed {seed}"
    result = json.loads(told)
    assert [one["duplicates"] for one in result["expected"]] == [[], []]
    for number, answer in enumerate(result["answers"]):
        moment = f"seed {seed}, kill {number} after {answer.pop('after')} s"
        answer.pop("died")
        expected = result["expected"][number % 2]
        for name, content in expected["content"].items():
            assert answer["content"][name] == content, f"{moment}: {name}"
        assert answer == expected, moment
        assert answer["stays"], moment
        assert answer["is rebuilt"], moment
        assert answer["landed once more"] == 0, moment
