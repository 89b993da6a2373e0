"""What people may write into a tracker to harm those who read it elsewhere, and a company full of it."""

from collections.abc import Iterator
from itertools import cycle

from itpm_pipeline.sandbox.company.model import Company

PAYLOADS = {
    "script": "<script>alert(1)</script>",
    "attribute": "\"'><img src=x onerror=alert(1)>",
    "picture": "</text></svg><svg onload=alert(1)>",
    "link": "[report](javascript:alert(1)) ![x](https://evil.example/p.png)",
    "address": "https://evil.example/a www.evil.example <https://evil.example/b>",
    "mention": "<!channel> @here",
    "table": "a | b `code` *bold* ~~gone~~",
    "formula": '=HYPERLINK("https://evil.example","click")',
    "late formula": "  +1+cmd|' /C calc'!A0",
    "wide formula": "\N{FULLWIDTH EQUALS SIGN}1+1",
    "sql": "'; drop table core.issue; --",
    "template": "{{ 7 * 7 }} ${HOME} %s {0}",
    "console": "[bold red]red[/bold red] [link=https://evil.example]x[/link]",
    "terminal": "\x1b]0;owned\x07\x1b[2J\x1b[31mred",
    "terminal of eight bits": "\x9b31mred\x9d0;owned\x9c",
    "direction": "\u202egnp.exe\u202c",
    "forged line": "done\nitpm: all is well",
}


def plant(company: Company) -> None:
    """Put them wherever people name things; the first board and the first person keep the names that tests know."""
    texts = _texts()
    for issue in company.jira_issues.values():
        issue.summary = f"{next(texts)} {issue.key}"
    for sprint in company.sprints.values():
        sprint.name = f"{next(texts)} {sprint.id}"
    for board in list(company.boards.values())[1:]:
        board.name = f"{next(texts)} {board.id}"
    for project in company.jira_projects.values():
        project.name = f"{next(texts)} {project.key}"
        for version in project.versions:
            version.name = f"{next(texts)} {version.id}"
    for repository in company.repositories.values():
        for found in repository.issues:
            found.title = f"{next(texts)} {found.number}"
    for person in company.people.values():
        if not person.is_bot and person.key != "p001":
            person.name = f"{next(texts)} {person.key}"


def _texts() -> Iterator[str]:
    return cycle(PAYLOADS.values())
