"""Tracker kind to source: one line a kind."""

from collections.abc import Callable
from typing import Any

from itpm_pipeline.extract.source import Source
from itpm_pipeline.sources.github.source import GithubSource
from itpm_pipeline.sources.jira.source import JiraSource

SOURCES: dict[str, Callable[[Any], Source]] = {
    "jira": JiraSource,
    "github": GithubSource,
}


def open_source(tracker: Any) -> Source:
    """The source of one configured tracker (an entry of ``trackers`` in program.yaml)."""
    return SOURCES[tracker.kind](tracker)
