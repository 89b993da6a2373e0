"""``make ui``: what a person sees in the Dagster UI on the demo, in a real browser."""

import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from demo_folder import ITPM, ROOT, Demo, environment, processes_of
from playwright.sync_api import Browser, Page, Route, expect

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.xdist_group("e2e")]

GROUPS = ("sources", "core", "intermediate", "velocity", "dependency", "delivery", "program", "reports")
WAIT_MS = 120_000


@pytest.fixture(scope="module")
def ui(demo: Demo) -> Iterator[str]:
    """Address of the UI. Told to terminate, it must end cleanly and leave no process."""
    with subprocess.Popen(
        [ITPM, "demo", "--serve", "--port", "0", "--folder", demo.folder], cwd=ROOT, env=environment(), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        try:
            assert process.stdout is not None
            found = None
            told = []
            while found is None:
                told.append(process.stdout.readline())
                assert told[-1], f"ended before the UI was there: {told}"
                found = re.search(r"The Dagster UI is on (http://127\.0\.0\.1:\d+) ", told[-1])
            assert processes_of(demo.home)
            yield found[1]
        finally:
            process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    assert processes_of(demo.home) == []


@pytest.fixture
def page(browser: Browser, ui: str) -> Iterator[Page]:
    """A window that reaches nothing but this machine, and notes what the UI wanted to reach elsewhere."""
    elsewhere: list[str] = []

    def keep_here(route: Route) -> None:
        if route.request.url.startswith((ui, "data:", "blob:")):
            route.continue_()
        else:
            elsewhere.append(route.request.url)
            route.abort()

    with browser.new_context(base_url=ui, viewport={"width": 1600, "height": 1000}) as context:
        context.set_default_timeout(WAIT_MS)
        page = context.new_page()
        page.route("**/*", keep_here)
        yield page
    assert elsewhere == [], "the UI asks for what is not on this machine"


def test_asset_graph_shows_all_groups(page: Page, request: pytest.FixtureRequest) -> None:
    page.goto("/asset-groups")
    page.get_by_text("Hide navigation").click()
    page.goto("/asset-groups")  # Drawn anew, it uses the space.
    nodes = page.locator("svg foreignObject.group")
    expect(nodes).to_have_count(len(GROUPS), timeout=WAIT_MS)
    for group in GROUPS:
        expect(nodes.get_by_text(group, exact=True)).to_be_visible()
    boxes = [node.bounding_box() for node in nodes.all()]
    assert all(box and box["x"] >= 0 and box["x"] + box["width"] <= 1600 for box in boxes), "outside of the window"
    if picture := request.config.getoption("--asset-graph"):
        expect(nodes.filter(has_text="fetching statuses")).to_have_count(0, timeout=WAIT_MS)
        page.mouse.move(800, 980)
        page.screenshot(path=Path(picture))


def test_page_of_a_mart(page: Page) -> None:
    page.goto("/assets/mart/mart_team_sprint_velocity")
    expect(page.get_by_text("One row per measurable time-box")).to_be_visible(timeout=WAIT_MS)
    expect(page.get_by_text("Row count")).to_be_visible()
    shown = re.search(r"Row count\s+([\d,]+)", page.inner_text("body"))
    assert shown
    assert int(shown[1].replace(",", "")) > 50
    for column, kind in (("committed_points", "double"), ("effective_end_at", "timestamp with time zone")):
        row = page.locator("tr", has=page.get_by_text(column, exact=True))
        expect(row.get_by_text(kind)).to_be_visible()
    expect(page.get_by_text("delivery-analytics")).to_be_visible()


def test_runs_of_the_demo_are_listed(page: Page) -> None:
    page.goto("/runs")
    runs = page.get_by_role("link", name=re.compile("^run "))
    expect(runs.first).to_be_visible(timeout=WAIT_MS)
    count = runs.count()
    for job in ("sync", "discover"):
        expect(page.get_by_role("link", name=job, exact=True)).to_have_count(count // 2)
    expect(page.get_by_text(re.compile("^Success$"))).to_have_count(count)
    page.get_by_role("link", name="sync", exact=True).first.click()
    expect(page).to_have_url(re.compile("/jobs/sync"), timeout=WAIT_MS)
