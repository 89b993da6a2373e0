"""The demo as ``make demo`` runs it, once for all tests."""

import time

import pytest
from demo_folder import ITPM, Demo, run


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--asset-graph", metavar="FILE", help="save the picture of the asset graph there")


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    folder = tmp_path_factory.mktemp("newcomer") / "demo"
    started = time.monotonic()
    answer = run(ITPM, "demo", "--folder", folder)
    assert answer.returncode == 0, answer.stderr
    return Demo(folder, answer.stdout, time.monotonic() - started)
