"""Facts about the company that no tracker has, as the CSV files a program office would keep.

Amounts follow from what the simulation delivered, so that cost and progress tell one story: the payments program is
late and over budget, the portal is on track, the data platform lies between.
"""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from itpm_pipeline.sandbox.company.model import Company, Program

JIRA, GITHUB = "acme-jira", "acme-gh"
Row = tuple[object, ...]

_MONTHLY_COST_OF_PERSON = 11_500
_LABOUR_SHARE = 0.86


@dataclass(frozen=True, slots=True)
class Course:
    """How a program goes: progress and cost as a share of what was planned until now."""

    progress: float
    cost: float


_COURSES = {"PAYMENTS": Course(0.74, 1.16), "PORTAL": Course(1.03, 0.97), "DATA": Course(0.93, 1.02)}
_USUAL = Course(0.98, 1.0)

KEY_RESULTS: dict[tuple[str, str], Sequence[tuple[str, str, float, float, str, float]]] = {
    ("PAYMENTS", "ONE-GATEWAY"): (
        ("volume", "Share of volume over the new gateway", 0, 100, "%", 0.41),
        ("cost", "Cost per transaction", 14, 9, "cent", 0.25),
    ),
    ("PAYMENTS", "AUDIT"): (("findings", "Open audit findings", 23, 0, "findings", 0.55),),
    ("PORTAL", "SELF-SERVICE"): (
        ("calls", "Calls per 1,000 customers", 42, 25, "calls", 0.8),
        ("nps", "Net promoter score", 12, 35, "points", 0.72),
    ),
    ("DATA", "TRUST"): (("fresh", "Tables fresher than an hour", 35, 95, "%", 0.6),),
}
"""By program and objective: key, name, start, target, unit and progress reached by now."""


def project_ref(tracker: str, key: str) -> str:
    """``tracker:key`` with the tracker's name in program.yaml."""
    return f"{JIRA if tracker == 'jira' else GITHUB}:{key}"


def write_facts(company: Company, folder: Path) -> dict[str, str]:
    """Write all files into ``folder``; file name by fact."""
    tables: dict[str, tuple[Sequence[str], Iterator[Row]]] = {
        "capacity": (("person_ref", "team_key", "valid_from", "valid_to", "fte", "hours_per_day"), _capacity(company)),
        "allocation": (("person_ref", "project_ref", "valid_from", "valid_to", "share"), _allocation(company)),
        "time_off": (("person_ref", "date", "fraction"), _time_off(company)),
        "budget_baseline": (
            ("project_ref", "baseline_no", "bac", "planned_release_points", "start_date", "end_date", "approved_at"),
            _baselines(company),
        ),
        "budget_period": (
            ("project_ref", "baseline_no", "period_no", "period_end", "pv_cumulative"), _periods(company)
        ),
        "cost_actual": (("project_ref", "date", "category", "amount"), _costs(company)),
        "kr_observation": (("key_result_id", "date", "value"), _observations(company)),
        "risk": (
            ("risk_id", "program_id", "project_ref", "title", "category", "cause", "event", "effect", "probability",
             "impact", "cost_impact", "proximity_date", "owner_ref", "response", "roam", "status", "raised_at",
             "last_reviewed_at"),
            _risks(company),
        ),
    }
    for name, (columns, rows) in tables.items():
        with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(columns)
            writer.writerows(rows)
    return {name: f"{name}.csv" for name in tables}


# --- People

def _memberships(company: Company) -> dict[str, list[str]]:
    teams: dict[str, list[str]] = {}
    for team in company.teams:
        for person in team.members:
            teams.setdefault(person, []).append(team.key)
    return teams


def _begin(company: Company) -> date:
    return min(program.start_date for program in company.programs)


def _capacity(company: Company) -> Iterator[Row]:
    for person, teams in _memberships(company).items():
        for team in teams:
            yield person, team, _begin(company), None, 1.0 if len(teams) == 1 else 0.5, None


def _allocation(company: Company) -> Iterator[Row]:
    projects = _projects_of_teams(company)
    for person, teams in _memberships(company).items():
        for team in teams:
            refs = projects.get(team, ())
            share = (1.0 if len(teams) == 1 else 0.5) / max(1, len(refs))
            for ref in refs:
                yield person, ref, _begin(company), None, round(share, 2)


def _projects_of_teams(company: Company) -> dict[str, list[str]]:
    """Project references by team; a project of two teams goes to the first, which keeps keys unique."""
    github = {project.number: project for project in company.github_projects}
    refs: dict[str, list[str]] = {}
    for team in company.teams:
        keys = [
            project_ref("jira", company.jira_projects[id_].key)
            for number in team.board_ids for id_ in company.boards[number].project_ids
        ]
        if team.github_project is not None:
            keys += [project_ref("github", f"{company.organization}/{repo}")
                     for repo in github[team.github_project].repos]
        refs[team.key] = keys
    return refs


def _time_off(company: Company) -> Iterator[Row]:
    """Two weeks each summer, and a few days around now."""
    today = company.now.date()
    for number, person in enumerate(_memberships(company)):
        holiday = date(today.year, 7, 6) + timedelta(weeks=number % 7)
        for offset in range(12):
            if offset % 7 < 5:
                yield person, holiday + timedelta(days=offset), 1.0
        if number % 3 == 0:
            yield person, today + timedelta(days=3 + number % 11), 0.5 if number % 2 else 1.0


# --- Money

@dataclass(frozen=True, slots=True)
class _Budget:
    ref: str
    begin: date
    end: date
    amount: float
    points: float
    course: Course
    elapsed: float


