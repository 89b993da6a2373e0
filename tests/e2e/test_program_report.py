"""``itpm report`` on the demo: a page per program that a person can read, on a wide screen and on a phone."""

import re
from pathlib import Path

import pytest
from demo_folder import ITPM, Demo, run
from playwright.sync_api import Browser, Page, Request

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.xdist_group("e2e")]

SECTIONS = ("Status", "Velocity", "Scope", "Flow", "Forecast", "Releases", "Dependencies", "Data quality and freshness")
MARK = re.compile(r"<(?:rect|path|circle|polyline|polygon|line)\b")
NO_NUMBER = re.compile(r' (?:[xy][12]?|c[xy]|r|d|points|width|height)="[^"]*\b(?:nan|inf|None)\b', re.IGNORECASE)
RAW_ID = re.compile(r"\b(jira|github):acme-|557058:|PVT_|MI_kw")


@pytest.fixture(scope="session")
def reports(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reports")
    answer = run(ITPM, "report", "--out", folder, ITPM_CONFIG=str(demo.folder / "program.yaml"))
    assert answer.returncode == 0, answer.stderr
    assert sorted(answer.stdout.split()) == sorted(str(path) for path in folder.iterdir())
    return folder


def opened(browser: Browser, path: Path, width: int) -> tuple[Page, list[Request]]:
    asked: list[Request] = []
    page = browser.new_page(viewport={"width": width, "height": 900})

    def note(request: Request) -> None:
        asked.append(request)

    page.on("request", note)
    page.goto(path.as_uri())
    return page, [request for request in asked if not request.url.startswith(("file:", "data:"))]


def test_there_is_a_page_and_a_text_per_program(reports):
    assert {path.name for path in reports.iterdir()} == {
        f"{name}{ending}" for name in ("PAYMENTS", "PORTAL", "DATA", "unassigned") for ending in (".html", ".md")
    }


@pytest.mark.parametrize("width", [1100, 390])
@pytest.mark.parametrize("name", ["PAYMENTS", "PORTAL", "DATA", "unassigned"])
def test_it_can_be_read(reports, browser, name, width):
    page, asked = opened(browser, reports / f"{name}.html", width)
    try:
        assert asked == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width, "the page scrolls sideways"
        titles = page.locator("h2").all_inner_texts()
        expected = [title for title in SECTIONS if name != "unassigned" or title != "Scope"]
        assert [title for title in titles if title in expected] == expected
        assert not RAW_ID.search(page.inner_text("body"))
        images = page.evaluate("[...document.images].map(image => image.complete && image.naturalWidth)")
        assert len(images) >= 3
        assert all(images)
        assert max(images) <= width, "letters shrink with the picture"
        missing = page.evaluate(
            "[...document.querySelectorAll('a[href^=\"#\"]')].map(a => a.getAttribute('href').slice(1))"
            ".filter(id => !document.getElementById(id))"
        )
        assert missing == []
        assert all(page.locator("dl.figures dd").all_inner_texts())
    finally:
        page.close()


def test_no_chart_is_empty_or_shows_raw_ids(demo):
    charts = {path.name: path.read_text(encoding="utf-8") for path in (demo.folder / "data/reports").rglob("*.svg")}
    assert len(charts) > 100
    assert [name for name, svg in charts.items() if RAW_ID.search(svg)] == []
    assert [name for name, svg in charts.items() if len(MARK.findall(svg)) < 8] == []
    assert [name for name, svg in charts.items() if NO_NUMBER.search(svg)] == []


def test_the_text_tells_the_same_status(reports, demo):
    query = "select program_key, overall_rag, open_count from mart.mart_program_status where program_key = 'PAYMENTS'"
    answer = run(ITPM, "sql", query, "--format", "csv", ITPM_CONFIG=str(demo.folder / "program.yaml"))
    _, rag, count = answer.stdout.splitlines()[1].split(",")
    text = (reports / "PAYMENTS.md").read_text(encoding="utf-8")
    assert text.startswith(f"# Payments modernisation: {rag.upper()}\n")
    assert f"- open issues: **{count}**" in text


def test_one_program_or_one_that_does_not_exist(demo, tmp_path):
    config = {"ITPM_CONFIG": str(demo.folder / "program.yaml")}
    assert run(ITPM, "report", "--program", "DATA", "--out", tmp_path, **config).returncode == 0
    assert {path.name for path in tmp_path.iterdir()} == {"DATA.html", "DATA.md"}
    answer = run(ITPM, "report", "--program", "NOPE", "--out", tmp_path, **config)
    assert answer.returncode == 2
    assert answer.stderr == "itpm: there is no program 'NOPE' in the published warehouse\n"
