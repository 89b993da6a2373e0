"""What the company looks like before anything happens: programs, projects, boards, repositories and teams as data.

The core company has about 1,500 issues. A larger one gets more teams of the same kinds, each with its own project,
board or repository; a smaller one has a shorter history.
"""

from dataclasses import dataclass, field, replace

CORE_ISSUES = 1_500
SMALLEST, LARGEST = 200, 100_000
SIZES = {"small": CORE_ISSUES, "medium": 20_000}
HISTORY_WEEKS = 78


@dataclass(frozen=True, slots=True)
class ProjectPlan:
    """A Jira project."""

    key: str
    name: str
    category: str | None = None
    team_managed: bool = False
    archived: bool = False
    readable: bool = True
    components: tuple[str, ...] = ()
    releases_late: bool = False
    """Its next release date has passed without a release."""


@dataclass(frozen=True, slots=True)
class RepositoryPlan:
    """A repository; ``deploys`` False: nothing is released from it."""

    name: str
    description: str
    issues_enabled: bool = True
    archived: bool = False
    deploys: bool = True


@dataclass(frozen=True, slots=True)
class TeamPlan:
    """A team and how it works.

    ``cadence`` is scrum, kanban or iterations (GitHub). ``velocity`` are points per sprint at the beginning, in the
    middle and at the end of its history (of kanban teams: points per two weeks). ``into_sprint`` days have passed of
    the sprint under way when the history ends. Rates are per issue, ``creep`` and ``churn`` per sprint.
    """

    key: str
    name: str
    cadence: str
    program: str | None
    zones: tuple[str, ...]
    """Time zones of its members, one each."""
    weeks: int
    velocity: tuple[float, float, float]
    projects: tuple[str, ...] = ()
    repos: tuple[str, ...] = ()
    code: str | None = None
    """Repository in which a team that plans in Jira opens its pull requests."""
    board: str = ""
    sprint_name: str = "Sprint {n}"
    sprint_days: int = 14
    into_sprint: int = 5
    scale: tuple[float, ...] = (1, 2, 3, 5, 8)
    workflow: str = "review"
    slots: int = 3
    """Issues under work at once."""
    optimism: float = 1.06
    creep: float = 1.0
    churn: float = 1.0
    dependent: float = 0.06
    bugs: float = 0.2
    unestimated: float = 0.05
    late: float = 0.1
    subtasks: float = 0.08
    worklogs: bool = False
    backlog: int = 14
    label: str | None = None


@dataclass(frozen=True, slots=True)
class ProgramPlan:
    """A program: ``weeks_to_target`` counts from the end of the history."""

    key: str
    name: str
    zone: str
    weeks: int
    weeks_to_target: int
    projects: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class CompanyPlan:
    """The whole company."""

    programs: tuple[ProgramPlan, ...]
    projects: tuple[ProjectPlan, ...]
    repositories: tuple[RepositoryPlan, ...]
    teams: tuple[TeamPlan, ...]
    issues: int
    history_entries_of_busiest: int = 0
    """History entries of the issue that an automation touches all the time; 0 = there is none."""
    extras: float = field(default=1.0)
    """Scale of what belongs to no team: archived and unreadable projects, repositories without a board."""


WORKFLOWS: dict[str, tuple[tuple[str, tuple[str, ...]], ...]] = {
    "review": (("To Do", ("1",)), ("In Progress", ("2",)), ("In Review", ("3",)), ("Done", ("5",))),
    "test": (("To Do", ("1", "9")), ("Doing", ("2", "3")), ("Testing", ("4",)), ("Done", ("5",))),
    "release": (("To Do", ("1",)), ("Doing", ("2", "3", "5")), ("Released", ("6",))),
    "kanban": (("Backlog", ("8",)), ("Selected", ("9",)), ("In Progress", ("2", "3")), ("Done", ("5",))),
    "team_managed": (("To Do", ("10101",)), ("In Progress", ("10102",)), ("Done", ("10103",))),
}
"""Board columns with status ids, left to right. Status 7, Cancelled, is on no board."""

