"""Serving both trackers: from code, from the command line, on loopback only."""

import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import requests
import yaml
from jira_server_company import NOW, Caller, hand_made_company

from itpm_pipeline.errors import ItpmError
from itpm_pipeline.sandbox.clock import Clock
from itpm_pipeline.sandbox.serve import GITHUB_TOKEN, JIRA_EMAIL, JIRA_TOKEN, serve

pytestmark = pytest.mark.slow


def test_both_servers_answer_until_stopped() -> None:
    with serve(hand_made_company()) as running:
        url = f"{running.jira_url}/rest/api/3/myself"
        assert requests.get(url, auth=(JIRA_EMAIL, JIRA_TOKEN), timeout=30).status_code == 200
        headers = {"Authorization": f"Bearer {GITHUB_TOKEN}"}
        assert requests.get(f"{running.github_url}/rate_limit", headers=headers, timeout=30).status_code == 200
        assert running.jira.state.requests.total() == 1
    running.stop()
    with pytest.raises(requests.ConnectionError):
        requests.get(url, timeout=5)


def test_only_loopback_is_served() -> None:
    for host in ("0.0.0.0", "::", "example.org"):
        with pytest.raises(ItpmError, match=r"127\.0\.0\.1 only"):
            serve(hand_made_company(), host=host)


def test_a_taken_port_is_told_and_nothing_keeps_running(jira_site: Caller) -> None:
    taken = int(jira_site.url.rpartition(":")[2])
    with pytest.raises(ItpmError, match=f"port {taken}"):
        serve(hand_made_company(), github_port=taken)


def test_answers_take_the_latency(serve_jira: Callable[..., Caller]) -> None:
    started = time.perf_counter()
    site = serve_jira(hand_made_company(), latency_ms=150)
    before = time.perf_counter()
    site.get("/rest/api/3/field")
    assert time.perf_counter() - before >= 0.15
    assert before >= started


def test_the_clock_goes_on() -> None:
    passed = [5.0]
    clock = Clock(NOW, lambda: passed[0])
    assert clock.now() == NOW
    passed[0] = 6.5
    assert (clock.now() - NOW).total_seconds() == 1.5
    with pytest.raises(ValueError, match="timezone-aware"):
        Clock(NOW.replace(tzinfo=None))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_command_serves_until_told_to_stop(tmp_path: Path, number: signal.Signals) -> None:
    command = [sys.executable, "-m", "itpm_pipeline.sandbox", "--size", "200", "--control",
               "--write-program", str(tmp_path)]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        ready = re.fullmatch(r"ready jira (\S+) github (\S+)\n", process.stdout.readline())
        assert ready
        program = yaml.safe_load((tmp_path / "program.yaml").read_text(encoding="utf-8"))
        assert [tracker["url"] for tracker in program["trackers"]] == list(ready.groups())
        found = requests.get(f"{ready[1]}/rest/api/3/project/search", auth=(JIRA_EMAIL, JIRA_TOKEN), timeout=30)
        assert found.json()["total"] > 1
        for url in ready.groups():
            assert requests.get(f"{url}/__control__", timeout=30).json()["faults"] == []
        process.send_signal(number)
        assert process.wait(30) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""


def test_the_command_refuses_a_strange_size() -> None:
    command = [sys.executable, "-m", "itpm_pipeline.sandbox", "--size", "enormous"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "enormous" in ended.stderr
