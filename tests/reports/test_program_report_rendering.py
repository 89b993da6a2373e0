"""Reports as HTML and Markdown: hostile text stays text, the page needs no network, every number is defined."""

import re
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest

from itpm_pipeline.modeling.project import load_project
from itpm_pipeline.reports.chart import Bars, Chart, Colour
from itpm_pipeline.reports.drawing import for_any_width
from itpm_pipeline.reports.program import formats
from itpm_pipeline.reports.program.content import Cell, Figure, Report, Section, Table, Tone
from itpm_pipeline.reports.program.render import to_html, to_markdown

DASH = "\N{EN DASH}"
EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>\x1b[31m\u202e|[x](javascript:1)`@here"
STATUS = ("mart_program_status", "open_count")
RISK = ("mart_dependency_risk", "severity")


def report(text: str = EVIL, link: str | None = "https://jira.example/browse/PAY-1") -> Report:
    chart = Chart(text, "issues", [Bars(text, Colour.DONE, [1, 2])], categories=["a", "b"])
    return Report(
        "PAY", text, "red", text, datetime(2026, 11, 16, 8, tzinfo=UTC), "0123456789abcdef",
        [Section(
            "status", "Status", text,
            [Figure("open issues", "82", STATUS, Tone.BAD), Figure("target", None, STATUS)],
            [Table("Most urgent", [("waits", None), ("severity", RISK)], [[Cell(text, link=link), Cell(None)]],
                   left_out=3),
             Table("Circles", [("issues", None)], [], nothing="None.")],
            [for_any_width(chart)],
        )],
    )  # fmt: skip


class Page(HTMLParser):
    """Elements, links and words of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def values(self, name: str) -> list[str]:
        return [value for _, found in self.elements if (value := found.get(name)) is not None]


@pytest.fixture(scope="module")
def page() -> Page:
    return Page(to_html(report(), load_project()))


def test_hostile_text_is_text(page):
    tags = {tag for tag, _ in page.elements}
    assert "script" not in tags
    assert sum(tag == "img" for tag, _ in page.elements) == 1
    assert not [name for _, found in page.elements for name in found if name.startswith("on")]
    words = "".join(page.words)
    assert "<script>alert(1)</script>" in words
    assert "\x1b" not in words
    assert "\u202e" not in words


def test_nothing_is_loaded_from_elsewhere(page):
    pictures = [*page.values("src"), *page.values("srcset")]
    assert len(pictures) == 2, "one for wide pages, one for phones"
    assert all(value.startswith("data:image/svg+xml;base64,") for value in pictures)
    assert "link" not in {tag for tag, _ in page.elements}
    policy = next(found["content"] for tag, found in page.elements if tag == "meta" and found.get("http-equiv"))
    assert policy is not None
    assert policy.startswith("default-src 'none'")


def test_each_number_leads_to_its_definition(page):
    anchors = [value[1:] for value in page.values("href") if value.startswith("#")]
    places = page.values("id")
    assert set(anchors) <= set(places)
    assert {"mart_program_status.open_count", "mart_dependency_risk.severity"} <= set(anchors)
    assert len(places) == len(set(places))
    described = {column.name: column.description for column in load_project().model("mart_program_status").columns}
    assert described["open_count"] in "".join(page.words)


@pytest.mark.parametrize("link", ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "//evil.example"])
def test_links_lead_to_pages_only(link):
    assert link not in Page(to_html(report("PAY-1", link), load_project())).values("href")


def test_no_line_ends_within_a_day():
    html = to_html(report("late since 2026-11-16 <b>, not v2026-11-16-3"), load_project())
    assert "late since <time>2026-11-16</time> &lt;b&gt;, not v2026-11-16-3" in html
    assert "late since 2026" not in re.sub(r'alt="[^"]*"|<title>[^<]*|<h1>[^<]*', "", html)


def test_what_is_not_known_is_a_dash_and_what_is_left_out_is_told(page):
    words = " ".join("".join(page.words).split())
    assert f"target{DASH}" in words.replace(" ", "")
    assert "and 3 more" in words
    assert "None." in words


def test_markdown_is_plain_text():
    text = to_markdown(report())
    row = next(line for line in text.splitlines() if line.startswith("|") and "alert" in line)
    assert len(re.findall(r"(?<!\\)\|", row)) == 3, "a | in a name must not make a column"
    assert "\\<script\\>" in text
    assert "\\[x\\]" in text
    assert "\\@here" in text
    assert f"- open issues: **82** {DASH} bad" in text
    assert f"- target: **{DASH}**" in text
    assert "\n\n\n" not in text


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (formats.whole(1234.4), "1,234"), (formats.whole(None), None), (formats.decimal(12.0), "12"),
        (formats.decimal(5.55), "5.5"), (formats.percent(0.524), "52\u202f%"), (formats.percent(None), None),
        (formats.days(86_400 * 5.1), "5.1\u202fd"), (formats.days(3600 * 5), "5\u202fh"), (formats.days(None), None),
        (formats.day(None), None), (formats.day(datetime(2026, 11, 16, tzinfo=UTC)), "2026-11-16"),
        (formats.change(18, 21), "21 before"), (formats.change(18, None), ""),
    ],
)  # fmt: skip
def test_numbers_as_people_write_them(written, expected):
    assert written == expected
