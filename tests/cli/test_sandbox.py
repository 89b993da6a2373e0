"""``itpm sandbox`` serves a company that the other commands can talk to, and ends when told."""

import signal
import subprocess

import pytest
from command_line import ITPM, Place

from itpm_pipeline.sandbox.serve import GITHUB_TOKEN, JIRA_EMAIL, JIRA_TOKEN

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("cli")]


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_serves_until_told_to_stop(place: Place, ending: signal.Signals) -> None:
    place.config.unlink()
    arguments = ["sandbox", "--port-jira", "0", "--port-github", "0", "--size", "200", "--write", "."]
    with subprocess.Popen(
        [ITPM, *arguments], cwd=place.folder, env=place.environment(), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        try:
            assert process.stdout is not None
            lines = []
            while not (lines and lines[-1].startswith("ready jira http://127.0.0.1:")):
                lines.append(process.stdout.readline())
                assert lines[-1], "ended before it was ready"
            exports = dict(line.removeprefix("export ").strip().split("=", 1) for line in lines[:-1])
            assert exports == {
                "ITPM_DEMO_JIRA_EMAIL": JIRA_EMAIL,
                "ITPM_DEMO_JIRA_TOKEN": JIRA_TOKEN,
                "ITPM_DEMO_GITHUB_TOKEN": GITHUB_TOKEN,
            }
            assert "Anna Albrecht" in place.ok("check", **exports)
        finally:
            process.send_signal(ending)
        assert process.wait(30) == 0
        assert process.stderr is not None
        assert "Traceback" not in process.stderr.read()


def test_wrong_size(place: Place) -> None:
    answer = place.run("sandbox", "--size", "huge")
    assert answer.returncode == 2
    assert answer.stderr.startswith("itpm: The company cannot have the size 'huge'")
