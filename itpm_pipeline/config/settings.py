"""What program.yaml may say: every key, its type, its default."""

import re
from collections import Counter
from datetime import UTC, date, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    field_serializer,
    model_validator,
)

from itpm_pipeline.config.notifications import Notifications
from itpm_pipeline.config.values import Token, WebAddress
from itpm_pipeline.metric_settings import MetricSettings, Zone


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ProjectFilter(_Strict):
    """Which projects of a tracker to read: ``all``, a list, or include and exclude lists.

    Entries are shell patterns (``WEB*``), compared case-sensitively; ``exclude`` wins.
    """

    include: tuple[str, ...] = ("*",)
    exclude: tuple[str, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _accept_short_forms(cls, value: object) -> object:
        if value == "all":
            return {}
        return {"include": value} if isinstance(value, list) else value

    def admits(self, key: str) -> bool:
        """Whether the project of this key is to be read."""
        return any(fnmatchcase(key, pattern) for pattern in self.include) and not any(
            fnmatchcase(key, pattern) for pattern in self.exclude
        )


class _Tracker(_Strict):
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")
    url: WebAddress
    concurrency: int = Field(default=8, ge=1, le=32)
    """Requests under way at once."""
    timeout_seconds: float = Field(default=60, gt=0)
    max_attempts: int = Field(default=6, ge=1, le=20)
    ca_file: Path | None = None


class JiraTracker(_Tracker):
    """A Jira Cloud or Data Center site; which one it is is detected."""

    kind: Literal["jira"]
    email: str | None = None
    """With e-mail: Basic authentication with an API token (Cloud). Without: Bearer token (Data Center)."""
    token: Token
    projects: ProjectFilter = ProjectFilter()
    page_size: int = Field(default=100, ge=1, le=1000)
    team_field: str | None = None
    """Native id of the field that names an issue's team."""
    start_date_field: str | None = None
    incident_types: tuple[str, ...] = ("Incident",)
    risk_types: tuple[str, ...] = ("Risk",)
    reconcile: bool = False
    """Compare closed sprints with the site's own sprint report."""


class GithubApp(_Strict):
    """GitHub App credentials."""

    app_id: int
    installation_id: int
    private_key: SecretStr


class GithubTracker(_Tracker):
    """github.com or a GitHub Enterprise Server (url: https://host/api/v3)."""

    kind: Literal["github"]
    token: Token | None = None
    app: GithubApp | None = None
    organizations: tuple[str, ...] = ()
    repositories: ProjectFilter = ProjectFilter()
    page_size: int = Field(default=100, ge=1, le=100)
    status_field: str = "Status"
    estimate_fields: tuple[str, ...] = ("Estimate", "Story Points", "Points", "Size")
    """Names of number fields (Projects v2 or organisation issue fields) that hold points, first match wins."""
    in_progress_labels: tuple[str, ...] = ("in progress",)
    blocked_labels: tuple[str, ...] = ("blocked",)
    status_options: dict[str, Literal["todo", "in_progress", "done"]] = {}
    """Category of a Projects v2 status option by name; others are guessed from position and name."""
    type_labels: dict[str, str] = {"bug": "bug", "epic": "epic", "incident": "incident", "risk": "risk"}
    production_environments: tuple[str, ...] = ("production", "prod")

    @model_validator(mode="after")
    def _has_one_credential(self) -> Self:
        if (self.token is None) == (self.app is None):
            raise ValueError("give either token or app")
        return self


Tracker = Annotated[JiraTracker | GithubTracker, Field(discriminator="kind")]


class Place(_Strict):
    """Where something is stored. The address of a database may hold a password, so it is not shown."""

    url: str = Field(repr=False)

    @field_serializer("url")
    def _without_password(self, url: str) -> str:
        return re.sub(r"(?<=://)[^/]*@|(?<=[?&])(password|sslpassword)=[^&]*", "***@", url)


class StatusOverride(_Strict):
    """A RAG set by a person instead of the computed one."""

    rag: Literal["green", "amber", "red", "grey"]
    author: str
    reason: str
    expires_on: date


class KeyResult(_Strict):
    """A key result of an objective."""

    key: str
    name: str
    weight: float = Field(default=1, gt=0)
    start: float = 0
    target: float
    unit: str = ""
    source: Literal["manual", "issue_progress"] = "manual"


class Objective(_Strict):
    """An objective of a program; ``issues`` are rules such as ``label:checkout`` or ``epic:PAY-12``."""

    key: str
    name: str
    period_start: date
    period_end: date
    kind: Literal["committed", "uncommitted"] = "committed"
    planned_bv: float | None = Field(default=None, ge=1, le=10)
    actual_bv: float | None = None
    parent: str | None = None
    key_results: tuple[KeyResult, ...] = ()
    issues: tuple[str, ...] = ()


class Program(_Strict):
    """A program: several projects led together."""

    key: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$")
    name: str
    projects: tuple[str, ...]
    """``tracker:key``; shell patterns are allowed in the key."""
    owner: str | None = None
    timezone: Zone = "UTC"
    calendar: str = "default"
    start_date: date | None = None
    target_date: date | None = None
    currency: str = "EUR"
    status_override: StatusOverride | None = None
    objectives: tuple[Objective, ...] = ()
    issue_rules: tuple[str, ...] = ()
    """Rules that pull single issues into this program: ``label:…``, ``component:…``, ``epic:KEY``."""


class Team(_Strict):
    """What the trackers do not tell of a team."""

    key: str
    name: str
    board: str | None = None
    estimate_scale: str | None = None
    headcount_fte: float | None = None


class Person(_Strict):
    """One human with accounts in several trackers."""

    key: str
    name: str
    accounts: tuple[str, ...]


class Calendar(_Strict):
    """Working days; holidays are days off."""

    weekdays: tuple[int, ...] = (1, 2, 3, 4, 5)
    hours_per_day: float = 8
    holidays: tuple[date, ...] = ()


class FactFiles(_Strict):
    """CSV files with facts no tracker has; paths are relative to program.yaml."""

    capacity: Path | None = None
    allocation: Path | None = None
    time_off: Path | None = None
    budget_baseline: Path | None = None
    budget_period: Path | None = None
    cost_actual: Path | None = None
    kr_observation: Path | None = None
    risk: Path | None = None


class Settings(_Strict):
    """All of program.yaml, validated, with secrets resolved from the environment."""

    warehouse: Place = Place(url="duckdb:///data/warehouse.duckdb")
    landing: Place = Place(url="data/landing")
    reports: Place = Place(url="data/reports")
    """A folder: charts and reports are files that people open."""
    inbox: Place | None = None
    """A folder with notes that ask for projects to be read (``ingest.inbox``); None: there is none."""
    trackers: tuple[Tracker, ...] = ()
    programs: tuple[Program, ...] = ()
    teams: tuple[Team, ...] = ()
    people: tuple[Person, ...] = ()
    calendars: dict[str, Calendar] = {}
    facts: FactFiles = FactFiles()
    notifications: Notifications = Notifications()
    metrics: MetricSettings = MetricSettings()
    as_of: AwareDatetime | None = None
    """A fixed instant for all metrics (demos, archives). Default: the start of the run."""

    @model_validator(mode="after")
    def _names_are_consistent(self) -> Self:
        _must_be_unique("tracker name", [tracker.name for tracker in self.trackers])
        _must_be_unique("program key", [program.key for program in self.programs])
        _must_be_unique("team key", [team.key for team in self.teams])
        _must_be_unique("account", [account for person in self.people for account in person.accounts])
        names = {tracker.name for tracker in self.trackers}
        owners: dict[str, str] = {}
        for program in self.programs:
            for project in program.projects:
                tracker, colon, key = project.partition(":")
                if not colon or not key:
                    raise ValueError(f"program {program.key}: project {project!r} must be written tracker:key")
                if tracker not in names:
                    raise ValueError(f"program {program.key}: project {project!r} names an unknown tracker")
                if owners.setdefault(project, program.key) != program.key:
                    raise ValueError(f"project {project!r} is in two programs: {owners[project]} and {program.key}")
            if program.calendar != "default" and program.calendar not in self.calendars:
                raise ValueError(f"program {program.key}: there is no calendar {program.calendar!r}")
        return self

    def tracker(self, name: str) -> "JiraTracker | GithubTracker":
        """The tracker of that name; KeyError if there is none."""
        return {tracker.name: tracker for tracker in self.trackers}[name]

    def as_of_or(self, now: datetime) -> datetime:
        """The instant all metrics are computed for, in UTC."""
        return (self.as_of or now).astimezone(UTC)


def _must_be_unique(what: str, values: list[str]) -> None:
    for value, count in Counter(values).items():
        if count > 1:
            raise ValueError(f"{what} {value!r} is given {count} times")
