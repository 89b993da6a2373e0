"""Reports as HTML (one file, no network) and as Markdown for chats. Text from trackers is hostile: all is escaped."""

import re
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape

from itpm_pipeline.modeling.project import Project
from itpm_pipeline.reports.program.content import Cell, Report, Section, Source
from itpm_pipeline.reports.program.status import RAG_TONES

_TEMPLATES = Environment(
    loader=PackageLoader("itpm_pipeline.reports.program"),
    autoescape=select_autoescape(("html.j2",), default_for_string=True),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_DAY = re.compile(r"(?<![\d-])\d{4}-\d\d-\d\d(?![\d-])")
_MARKDOWN_SIGNS = re.compile(r"([\\`*_{}\[\]<>#|~$@&]|:(?=//)|!(?=\[)|(?<=www)\.)", re.IGNORECASE)
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""Control characters, and those that turn the direction of writing around to make text look like another."""


def to_html(report: Report, project: Project) -> str:
    """A page that needs nothing but itself."""
    return _TEMPLATES.get_template("report.html.j2").render(
        report=_without_tricks(report), tones=RAG_TONES, definitions=_definitions(report, project), anchor=_anchor,
        data_uri=_data_uri,
    )  # fmt: skip


def to_markdown(report: Report) -> str:
    """The same facts without pictures and definitions."""
    text = _TEMPLATES.get_template("report.md.j2").render(report=_without_tricks(report), text=_markdown)
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def _definitions(report: Report, project: Project) -> list[tuple[Source, str]]:
    """What each shown column means, in the words of its model."""
    found = []
    for model, column in report.sources:
        described = {one.name: one.description for one in project.model(model).columns}
        found.append(((model, column), described[column]))
    return found


def _whole_days(text: str) -> Markup:
    """Escaped text in which no line ends within a day such as 2026-11-16."""
    return Markup(_DAY.sub(r"<time>\g<0></time>", str(escape(text))))  # noqa: S704  # escaped in the same breath


_TEMPLATES.filters["whole_days"] = _whole_days


def _anchor(source: Source) -> str:
    return f"{source[0]}.{source[1]}"


def _data_uri(svg: str) -> str:
    return f"data:image/svg+xml;base64,{b64encode(svg.encode()).decode()}"


def _markdown(text: str) -> str:
    """Text that no reader of Markdown takes for markup, mentions or links; one line."""
    return _MARKDOWN_SIGNS.sub(r"\\\1", " ".join(text.split()))


def _without_tricks(report: Report) -> Report:
    """Text without control characters, links only to web addresses."""
    return replace(
        report, name=_clean(report.name), headline=_clean(report.headline),
        sections=[_clean_section(section) for section in report.sections],
    )  # fmt: skip


def _clean_section(section: Section) -> Section:
    return replace(
        section,
        lead=_clean(section.lead),
        tables=[replace(table, rows=[_clean_row(row) for row in table.rows]) for table in section.tables],
    )


def _clean_row(row: Sequence[Cell]) -> list[Cell]:
    return [
        replace(one, text=None if one.text is None else _clean(one.text), link=_web_address(one.link)) for one in row
    ]


def _web_address(link: str | None) -> str | None:
    """An address that opens a page; anything else, such as ``javascript:``, is left out."""
    return link if link is not None and urlsplit(link).scheme in {"http", "https"} else None


def _clean(text: str) -> str:
    return _UNPRINTABLE.sub("\ufffd", text)
