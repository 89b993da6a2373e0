"""The demo as ``make demo`` runs it, once for all tests."""

import shutil
import time
from collections.abc import Iterator

import pytest
from demo_folder import ITPM, Demo, run
from playwright.sync_api import Browser, sync_playwright

CHROMIUM = shutil.which("chromium")
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--asset-graph", metavar="FILE", help="save the picture of the asset graph there")


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    folder = tmp_path_factory.mktemp("newcomer") / "demo"
    started = time.monotonic()
    answer = run(ITPM, "demo", "--folder", folder)
    assert answer.returncode == 0, answer.stderr
    return Demo(folder, answer.stdout, time.monotonic() - started)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser at a time, closed with its module: while it is open no other code can run an event loop here."""
    if CHROMIUM is None:
        pytest.skip("needs chromium (Debian's package of that name)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()