STATUSES: tuple[tuple[str, str, str], ...] = (
    ("1", "To Do", "new"), ("2", "In Progress", "indeterminate"), ("3", "In Review", "indeterminate"),
    ("4", "测试中", "indeterminate"), ("5", "Done", "done"), ("6", "Released", "done"), ("7", "Cancelled", "done"),
    ("8", "Backlog", "new"), ("9", "Selected for Development", "new"),
    ("10101", "To Do", "new"), ("10102", "In Progress", "indeterminate"), ("10103", "Done", "done"),
)
"""(id, name, category); team-managed projects have statuses of their own with the same names."""

BERLIN, LONDON, YORK, CHICAGO, KOLKATA = (
    "Europe/Berlin", "Europe/London", "America/New_York", "America/Chicago", "Asia/Kolkata",
)
ITERATION_ZONE = YORK
"""Where GitHub iterations begin at midnight."""

_PROJECTS = (
    ProjectPlan("PAY", "Payments", "Payments", components=("ledger", "card", "sepa"), releases_late=True),
    ProjectPlan("WEB", "Web Shop", "Customer", components=("frontend", "search")),
    ProjectPlan("SHOP", "Shop Backend", "Customer", components=("basket", "pricing")),
    ProjectPlan("PORT", "Customer Portal", "Customer", components=("account", "support", "notifications")),
    ProjectPlan("DATA", "Data Platform", "Data", team_managed=True),
    ProjectPlan("IDM", "Identity & Access", "Payments", components=("login", "consent")),
    ProjectPlan("OPS", "Operations Desk", "Operations", components=("monitoring", "on-call")),
    ProjectPlan("INF", "Infrastructure", "Data", components=("network", "kubernetes")),
    ProjectPlan("LEG", "Legacy Billing", "Payments", archived=True),
    ProjectPlan("SEC", "Security Incidents", None, readable=False),
)

_REPOSITORIES = (
    RepositoryPlan("checkout", "Basket and checkout of the web shop"),
    RepositoryPlan("payments-gateway", "Gateway to card and SEPA processors"),
    RepositoryPlan("mobile-app", "Customer app for phones"),
    RepositoryPlan("data-pipelines", "Ingestion and models of the data platform"),
    RepositoryPlan("infra-live", "Terraform of all environments", issues_enabled=False),
    RepositoryPlan("old-monolith", "The shop before 2022", archived=True, deploys=False),
)

