"""``make ui``: what a person sees in the Dagster UI on the demo, in a real browser."""

import json
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from demo_folder import ITPM, ROOT, Demo, environment, processes_of
from playwright.sync_api import Browser, Locator, Page, Route, expect

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.xdist_group("e2e")]

GROUPS = ("sources", "core", "intermediate", "velocity", "dependency", "delivery", "program", "reports")
WAIT_MS = 300_000  # On a busy machine everything takes many times as long.
PROJECT = "acme-jira:WEB"


@dataclass(frozen=True)
class Ui:
    """Where the UI is, and when somebody asked for it (on the steady clock)."""

    url: str
    asked_at: float


@pytest.fixture(scope="module")
def ui(demo: Demo) -> Iterator[Ui]:
    """The UI. Told to terminate, it must end cleanly and leave no process."""
    asked_at = time.monotonic()
    with subprocess.Popen(
        [ITPM, "demo", "--serve", "--control", "--port", "0", "--folder", demo.folder], cwd=ROOT, env=environment(),
        text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
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
            yield Ui(found[1], asked_at)
        finally:
            process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    assert processes_of(demo.home) == []


@pytest.fixture
def jira(ui: Ui, demo: Demo) -> Iterator[Callable[..., None]]:
    """Tells the simulated Jira what to refuse from now on (nothing: to answer again), as it does in the end."""
    config = (demo.folder / "program.yaml").read_text(encoding="utf-8")
    (address,) = re.findall(r"name: acme-jira\n\s+kind: jira\n\s+url: (\S+)", config)

    def refuse(*faults: dict[str, object]) -> None:
        order = json.dumps({"clear": True, "faults": faults}).encode()
        headers = {"Content-Type": "application/json"}
        with urllib.request.urlopen(urllib.request.Request(f"{address}/__control__", order, headers), timeout=30):
            pass

    yield refuse
    refuse()


def tell(what: str) -> None:
    """Shown with ``pytest -s``."""
    sys.stdout.write(f"\n{what}\n")


@pytest.fixture
def page(browser: Browser, ui: Ui) -> Iterator[Page]:
    """A window that reaches nothing but this machine, and notes what the UI wanted to reach elsewhere."""
    elsewhere: list[str] = []

    def keep_here(route: Route) -> None:
        if route.request.url.startswith((ui.url, "data:", "blob:")):
            route.continue_()
        else:
            elsewhere.append(route.request.url)
            route.abort()

    with browser.new_context(base_url=ui.url, viewport={"width": 1600, "height": 1000}) as context:
        context.set_default_timeout(WAIT_MS)
        expect.set_options(timeout=WAIT_MS)
        page = context.new_page()
        page.route("**/*", keep_here)
        yield page
    assert elsewhere == [], "the UI asks for what is not on this machine"


def draw(page: Page, nodes: Locator, picture: Path) -> None:
    """All groups, as large as they can be: without the list beside them."""
    page.set_viewport_size({"width": 1600, "height": 800})
    box = page.get_by_placeholder("Jump to").bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] + 20, box["y"] + box["height"] / 2)
    page.mouse.dblclick(300, 700)  # fits the window
    expect(nodes.first.get_by_text(re.compile(r"^\d+$")).first).to_be_visible()
    page.mouse.move(800, 780)
    page.screenshot(path=picture)


def test_asset_graph_shows_all_groups(page: Page, ui: Ui, request: pytest.FixtureRequest) -> None:
    page.goto("/asset-groups")
    page.get_by_text("Hide navigation").click()
    page.goto("/asset-groups")  # Drawn anew, it uses the space.
    nodes = page.locator("svg foreignObject.group")
    expect(nodes).to_have_count(len(GROUPS))
    for group in GROUPS:
        expect(nodes.get_by_text(group, exact=True)).to_be_visible()
    tell(f"from make ui to a usable asset graph: {time.monotonic() - ui.asked_at:.1f} s")
    boxes = [node.bounding_box() for node in nodes.all()]
    assert all(box and box["x"] >= 0 and box["x"] + box["width"] <= 1600 for box in boxes), "outside of the window"
    if picture := request.config.getoption("--asset-graph"):
        draw(page, nodes, Path(picture))


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
    expect(page).to_have_url(re.compile("/jobs/sync"))


def test_plots_and_lineage_of_a_mart(page: Page) -> None:
    page.goto("/assets/mart/mart_team_sprint_velocity?view=events")
    page.get_by_text("[Show Markdown]").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("velocity chart")).to_be_visible()
    pictures = dialog.get_by_role("img", name=re.compile("^Velocity of "))
    expect(pictures.first).to_be_visible()
    assert pictures.count() >= 5
    sizes = pictures.evaluate_all("pictures => pictures.map(one => one.complete && one.naturalWidth)")
    assert all(size > 500 for size in sizes), sizes

    page.goto("/assets/mart/mart_team_sprint_velocity?view=lineage")
    for group, neighbour in (("intermediate", "int_sprint_total"), ("velocity", ""), ("reports", "")):
        expect(page.locator("svg foreignObject").get_by_text(group, exact=True)).to_be_visible()
        if neighbour:
            expect(page.locator("svg foreignObject").get_by_text(neighbour, exact=True)).to_be_visible()


def launched(page: Page, button: Locator) -> float:
    """Click what starts a run and go to it; when that was, on the steady clock."""
    clicked_at = time.monotonic()
    button.click()
    page.get_by_role("link", name="View", exact=True).click()
    expect(page).to_have_url(re.compile(r"/runs/[\w-]+"))
    return clicked_at


def test_sync_by_a_click(page: Page) -> None:
    """Nothing changed in the trackers since the demo ran."""
    page.goto("/locations/itpm_pipeline/jobs/sync")
    clicked_at = launched(page, page.get_by_role("button", name="Materialize all"))
    expect(page.get_by_text("Success", exact=True)).to_be_visible()
    tell(f"from click to success of a sync without changes: {time.monotonic() - clicked_at:.1f} s")
    page.goto("/assets/sources/all_projects")
    row = page.locator("tr", has=page.get_by_text("new or changed records"))
    expect(row.get_by_text("0", exact=True)).to_be_visible()


def test_a_failed_project_is_read_again(page: Page, jira: Callable[..., None]) -> None:
    """The tracker forbids one project, then allows it again: told with its reason, and green after a click."""
    key = PROJECT.partition(":")[2]
    jira(*({"kind": "forbidden", place: rf"\b{key}\b", "times": None} for place in ("path", "body")))
    address = f"/assets/jira/issues?view=partitions&partition={PROJECT}"

    def read(page: Page) -> None:
        page.goto(address)
        page.get_by_role("button", name="Materialize").first.click()
        page.get_by_role("button", name="Confirm").click()  # All streams of the project are read together.
        dialog = page.get_by_role("dialog")
        expect(dialog.get_by_text(PROJECT).first).to_be_visible()
        launched(page, dialog.get_by_role("button", name="Launch 1 run"))

    read(page)
    expect(page.get_by_text("Failure", exact=True)).to_be_visible()
    expect(page.get_by_text("You do not have permission to view this project.").first).to_be_visible()
    page.goto(address)
    expect(page.get_by_text("Failed (1)")).to_be_visible()
    expect(page.get_by_text(re.compile(r"^Materialized \((?!0\))\d+\)$"))).to_be_visible()

    jira()
    read(page)
    expect(page.get_by_text("Success", exact=True)).to_be_visible()
    page.goto(address)
    expect(page.get_by_text("Failed (0)")).to_be_visible()
    expect(page.get_by_text("Missing (0)")).to_be_visible()
