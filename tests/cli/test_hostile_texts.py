"""Names from trackers are shown, never obeyed: from sync to report, charts, terminal, spreadsheet and the UI."""

import base64
import csv
import io
import json
import os
import pty
import re
import sys
import threading
import xml.etree.ElementTree as ET
from contextlib import suppress
from html.parser import HTMLParser
from typing import TextIO
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa
from command_line import SECRETS, Place
from hostile_texts import PAYLOADS
from markdown_it import MarkdownIt
from markdown_it.token import Token

from assets.plots import plot_metadata
from itpm_pipeline.cli import main
from itpm_pipeline.modeling.project import load_project
from itpm_pipeline.reports.registry import PLOTS

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("cli")]

CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
NAMES = " union all ".join(
    f"select {column} as name from core.{table}"
    for table, column in (("issue", "summary"), ("sprint", "name"), ("person", "display_name"))
)


class Elements(HTMLParser):
    """Elements of a page, as a browser sees them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def tokens(markdown: str) -> list[Token]:
    """What a reader of Markdown makes of a text: elements, without plain words."""
    parsed = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(markdown)
    return [token for block in parsed for token in (block, *(block.children or ()))]


class Commands:
    """Commands run in this process, which takes a tenth of the time of a new one."""

    def __init__(self, place: Place) -> None:
        self._place = place

    def to_file(self, *arguments: str) -> str:
        """Standard output of a command, as a file gets it."""
        written = io.StringIO()
        self._run(written, arguments)
        return written.getvalue()

    def to_terminal(self, *arguments: str) -> str:
        """What a command writes to a terminal."""
        ours, theirs = pty.openpty()
        read: list[bytes] = []
        reader = threading.Thread(target=self._follow, args=(ours, read))
        reader.start()
        with os.fdopen(theirs, "w", encoding="utf-8") as terminal:
            self._run(terminal, arguments)
        reader.join(60)
        os.close(ours)
        return b"".join(read).decode()

    @staticmethod
    def _follow(ours: int, read: list[bytes]) -> None:
        with suppress(OSError):  # Linux says so when the other end is closed
            while part := os.read(ours, 65536):
                read.append(part)

    def _run(self, output: TextIO, arguments: tuple[str, ...]) -> None:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in {**SECRETS, "COLUMNS": "120", "TERM": "dumb", "NO_COLOR": "1"}.items():
                patch.setenv(name, value)
            patch.chdir(self._place.folder)
            patch.setattr(sys, "argv", ["itpm", *arguments])
            patch.setattr(sys, "stdout", output)
            with pytest.raises(SystemExit) as ended:
                main()
            assert not ended.value.code


@pytest.fixture(scope="module")
def itpm(built: Place) -> Commands:
    return Commands(built)


@pytest.fixture(scope="module")
def reports(itpm: Commands, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("reports")
    itpm.to_file("report", "--out", str(folder))
    found = {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}
    assert len(found) == 8
    return found


@pytest.fixture(scope="module")
def names(itpm: Commands) -> list[str]:
    return [row["name"] for row in json.loads(itpm.to_file("sql", NAMES, "-f", "json"))]


@pytest.fixture(scope="module")
def csv_names(itpm: Commands) -> list[str]:
    return [row[0] for row in csv.reader(io.StringIO(itpm.to_file("sql", NAMES, "-f", "csv")))][1:]


@pytest.mark.parametrize("payload", PAYLOADS)
def test_it_is_kept_as_it_is_written(names, payload):
    assert sum(PAYLOADS[payload] in name for name in names) > 3


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_spreadsheet_reads_text(csv_names, payload):
    found = [name for name in csv_names if PAYLOADS[payload] in name]
    assert len(found) > 3
    assert [name for name in found if re.match(r"\s*[=+\-@\uff1d\uff0b\uff0d\uff20]", name)] == []


def test_pages_hold_no_element_of_theirs(reports):
    for name in (name for name in reports if name.endswith(".html")):
        elements = Elements(reports[name]).found
        assert not CONTROL.search(reports[name]), name
        assert {tag for tag, _ in elements} & {"script", "iframe", "object", "form", "link", "base"} == set(), name
        assert [key for _, attributes in elements for key in attributes if key.startswith("on")] == [], name
        sources = [str(found["src"]) for _, found in elements if "src" in found]
        assert all(source.startswith("data:image/svg+xml;base64,") for source in sources), name
        leads = [str(found["href"]) for _, found in elements if "href" in found]
        hosts = {urlsplit(link).hostname for link in leads if not link.startswith("#")}
        assert hosts <= {"acme.atlassian.net", "github.com"}, name


def test_pages_show_them(reports):
    shown = "".join(text for name, text in reports.items() if name.endswith(".html"))
    assert sum(words in shown for words in ("&lt;script&gt;alert(1)", "drop table core.issue", "=HYPERLINK(")) >= 2


def test_chats_get_no_markup_of_theirs(reports):
    for name in (name for name in reports if name.endswith(".md")):
        text = reports[name]
        assert not CONTROL.search(text), name
        kinds = {token.type for token in tokens(text)}
        assert kinds & {"html_block", "html_inline", "link_open", "image", "code_inline", "s_open"} == set(), name
        assert not re.search(r"(?<!\\)://", text), name
        assert not re.search(r"(?<!\\)[<@]", text), name
        assert not re.search(r"www\.", text), name


def test_charts_are_pictures_and_nothing_else(reports):
    """Also as they stand in the metadata of the Dagster UI, which reads Markdown."""
    pictures = re.findall(r"data:image/svg\+xml;base64,([\w+/=]+)", "".join(reports.values()))
    assert len(pictures) > 10
    for picture in pictures:
        elements = list(ET.fromstring(base64.b64decode(picture)).iter())
        tags = {element.tag.rpartition("}")[2] for element in elements}
        assert tags & {"script", "a", "image", "foreignObject"} == set()
        assert [key for element in elements for key in element.attrib if key.lower().startswith("on")] == []


def test_the_ui_gets_pictures_only(built):
    project = load_project()
    models = {plot.model for plot in PLOTS if plot.model in project.models}
    engine = sa.create_engine(f"duckdb:///{built.published}", connect_args={"read_only": True})
    with engine.connect() as connection:
        shown = [text for model in models for text in plot_metadata(connection, project, model).values()]
    engine.dispose()
    assert len(shown) > 3
    for metadata in shown:
        kinds = {token.type for token in tokens(metadata.value)}
        assert kinds <= {"paragraph_open", "paragraph_close", "inline", "image", "text", "softbreak"}
        assert re.findall(r"\]\((?!data:image/svg\+xml;base64,)", metadata.value) == []


@pytest.mark.parametrize("output", ["table", "csv", "json"])
def test_a_terminal_obeys_nothing(itpm, output):
    text = itpm.to_terminal("sql", f"{NAMES} order by name", "--format", output, "--limit", "100000")
    assert not CONTROL.search(text.replace("\r\n", "\n"))
    assert "owned" in text
    if output == "table":
        assert "[bold red]red[/bold red]" in text


def test_other_commands_obey_nothing(itpm):
    issue = itpm.to_file("sql", "select issue_key from mart.mart_critical_path limit 1", "-f", "csv").splitlines()[1]
    for arguments in (("check",), ("path", issue)):
        text = itpm.to_terminal(*arguments)
        assert not CONTROL.search(text.replace("\r\n", "\n")), arguments
        assert not re.search("^itpm: all is well", text, re.MULTILINE), arguments
