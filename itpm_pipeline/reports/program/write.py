"""Writes reports into a folder."""

import re
from collections.abc import Sequence
from pathlib import Path

from itpm_pipeline.errors import ConfigurationError
from itpm_pipeline.modeling.project import Project
from itpm_pipeline.privacy import make_private, open_as_folder
from itpm_pipeline.reports.program.collect import collect
from itpm_pipeline.reports.program.render import to_html, to_markdown
from itpm_pipeline.warehouse.engine import Published


def write_reports(published: Published, project: Project, folder: Path, program: str | None = None) -> Sequence[Path]:
    """Write ``<program>.html`` and ``<program>.md`` for all programs, or for one; returns the files.

    ConfigurationError: there is no such program, or the folder cannot be written. OutdatedError: the tables are older
    than the models of ``project``.
    """
    reports = collect(published, project, program)
    if program is not None and not reports:
        raise ConfigurationError(f"there is no program {program!r} in the published warehouse")
    written = []
    try:
        make_private(folder)
        for report in reports:
            for ending, text in ((".html", to_html(report, project)), (".md", to_markdown(report))):
                path = folder / (_file_name(report.program_key) + ending)
                aside = path.with_suffix(f"{path.suffix}.part")
                aside.write_text(text, encoding="utf-8")
                open_as_folder(aside)
                aside.replace(path)
                written.append(path)
    except OSError as error:
        raise ConfigurationError(f"cannot write reports to {folder}: {error.strerror}") from None
    return written


def _file_name(program_key: str) -> str:
    """Keys of program.yaml are letters, digits, dashes; that of projects without a program has brackets."""
    return re.sub(r"[^A-Za-z0-9_-]", "", program_key) or "program"