def _budgets(company: Company) -> Iterator[_Budget]:
    heads = {ref: 0.0 for refs in _projects_of_teams(company).values() for ref in refs}
    for team in company.teams:
        refs = _projects_of_teams(company)[team.key]
        for ref in refs:
            heads[ref] += team.fte / len(refs)
    done = _done_points(company)
    for program in company.programs:
        for tracker, key in program.projects:
            ref = project_ref(tracker, key)
            if heads.get(ref) and done.get(ref):
                yield _budget(company, program, ref, heads[ref], done[ref])


def _budget(company: Company, program: Program, ref: str, heads: float, done: float) -> _Budget:
    course = _COURSES.get(program.key, _USUAL)
    days = (program.target_date - program.start_date).days
    elapsed = min(1.0, (company.now.date() - program.start_date).days / days)
    amount = round(heads * _MONTHLY_COST_OF_PERSON * days / 30.4, -3)
    points = round(done / (elapsed * course.progress))
    return _Budget(ref, program.start_date, program.target_date, amount, points, course, elapsed)


def _done_points(company: Company) -> dict[str, float]:
    done: dict[str, float] = {}
    for issue in company.jira_issues.values():
        if issue.resolution == "Done" and issue.deleted_at is None:
            ref = project_ref("jira", company.jira_projects[issue.project_id].key)
            done[ref] = done.get(ref, 0) + (issue.points or 0)
    closed = {issue.node_id: issue for repo in company.repositories.values() for issue in repo.issues
              if issue.state_reason == "COMPLETED"}
    for project in company.github_projects:
        for item in project.items:
            if item.issue in closed:
                ref = project_ref("github", f"{company.organization}/{closed[item.issue].repo}")
                done[ref] = done.get(ref, 0) + (item.estimate or 0)
    return done


def _baselines(company: Company) -> Iterator[Row]:
    for budget in _budgets(company):
        yield (budget.ref, 1, f"{budget.amount:.2f}", budget.points, budget.begin, budget.end,
               budget.begin - timedelta(days=20))


def _months(begin: date, end: date) -> Iterator[date]:
    """First days of the months after ``begin`` up to ``end``, then ``end`` itself."""
    day = begin
    while day < end:
        day = min(end, (day.replace(day=1) + timedelta(days=32)).replace(day=1))
        yield day


def _periods(company: Company) -> Iterator[Row]:
    for budget in _budgets(company):
        days = (budget.end - budget.begin).days
        for number, day in enumerate(_months(budget.begin, budget.end), start=1):
            yield budget.ref, 1, number, day, f"{budget.amount * (day - budget.begin).days / days:.2f}"


def _costs(company: Company) -> Iterator[Row]:
    today = company.now.date()
    for budget in _budgets(company):
        days, before = (budget.end - budget.begin).days, budget.begin
        for number, day in enumerate(_months(budget.begin, min(budget.end, today))):
            spent = budget.amount * (day - before).days / days * (budget.course.cost + 0.04 * (number % 3 - 1))
            before = day
            booked = day - timedelta(days=1)
            yield budget.ref, booked, "labour", f"{spent * _LABOUR_SHARE:.2f}"
            yield budget.ref, booked, "cloud", f"{spent * (1 - _LABOUR_SHARE):.2f}"


# --- Goals and risks

def _observations(company: Company) -> Iterator[Row]:
    today = company.now.date()
    first = date(today.year, 7, 1)
    for (program, objective), results in KEY_RESULTS.items():
        for key, _, start, target, _, reached in results:
            days = list(_months(first, today))
            for number, day in enumerate(days, start=1):
                value = start + (target - start) * reached * number / len(days)
                yield f"key_result:{program}:{objective}:{key}", min(day, today), round(value, 1)


def _risks(company: Company) -> Iterator[Row]:
    owners = {program.key: program.owner for program in company.programs}
    today = company.now.date()
    for number, (program, ref, title, category, cause, event, effect, chances, response, roam) in enumerate(
        _RISKS, start=1
    ):
        probability, impact, cost = chances
        yield (
            f"R-{number}", f"program:{program}", ref, title, category, cause, event, effect, probability, impact,
            f"{cost:.2f}", today + timedelta(days=20 + 9 * number), owners[program], response, roam,
            "closed" if roam == "resolved" else "open", today - timedelta(days=40 * number),
            today - timedelta(days=11 * number),
        )


_RISKS: tuple[tuple[str, str | None, str, str, str, str, str, tuple[int, int, int], str, str], ...] = (
    ("PAYMENTS", f"{JIRA}:PAY", "Card processor late", "external", "the processor changed its interface",
     "certification may slip", "go-live moves into the freeze", (4, 5, 180_000), "mitigate", "owned"),
    ("PAYMENTS", f"{JIRA}:PAY", "Key person overloaded", "people", "one engineer works in three teams",
     "they may be missing when needed", "two teams wait", (4, 3, 40_000), "mitigate", "owned"),
    ("PAYMENTS", None, "Budget exhausted before go-live", "money", "progress is behind plan",
     "the budget may be spent early", "scope must be cut", (3, 4, 250_000), "accept", "accepted"),
    ("PORTAL", f"{JIRA}:PORT", "Accessibility audit", "compliance", "rules changed this year",
     "the audit may find gaps", "launch in one country is delayed", (2, 4, 60_000), "mitigate", "mitigated"),
    ("DATA", f"{JIRA}:INF", "Cluster capacity", "technology", "volume grows faster than planned",
     "jobs may miss their window", "reports are stale in the morning", (3, 3, 30_000), "avoid", "owned"),
    ("DATA", None, 'Vendor licence =HYPERLINK("http://x","click")', "external", "the contract ends in spring",
     "prices may double", "a migration is needed", (2, 3, 90_000), "transfer", "resolved"),
)
