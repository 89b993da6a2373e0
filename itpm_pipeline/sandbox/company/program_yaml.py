"""Writes the program.yaml of the company, so that the pipeline can be pointed at its two servers."""

from datetime import UTC, date, timedelta
from pathlib import Path
from typing import Any

import yaml

from itpm_pipeline.sandbox.company.blueprint import ITERATION_ZONE
from itpm_pipeline.sandbox.company.facts import GITHUB, JIRA, KEY_RESULTS, project_ref, write_facts
from itpm_pipeline.sandbox.company.hours import is_day_off
from itpm_pipeline.sandbox.company.model import Company, Program

_OBJECTIVES: dict[tuple[str, str], tuple[str, str, int, int | None, tuple[str, ...]]] = {
    ("PAYMENTS", "ONE-GATEWAY"): ("All payments over one gateway", "committed", 10, None, ("label:backend",)),
    ("PAYMENTS", "AUDIT"): ("Pass the security audit", "committed", 6, None, ("label:security",)),
    ("PORTAL", "SELF-SERVICE"): ("Customers help themselves", "committed", 8, None,
                                 ("label:squad-alpha", "label:squad-beta")),
    ("PORTAL", "DELIGHT"): ("A portal people like", "uncommitted", 3, 3, ("label:ux",)),
    ("DATA", "TRUST"): ("Numbers people trust", "committed", 7, None, ("label:tech-debt",)),
}
"""By program and key: name, kind, planned and actual business value, rules."""

_OVERRIDDEN = "DATA"
"""A program whose status a person has set."""


def write_program(company: Company, folder: Path, jira_url: str, github_url: str) -> Path:
    """Write program.yaml and the CSV files it names into ``folder``; the path of program.yaml.

    Secrets are named, not written: ITPM_DEMO_JIRA_EMAIL, ITPM_DEMO_JIRA_TOKEN and ITPM_DEMO_GITHUB_TOKEN must be set
    when the file is read.
    """
    folder.mkdir(parents=True, exist_ok=True)
    document = {
        "warehouse": {"url": "duckdb:///data/warehouse.duckdb"},
        "landing": {"url": "data/landing"},
        "as_of": company.now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "trackers": [_jira(jira_url), _github(company, github_url)],
        "programs": [_program(company, program) for program in company.programs],
        "teams": _teams(company),
        "people": [
            {"key": person.key, "name": person.name,
             "accounts": [f"{JIRA}:{person.jira_account_id}", f"{GITHUB}:{person.github_login}"]}
            for person in company.people.values() if not person.is_bot
        ],
        "calendars": {"acme": {"hours_per_day": 8, "holidays": _holidays(company)}},
        "facts": write_facts(company, folder),
        "metrics": {"time": {"iteration_timezone": ITERATION_ZONE}},
    }
    path = folder / "program.yaml"
    header = "# The simulated company. Its trackers run on this machine; nothing here is a secret.\n"
    path.write_text(header + yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=110), encoding="utf-8")
    return path


def _jira(url: str) -> dict[str, Any]:
    return {
        "name": JIRA, "kind": "jira", "url": url, "email": "${ITPM_DEMO_JIRA_EMAIL}",
        "token": "${ITPM_DEMO_JIRA_TOKEN}", "projects": "all",
    }


def _github(company: Company, url: str) -> dict[str, Any]:
    return {
        "name": GITHUB, "kind": "github", "url": url, "token": "${ITPM_DEMO_GITHUB_TOKEN}",
        "organizations": [company.organization], "repositories": "all",
        "status_options": {"Todo": "todo", "In Progress": "in_progress", "In Review": "in_progress", "Done": "done"},
    }


def _program(company: Company, program: Program) -> dict[str, Any]:
    described: dict[str, Any] = {
        "key": program.key, "name": program.name, "owner": program.owner, "timezone": program.timezone,
        "calendar": "acme", "start_date": program.start_date, "target_date": program.target_date, "currency": "EUR",
        "projects": [project_ref(tracker, key) for tracker, key in program.projects],
        "objectives": [
            _objective(company, program.key, key, described)
            for (owner, key), described in _OBJECTIVES.items() if owner == program.key
        ],
    }
    if program.key == _OVERRIDDEN:
        described["status_override"] = {
            "rag": "amber", "author": program.owner, "reason": "Vendor decision is due next week",
            "expires_on": (company.now + timedelta(days=9)).date(),
        }
    return described


def _objective(
    company: Company, program: str, key: str, described: tuple[str, str, int, int | None, tuple[str, ...]]
) -> dict[str, Any]:
    name, kind, planned, actual, rules = described
    year = company.now.year
    results = KEY_RESULTS.get((program, key), ())
    return {
        "key": key, "name": name, "kind": kind, "period_start": date(year, 7, 1), "period_end": date(year + 1, 1, 1),
        "planned_bv": planned, "actual_bv": actual, "issues": [*rules, *_epic_rule(company, program)],
        "key_results": [
            {"key": result, "name": text, "start": start, "target": target, "unit": unit, "source": "manual"}
            for result, text, start, target, unit, _ in results
        ] or [{"key": "issues", "name": "Planned work done", "target": 100, "unit": "%", "source": "issue_progress"}],
    }


def _epic_rule(company: Company, program: str) -> list[str]:
    """The program's latest epic."""
    keys = {key for each in company.programs if each.key == program for tracker, key in each.projects
            if tracker == "jira"}
    epics = [
        issue.key for issue in company.jira_issues.values()
        if issue.type == "Epic" and issue.deleted_at is None and company.jira_projects[issue.project_id].key in keys
    ]
    return [f"epic:{epics[-1]}"] if epics else []


def _teams(company: Company) -> list[dict[str, Any]]:
    titles = {project.number: project.title for project in company.github_projects}
    teams = []
    for team in company.teams:
        board = f"{GITHUB}:{titles[team.github_project]}" if team.github_project is not None else (
            f"{JIRA}:{company.boards[team.board_ids[0]].name}"
        )
        teams.append({"key": team.key, "name": team.name, "board": board, "headcount_fte": team.fte})
    return teams


def _holidays(company: Company) -> list[date]:
    """Days off on weekdays, from two years before to one after."""
    first = date(company.now.year - 2, 1, 1)
    days = (first + timedelta(days=offset) for offset in range(4 * 365))
    return [day for day in days if day.weekday() < 5 and is_day_off(day)]