_TEAMS = (
    TeamPlan(
        "payments", "Payments Core", "scrum", "PAYMENTS", (BERLIN, BERLIN, LONDON, BERLIN), 78, (22, 28, 4),
        projects=("PAY",), code="payments-gateway", board="Payments board", sprint_name="Payments Sprint {n}",
        into_sprint=12, scale=(2, 3, 5, 8, 13), slots=4, optimism=1.18, creep=1.8, churn=1.6, dependent=0.16,
        unestimated=0.08, late=0.3, worklogs=True, backlog=38,
    ),
    TeamPlan(
        "checkout", "Checkout", "scrum", "PORTAL", (BERLIN, BERLIN, KOLKATA, LONDON), 30, (22, 28, 30),
        projects=("WEB", "SHOP"), code="checkout", board="Checkout board", sprint_name="Checkout {n}",
        into_sprint=6, scale=(1, 2, 3, 5, 8, 13), workflow="test", creep=0.8, worklogs=True, backlog=22,
    ),
    TeamPlan(
        "portal-alpha", "Portal Squad Alpha", "scrum", "PORTAL", (YORK, YORK, CHICAGO), 30, (20, 26, 32),
        projects=("PORT",), code="checkout", board="Portal Alpha", into_sprint=4, scale=(2, 3, 5, 8),
        optimism=1.0, creep=0.5, churn=0.3, late=0.05, backlog=20, label="squad-alpha",
    ),
    TeamPlan(
        "portal-beta", "Portal Squad Beta", "scrum", "PORTAL", (YORK, CHICAGO, LONDON), 28, (16, 22, 25),
        projects=("PORT",), code="checkout", board="Portal Beta", into_sprint=11, scale=(2, 3, 5, 8),
        optimism=1.02, creep=0.6, churn=0.4, backlog=18, label="squad-beta",
    ),
    TeamPlan(
        "data", "Data Platform", "scrum", "DATA", (KOLKATA, KOLKATA, KOLKATA, BERLIN), 24, (32, 25, 29),
        projects=("DATA",), code="infra-live", board="Data board", sprint_name="DP Sprint {n}", into_sprint=7,
        scale=(0.5, 2, 3, 5, 8), workflow="team_managed", unestimated=0.12, creep=1.2, subtasks=0.14, backlog=20,
    ),
    TeamPlan(
        "identity", "Identity", "scrum", "PAYMENTS", (LONDON, BERLIN, LONDON), 22, (15, 17, 18),
        projects=("IDM",), code="payments-gateway", board="Identity weekly", sprint_name="IDM KW{n}",
        sprint_days=7, into_sprint=5, scale=(1, 2, 3, 5), workflow="release", optimism=0.9, creep=0.4, churn=0.3,
        subtasks=0.05,
        backlog=14,
    ),
    TeamPlan(
        "ops", "Operations", "kanban", None, (LONDON, BERLIN, KOLKATA, YORK), 46, (14, 16, 18), projects=("OPS",),
        board="Operations", workflow="kanban", bugs=0.35, worklogs=True, subtasks=0, backlog=11,
    ),
    TeamPlan(
        "infra", "Infrastructure", "kanban", "DATA", (KOLKATA, BERLIN, KOLKATA), 36, (15, 16, 18), projects=("INF",),
        code="infra-live", board="Infrastructure flow", workflow="kanban", bugs=0.15, subtasks=0, backlog=16,
    ),
    TeamPlan(
        "mobile", "Mobile", "iterations", "PORTAL", (YORK, YORK, CHICAGO, BERLIN), 26, (18, 21, 23),
        repos=("mobile-app", "checkout"), board="Mobile delivery", sprint_name="Iteration {n}", into_sprint=7,
        scale=(1, 2, 3, 5, 8), creep=0.9, subtasks=0, backlog=22,
    ),
    TeamPlan(
        "dataeng", "Data Engineering", "iterations", "DATA", (KOLKATA, KOLKATA, BERLIN), 26, (18, 21, 17),
        repos=("data-pipelines", "payments-gateway"), board="Data pipelines", sprint_name="Cycle {n}", into_sprint=11,
        scale=(2, 3, 5, 8), creep=1.0, dependent=0.1, subtasks=0, backlog=20,
    ),
)

_PROGRAMS = (
    ProgramPlan("PAYMENTS", "Payments modernisation", BERLIN, 78, 5, (
        ("jira", "PAY"), ("jira", "IDM"), ("jira", "LEG"), ("github", "acme/payments-gateway"),
    )),
    ProgramPlan("PORTAL", "Customer portal", YORK, 52, 22, (
        ("jira", "PORT"), ("jira", "WEB"), ("jira", "SHOP"), ("github", "acme/mobile-app"),
        ("github", "acme/checkout"),
    )),
    ProgramPlan("DATA", "Data platform", KOLKATA, 52, 12, (
        ("jira", "DATA"), ("jira", "INF"), ("github", "acme/data-pipelines"),
    )),
)

_ISSUES_PER_EXTRA_TEAM = 540
_EXTRA_KINDS = ("scrum", "scrum", "iterations", "scrum", "kanban", "scrum")
_EXTRA_ZONES = (BERLIN, YORK, KOLKATA, LONDON, CHICAGO)
_EXTRA_AREAS = (
    ("ORD", "Orders"), ("CAT", "Catalogue"), ("FUL", "Fulfilment"), ("LOY", "Loyalty"), ("RET", "Returns"),
    ("PRC", "Pricing"), ("INV", "Inventory"), ("CRM", "Customer Care"), ("FIN", "Finance"), ("MKT", "Marketing"),
    ("LOG", "Logistics"), ("RSK", "Fraud"), ("REP", "Reporting"), ("API", "Partner API"), ("MSG", "Messaging"),
)
_EXTRA_TEAMS_PER_PROGRAM = 8


