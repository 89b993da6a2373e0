"""The program.yaml with which the pipeline syncs the simulated company."""

from pathlib import Path
from typing import Any

import yaml

from itpm_pipeline.sandbox.company.model import Company

JIRA_EMAIL_VARIABLE, JIRA_TOKEN_VARIABLE, GITHUB_TOKEN_VARIABLE = "JIRA_EMAIL", "JIRA_TOKEN", "GITHUB_TOKEN"

_HEAD = """\
# The simulated company of `itpm sandbox`. Its credentials open nothing else and are in sandbox.env beside this file:
#   set -a; . ./sandbox.env; set +a
"""


def write_program(
    company: Company,
    folder: Path,
    *,
    jira_url: str,
    github_url: str,
    jira_email: str,
    jira_token: str,
    github_token: str,
) -> Path:
    """Write ``program.yaml``, and ``sandbox.env`` with the variables it names, into ``folder``; the program's path."""
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / "program.yaml"
    text = yaml.safe_dump(program_settings(company, jira_url, github_url), sort_keys=False, allow_unicode=True)
    program.write_text(_HEAD + text, encoding="utf-8")
    variables = {
        JIRA_EMAIL_VARIABLE: jira_email,
        JIRA_TOKEN_VARIABLE: jira_token,
        GITHUB_TOKEN_VARIABLE: github_token,
    }
    lines = "".join(f"{name}={value}\n" for name, value in variables.items())
    (folder / "sandbox.env").write_text(lines, encoding="utf-8")
    return program


def program_settings(company: Company, jira_url: str, github_url: str) -> dict[str, Any]:
    """What program.yaml says of the company: trackers, programs, teams; metrics keep their defaults."""
    organization = company.organization
    trackers = {"jira": f"{organization}-jira", "github": f"{organization}-gh"}
    return {
        "trackers": [
            {
                "name": trackers["jira"],
                "kind": "jira",
                "url": jira_url,
                "email": f"${{{JIRA_EMAIL_VARIABLE}}}",
                "token": f"${{{JIRA_TOKEN_VARIABLE}}}",
            },
            {
                "name": trackers["github"],
                "kind": "github",
                "url": github_url,
                "token": f"${{{GITHUB_TOKEN_VARIABLE}}}",
                "organizations": [organization],
            },
        ],
        "programs": [
            {
                "key": program.key,
                "name": program.name,
                "owner": company.people[program.owner].name if program.owner in company.people else program.owner,
                "timezone": program.timezone,
                "start_date": program.start_date,
                "target_date": program.target_date,
                "projects": [f"{trackers[tracker]}:{key}" for tracker, key in program.projects],
            }
            for program in company.programs
        ],
        "teams": [
            {"key": team.key, "name": team.name, "headcount_fte": team.fte}
            | ({"board": f"{trackers['jira']}:{team.board_ids[0]}"} if team.board_ids else {})
            for team in company.teams
        ],
    }
