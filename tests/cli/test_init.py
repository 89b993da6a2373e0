"""``itpm init`` writes a file that the other commands accept once it is filled in."""

from collections.abc import Callable

import pytest
from command_line import Place

from itpm_pipeline.config import load_settings

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("cli")]


def test_written_file_is_valid_and_not_overwritten(place: Place, errors: Callable[..., list[str]]) -> None:
    place.config.unlink()
    assert "Wrote program.yaml" in place.ok("init")
    settings = load_settings(place.config, {"JIRA_EMAIL": "me@example.com", "JIRA_TOKEN": "x"})
    assert [tracker.kind for tracker in settings.trackers] == ["jira"]
    (line,) = errors("init", exit_code=2)
    assert "program.yaml exists already" in line
    # Its mistakes are only those of a file that nobody filled in.
    lines = errors("check", exit_code=2)
    assert [line.rpartition(": ")[2] for line in lines] == [
        "environment variable JIRA_EMAIL is not set (or empty)",
        "environment variable JIRA_TOKEN is not set (or empty)",
    ]


def test_its_comments_are_valid_too(place: Place) -> None:
    place.config.unlink()
    place.ok("init")
    text = place.config.read_text(encoding="utf-8").replace("\n  # ", "\n  ").replace("\n# metrics", "\nmetrics")
    text = text.replace("\n#   sprint", "\n  sprint")
    for sentence in ("Jira", "GitHub:", "Projects"):
        text = text.replace(f"\n  {sentence}", f"\n  # {sentence}")
    place.config.write_text(text, encoding="utf-8")
    environment = {"JIRA_EMAIL": "me@example.com", "JIRA_TOKEN": "x", "JIRA_DC_TOKEN": "y", "GITHUB_TOKEN": "z"}
    settings = load_settings(place.config, environment)
    assert [tracker.name for tracker in settings.trackers] == ["jira", "jira-dc", "github"]


def test_folder_that_is_not_there(place: Place, errors: Callable[..., list[str]]) -> None:
    (line,) = errors("init", "nowhere/program.yaml", exit_code=2)
    assert "cannot write nowhere/program.yaml: No such file or directory" in line