def company_plan(size: str | int) -> CompanyPlan:
    """The plan of a company with a total of ``size`` issues over both trackers (a name of SIZES or a number).

    Raises:
        ValueError: the size is unknown or out of range.
    """
    if isinstance(size, str) and size not in SIZES:
        raise ValueError(f"size {size!r} is unknown; choose {', '.join(SIZES)} or a number of issues")
    issues = SIZES[size] if isinstance(size, str) else size
    if not SMALLEST <= issues <= LARGEST:
        raise ValueError(f"a company has {SMALLEST} to {LARGEST} issues, not {issues}")
    if issues < CORE_ISSUES:
        share = issues / CORE_ISSUES
        teams = tuple(_shortened(team, share) for team in _TEAMS)
        return CompanyPlan(_PROGRAMS, _PROJECTS, _REPOSITORIES, teams, issues, extras=share)
    extra_teams, projects, repositories, programs = _extra(issues - CORE_ISSUES)
    return CompanyPlan(
        _PROGRAMS + programs, _PROJECTS + projects, _REPOSITORIES + repositories, _TEAMS + extra_teams, issues,
        history_entries_of_busiest=1_050 if issues >= SIZES["medium"] else 0,
    )


def _shortened(team: TeamPlan, share: float) -> TeamPlan:
    return replace(team, weeks=max(4, round(team.weeks * share)), backlog=max(4, round(team.backlog * share)))


def _extra(
    issues: int,
) -> tuple[tuple[TeamPlan, ...], tuple[ProjectPlan, ...], tuple[RepositoryPlan, ...], tuple[ProgramPlan, ...]]:
    """Further teams that produce so many issues, each with its own project or repository, and their programs."""
    count = -(-issues // _ISSUES_PER_EXTRA_TEAM)
    weeks = round(HISTORY_WEEKS * issues / (count * _ISSUES_PER_EXTRA_TEAM)) if count else 0
    teams, projects, repositories = [], [], []
    members: dict[int, list[tuple[str, str]]] = {}
    for number in range(count):
        stem, area = _EXTRA_AREAS[number % len(_EXTRA_AREAS)]
        turn = number // len(_EXTRA_AREAS) + 1
        kind, zone = _EXTRA_KINDS[number % len(_EXTRA_KINDS)], _EXTRA_ZONES[number % len(_EXTRA_ZONES)]
        program = number // _EXTRA_TEAMS_PER_PROGRAM + 1
        key, name = f"{stem}{turn}", f"{area} {turn}"
        shared = TeamPlan(
            f"{stem.lower()}-{turn}", name, kind, f"AREA{program}", (zone,) * 6, max(4, weeks), (26, 30, 33),
            slots=5, scale=(1, 2, 3, 5, 8), into_sprint=3 + number % 9, board=f"{name} board",
            optimism=0.95 + 0.05 * (number % 4), creep=0.6 + 0.3 * (number % 3), backlog=75, worklogs=number % 3 == 0,
        )
        if kind == "iterations":
            repositories.append(RepositoryPlan(key.lower(), f"Services of {name}"))
            teams.append(replace(shared, repos=(key.lower(),), subtasks=0.0))
            members.setdefault(program, []).append(("github", f"acme/{key.lower()}"))
            continue
        projects.append(ProjectPlan(key, name, area, components=("service", "interface")))
        workflow = "kanban" if kind == "kanban" else ("review", "test")[number % 2]
        teams.append(replace(shared, projects=(key,), workflow=workflow))
        members.setdefault(program, []).append(("jira", key))
    programs = tuple(
        ProgramPlan(
            f"AREA{program}", f"Growth area {program}", _EXTRA_ZONES[program % 5], HISTORY_WEEKS, 10, tuple(refs)
        )
        for program, refs in members.items()
    )
    return tuple(teams), tuple(projects), tuple(repositories), programs
