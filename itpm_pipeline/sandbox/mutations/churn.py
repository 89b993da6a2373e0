"""An ordinary day: a share of all issues changes, as it does before an incremental sync."""

from collections.abc import Sequence
from random import Random
from typing import Any

from itpm_pipeline.sandbox.company.model import Company, GithubIssue, JiraIssue
from itpm_pipeline.sandbox.mutations.github import GithubEditor
from itpm_pipeline.sandbox.mutations.jira import JiraEditor

_POINTS = (1.0, 2.0, 3.0, 5.0, 8.0, 13.0)


def change_some(jira: JiraEditor, github: GithubEditor, share: float, *, seed: int = 0) -> int:
    """Change ``share`` (0 to 1) of the issues that can be seen in each tracker, each once; how many changed.

    The same company, share and seed give the same changes. Some thousands of changes a second.
    """
    choice = Random(seed)  # noqa: S311 - a simulation
    projects = jira.company.jira_projects
    seen = [
        issue for issue in jira.company.jira_issues.values()
        if issue.deleted_at is None and not issue.is_hidden
        and projects[issue.project_id].readable and not projects[issue.project_id].archived
    ]  # fmt: skip
    chosen = choice.sample(seen, round(len(seen) * share))
    statuses = _statuses_by_project(jira.company)
    for issue in chosen:
        _change_in_jira(jira, issue, statuses.get(issue.project_id, []), choice)
    visible = [
        issue for repository in github.company.repositories.values() if not repository.is_hidden
        for issue in repository.issues if issue.deleted_at is None
    ]  # fmt: skip
    others = choice.sample(visible, round(len(visible) * share))
    for other in others:
        _change_in_github(github, other, choice)
    return len(chosen) + len(others)


def _statuses_by_project(company: Company) -> dict[str, list[str]]:
    """Statuses in the columns of a project's boards."""
    found: dict[str, list[str]] = {}
    for board in company.boards.values():
        for project in board.project_ids:
            found.setdefault(project, []).extend(status for _, ids in board.columns for status in ids)
    return found


def _change_in_jira(editor: JiraEditor, issue: JiraIssue, statuses: Sequence[str], choice: Random) -> None:
    what = choice.randrange(4)
    others = [status for status in statuses if status != issue.status_id]
    if what == 0:
        editor.update(issue.id, points=_another(issue.points, choice))
    elif what == 1:
        editor.update(issue.id, summary=f"{issue.summary} ({editor.now % 1_000_000})")
    elif what == 2 and others:
        editor.update(issue.id, status=choice.choice(others))
    else:
        editor.comment(issue.id)


def _change_in_github(editor: GithubEditor, issue: GithubIssue, choice: Random) -> None:
    what = choice.randrange(3)
    if what == 0:
        editor.update(issue.node_id, title=f"{issue.title} ({editor.now % 1_000_000})")
    elif what == 1:
        turn: Any = editor.close if issue.state == "OPEN" else editor.reopen
        turn(issue.node_id)
    else:
        editor.comment(issue.node_id)


def _another(points: float | None, choice: Random) -> float:
    return choice.choice([one for one in _POINTS if one != points])
