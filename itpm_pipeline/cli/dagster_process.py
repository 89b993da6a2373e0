"""Runs Dagster in subprocesses, so that the library stays free of it."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Self

from itpm_pipeline.config import CONFIG_VARIABLE
from itpm_pipeline.errors import ConfigurationError, ItpmError, UsageError
from itpm_pipeline.privacy import make_private

PROJECT = Path(__file__).resolve().parents[2]
"""The project's root, where workspace.yaml and dagster.yaml stand."""

_INSTANCE_SETTINGS = (PROJECT / "dagster.yaml", PROJECT / "deploy" / "storage.yaml")
"""What an instance's dagster.yaml is made of."""

LOOPBACK = "127.0.0.1"
_STEP_DONE = re.compile(rb" - (?P<step>\S+) - STEP_SUCCESS")
_FAILED = "failed: "
_STOP_SECONDS = 20.0
_UI_START_SECONDS = 120.0


def prepare_home(folder: Path) -> Path:
    """Make ``folder`` a DAGSTER_HOME with the project's instance settings; returns it absolute."""
    missing = [str(part) for part in _INSTANCE_SETTINGS if not part.is_file()]
    if missing:
        raise ConfigurationError(f"{missing[0]} is missing; run itpm from a clone of the project")
    home = folder.absolute()
    try:
        make_private(home)
        (home / "dagster.yaml").write_bytes(b"".join(part.read_bytes() for part in _INSTANCE_SETTINGS))
    except OSError as error:
        raise ConfigurationError(f"cannot write {home}: {error.strerror}") from None
    return home


def environment(
    home: Path, config: Path, secrets: Mapping[str, str], without: Collection[str] = ()
) -> dict[str, str]:
    """The environment of a Dagster process; secrets travel only this way, never as arguments."""
    return {
        **{name: value for name, value in os.environ.items() if name not in without}, **secrets,
        "DAGSTER_HOME": str(home), CONFIG_VARIABLE: str(config.absolute()),
        "DAGSTER_DISABLE_TELEMETRY": "yes",
        "PYTHONWARNINGS": "ignore::DeprecationWarning,ignore:Function `dev_command` is superseded",
    }  # fmt: skip


class Jobs:
    """A process that executes Dagster jobs. It loads Dagster at once, on another core, and then waits for names."""

    def __init__(self, env: Mapping[str, str], log: Path) -> None:
        self._log = log
        self._process = subprocess.Popen(
            [sys.executable, "-m", "assets"],
            cwd=PROJECT, env=dict(env), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            start_new_session=True,
        )  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        _stop(self._process)

    def execute(self, names: list[str], on_step: Callable[[str], None]) -> None:
        """Execute jobs one after the other; ``on_step`` hears of every step that is done.

        Raises:
            ItpmError: one failed; the text says why in one line, and where the log is.
        """
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        reader = threading.Thread(target=_follow, args=(process.stderr, self._log, on_step), daemon=True)
        reader.start()
        # If it ended early, its exit code and its log say why.
        with suppress(BrokenPipeError), process.stdin as names_wanted:
            names_wanted.write("".join(f"{name}\n" for name in names).encode())
        told = process.stdout.read().decode(errors="replace").splitlines()
        code = process.wait()
        reader.join()
        if code != 0:
            reasons = [line.removeprefix(_FAILED) for line in told if line.startswith(_FAILED)]
            reason = reasons[0] if reasons else f"Dagster ended with exit code {code}"
            raise ItpmError(f"{reason} (log: {self._log})")


def _follow(lines: IO[bytes], log: Path, on_step: Callable[[str], None]) -> None:
    """Copy the log into a file, and tell of steps that are done."""
    with log.open("wb") as copy:
        for line in lines:
            copy.write(line)
            if match := _STEP_DONE.search(line):
                on_step(match["step"].decode(errors="replace"))


class Ui:
    """Dagster's UI and daemon. They start at once, on another core, and end with the block.

    Raises:
        UsageError: another program listens on the port.
    """

    def __init__(self, env: Mapping[str, str], port: int) -> None:
        port = _free_port(port)
        self._is_stopped = False
        self.url = f"http://{LOOPBACK}:{port}"
        self._process = subprocess.Popen(
            [
                sys.executable, "-m", "dagster", "dev", "-w", str(PROJECT / "workspace.yaml"), "-h", LOOPBACK,
                "-p", str(port), "--log-level", "warning",
            ],
            cwd=env["DAGSTER_HOME"], env=dict(env), start_new_session=True,
        )  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def wait_until_it_answers(self) -> None:
        """Return when it can be used; ItpmError: it did not start."""
        _wait_until_it_answers(f"{self.url}/server_info", self._process)

    def wait(self) -> None:
        """Return when somebody ended it; ItpmError: it ended by itself, with an error."""
        if code := self._process.wait():
            raise ItpmError(f"the Dagster UI ended with exit code {code}")

    def stop(self) -> None:
        """End it and all its children, once: their number may belong to somebody else afterwards."""
        if not self._is_stopped:
            self._is_stopped = True
            _stop(self._process)


def _free_port(port: int) -> int:
    """The port, or for 0 one that is free; Dagster itself cannot be asked for any."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            raise UsageError(f"the UI cannot use port {port}: {error.strerror}; choose another one: --port N") from None
        return int(probe.getsockname()[1])


def _wait_until_it_answers(url: str, process: "subprocess.Popen[bytes]") -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + _UI_START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise ItpmError(f"the Dagster UI ended with exit code {process.returncode}")
        try:
            with opener.open(url, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise ItpmError(f"the Dagster UI did not answer within {_UI_START_SECONDS:.0f} s")


def _stop(process: "subprocess.Popen[bytes]") -> None:
    """End a process and its children, and wait for it; those that do not listen are killed.

    It leads a session of its own, so a Ctrl-C at the terminal reaches it only from here, and only once.
    """
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
    with suppress(subprocess.TimeoutExpired):
        process.wait(_STOP_SECONDS)
    with suppress(ProcessLookupError):  # It took all its children along.
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None:
            with suppress(BrokenPipeError):  # What it was still to be told has nobody to hear it.
                stream.close()
