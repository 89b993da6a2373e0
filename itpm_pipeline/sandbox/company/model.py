"""The state of the simulated company: plain data that the simulation writes and the two servers read.

All instants are timezone-aware UTC. Jira keeps milliseconds, GitHub whole seconds. Entities refer to people by
``Person.key``, to Jira issues by ``JiraIssue.id`` and to GitHub issues by ``GithubIssue.node_id``: keys change.

Longer than other modules because it is one data model, all of it declarations.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any


@dataclass(slots=True)
class Person:
    """One human or bot with an account in either tracker."""

    key: str
    name: str
    email: str
    jira_account_id: str
    github_login: str
    github_node_id: str
    github_database_id: int
    is_bot: bool = False
    is_active: bool = True
    """False: left the company; Jira shows the account as inactive, GitHub shows a ghost (null author)."""


# --- Jira ------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class JiraStatus:
    """A status; ``category`` is Jira's key: new, indeterminate or done."""

    id: str
    name: str
    category: str


@dataclass(slots=True)
class JiraVersion:
    """A release of a Jira project."""

    id: str
    name: str
    start_date: date | None
    release_date: date | None
    released: bool = False
    archived: bool = False
    description: str = ""


@dataclass(slots=True)
class JiraProject:
    """A Jira project. ``readable`` False: browsing its issues answers 403/empty to our account."""

    id: str
    key: str
    name: str
    lead: str
    category: str | None = None
    team_managed: bool = False
    archived: bool = False
    readable: bool = True
    versions: list[JiraVersion] = field(default_factory=list)
    components: list[str] = field(default_factory=list)
    next_number: int = 1
    old_keys: list[str] = field(default_factory=list)
    """Keys it had before it was renamed; they still find it."""


@dataclass(slots=True)
class JiraBoard:
    """A board. ``columns``: (name, status ids) left to right; ``estimation_field`` None: the board counts issues."""

    id: int
    name: str
    type: str
    project_ids: list[str]
    columns: list[tuple[str, list[str]]]
    estimation_field: str | None
    filter_id: str


@dataclass(slots=True)
class JiraSprint:
    """A sprint of a scrum board. ``completed_at`` is the real close, ``end_at`` the planned one."""

    id: int
    name: str
    board_id: int
    state: str
    created_at: datetime
    goal: str = ""
    start_at: datetime | None = None
    end_at: datetime | None = None
    completed_at: datetime | None = None
    also_on_board_ids: list[int] = field(default_factory=list)
    """Other boards that list this sprint because their filter matches issues in it; ``board_id`` is the origin."""


@dataclass(slots=True)
class HistoryItem:
    """One changed field of a history entry, in Jira's own words (``from``/``to`` are ids, strings are words)."""

    field: str
    field_id: str | None
    field_type: str
    from_id: str | None
    from_string: str | None
    to_id: str | None
    to_string: str | None


@dataclass(slots=True)
class HistoryEntry:
    """One entry of an issue's changelog."""

    id: str
    at: datetime
    author: str
    items: list[HistoryItem]


@dataclass(slots=True)
class JiraLink:
    """A link between two Jira issues: ``source_id`` *outward* ``target_id`` (for Blocks: source blocks target)."""

    id: str
    type: str
    source_id: str
    target_id: str


@dataclass(slots=True)
class RemoteLink:
    """A link from a Jira issue to an address outside (here: a GitHub issue)."""

    id: int
    url: str
    title: str
    relationship: str | None


@dataclass(slots=True)
class Worklog:
    """Logged work."""

    id: str
    author: str
    started_at: datetime
    seconds: int
    updated_at: datetime
    comment: str = ""


@dataclass(slots=True)
class JiraIssue:
    """An issue with its current values and its complete history."""

    id: str
    key: str
    project_id: str
    type: str
    summary: str
    reporter: str
    created_at: datetime
    updated_at: datetime
    status_id: str
    priority: str = "Medium"
    description: str = ""
    """Paragraphs separated by blank lines; the server renders them as an ADF document."""
    parent_id: str | None = None
    assignee: str | None = None
    resolution: str | None = None
    resolved_at: datetime | None = None
    due_date: date | None = None
    start_date: date | None = None
    points: float | None = None
    original_seconds: int | None = None
    remaining_seconds: int | None = None
    labels: list[str] = field(default_factory=list)
    components: list[str] = field(default_factory=list)
    fix_version_ids: list[str] = field(default_factory=list)
    sprint_ids: list[int] = field(default_factory=list)
    """Every sprint it was in and that was closed meanwhile, plus the open one it is in: Jira's Sprint field."""
    is_flagged: bool = False
    history: list[HistoryEntry] = field(default_factory=list)
    worklogs: list[Worklog] = field(default_factory=list)
    remote_links: list[RemoteLink] = field(default_factory=list)
    comment_count: int = 0
    old_keys: list[str] = field(default_factory=list)
    deleted_at: datetime | None = None
    is_hidden: bool = False
    """An issue security level keeps our account from seeing it."""


# --- GitHub ----------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Milestone:
    """A milestone of a repository; ``due_on`` is an instant at GitHub, always a day's start in practice."""

    node_id: str
    number: int
    title: str
    created_at: datetime
    updated_at: datetime
    due_on: datetime | None = None
    closed_at: datetime | None = None
    description: str = ""


@dataclass(slots=True)
class TimelineEvent:
    """One timeline item.

    ``kind`` is the GraphQL type (``ClosedEvent``); ``data`` its own fields, where issues, pull requests and projects
    are given by node id, people by key, labels and issue types by name.

    ================================================ ==============================================================
    kinds                                            keys of ``data``
    ================================================ ==============================================================
    LabeledEvent, UnlabeledEvent                     label
    AssignedEvent, UnassignedEvent                   assignee (null: a deleted account)
    MilestonedEvent, DemilestonedEvent               milestoneTitle
    ClosedEvent                                      stateReason, closer (pull request or null)
    ReopenedEvent                                    stateReason
    RenamedTitleEvent                                previousTitle, currentTitle
    AddedToProjectV2Event, RemovedFromProjectV2Event project
    ProjectV2ItemStatusChangedEvent                  project, previousStatus ("" for none), status, wasAutomated
    SubIssueAddedEvent, SubIssueRemovedEvent         subIssue
    ParentIssueAddedEvent, ParentIssueRemovedEvent   parent
    BlockedByAddedEvent, BlockedByRemovedEvent       blockingIssue
    BlockingAddedEvent, BlockingRemovedEvent         blockedIssue
    IssueTypeAddedEvent                              issueType
    IssueTypeChangedEvent                            issueType, prevIssueType
    CrossReferencedEvent                             source (issue or pull request), willCloseTarget
    MarkedAsDuplicateEvent                           canonical
    MentionedEvent, SubscribedEvent, PinnedEvent     (nothing)
    ================================================ ==============================================================
    """

    node_id: str
    kind: str
    at: datetime
    actor: str | None
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class GithubIssue:
    """An issue with its current values and its complete timeline, oldest event first."""

    node_id: str
    database_id: int
    repo: str
    number: int
    title: str
    author: str | None
    created_at: datetime
    updated_at: datetime
    body: str = ""
    state: str = "OPEN"
    state_reason: str | None = None
    closed_at: datetime | None = None
    issue_type: str | None = None
    assignees: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    milestone: str | None = None
    """Node id of the milestone."""
    parent: str | None = None
    sub_issues: list[str] = field(default_factory=list)
    blocked_by: list[str] = field(default_factory=list)
    blocking: list[str] = field(default_factory=list)
    timeline: list[TimelineEvent] = field(default_factory=list)
    comment_count: int = 0
    deleted_at: datetime | None = None


@dataclass(slots=True)
class PullRequest:
    """A pull request; ``closes`` are node ids of the issues its description closes."""

    node_id: str
    database_id: int
    repo: str
    number: int
    title: str
    author: str | None
    created_at: datetime
    updated_at: datetime
    head_branch: str
    base_branch: str = "main"
    body: str = ""
    first_commit_at: datetime | None = None
    first_review_at: datetime | None = None
    first_reviewer: str | None = None
    merged_at: datetime | None = None
    closed_at: datetime | None = None
    merge_commit_oid: str | None = None
    is_draft: bool = False
    additions: int = 0
    deletions: int = 0
    closes: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Release:
    """A published release."""

    node_id: str
    database_id: int
    tag: str
    name: str
    published_at: datetime
    commit_oid: str
    is_prerelease: bool = False


@dataclass(slots=True)
class Deployment:
    """A deployment with its last status."""

    node_id: str
    database_id: int
    environment: str
    commit_oid: str
    created_at: datetime
    finished_at: datetime | None
    state: str


@dataclass(slots=True)
class Repository:
    """A repository, by ``name`` within the organisation. ``issues_enabled`` False: it has pull requests only."""

    node_id: str
    database_id: int
    name: str
    description: str
    created_at: datetime
    issues_enabled: bool = True
    archived: bool = False
    labels: dict[str, str] = field(default_factory=dict)
    """Name to colour."""
    milestones: list[Milestone] = field(default_factory=list)
    issues: list[GithubIssue] = field(default_factory=list)
    pull_requests: list[PullRequest] = field(default_factory=list)
    releases: list[Release] = field(default_factory=list)
    deployments: list[Deployment] = field(default_factory=list)
    next_number: int = 1
    old_names: list[str] = field(default_factory=list)
    """Names it had before it was renamed; they still lead to it."""
    is_hidden: bool = False
    """Our account may not see it; items of its issues on projects are redacted."""


@dataclass(slots=True)
class Iteration:
    """An iteration of a Projects v2 iteration field; dates only, as at GitHub."""

    id: str
    title: str
    start_date: date
    duration: int


@dataclass(slots=True)
class ProjectItem:
    """An issue on a project with its current field values and when each was last set."""

    node_id: str
    database_id: int
    issue: str
    created_at: datetime
    updated_at: datetime
    status: str | None = None
    status_updated_at: datetime | None = None
    iteration_id: str | None = None
    iteration_updated_at: datetime | None = None
    estimate: float | None = None
    estimate_updated_at: datetime | None = None
    is_archived: bool = False
    iteration_history: list[tuple[datetime, str | None]] = field(default_factory=list)
    """Truth only: GitHub does not tell it."""
    estimate_history: list[tuple[datetime, float | None]] = field(default_factory=list)
    """Truth only: GitHub does not tell it."""


@dataclass(slots=True)
class GithubProject:
    """A Projects v2 board of the organisation with a Status, an Iteration and an Estimate field."""

    node_id: str
    number: int
    title: str
    created_at: datetime
    updated_at: datetime
    repos: list[str]
    status_field_id: str
    status_options: list[tuple[str, str]]
    """(option id, name), left to right; the last one is the done column."""
    iteration_field_id: str
    estimate_field_id: str
    iteration_days: int
    iterations: list[Iteration]
    items: list[ProjectItem] = field(default_factory=list)


# --- Organisation and truth ------------------------------------------------------------------------------------


@dataclass(slots=True)
class Team:
    """A team; it works on Jira boards or on a GitHub project."""

    key: str
    name: str
    members: list[str]
    fte: float
    board_ids: list[int] = field(default_factory=list)
    github_project: int | None = None


@dataclass(slots=True)
class Program:
    """A program as program.yaml will describe it: ``projects`` are (tracker, key) with tracker jira or github."""

    key: str
    name: str
    owner: str
    timezone: str
    start_date: date
    target_date: date
    projects: list[tuple[str, str]]


@dataclass(slots=True)
class SprintTruth:
    """What really happened in one closed sprint or iteration: issue id to estimate (null = unestimated).

    The sets are those of METRICS.md section 2.2: committed at the start, added after it, removed before the end,
    completed at the end, completed before the start, not completed.
    """

    sprint: str
    """``jira:{sprint id}`` or ``github:{project number}:{iteration id}``."""
    start_at: datetime
    end_at: datetime
    committed: dict[str, float | None] = field(default_factory=dict)
    added: dict[str, float | None] = field(default_factory=dict)
    removed: dict[str, float | None] = field(default_factory=dict)
    completed: dict[str, float | None] = field(default_factory=dict)
    not_completed: dict[str, float | None] = field(default_factory=dict)
    completed_outside: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Truth:
    """What a perfect observer of the company knows; tests compare the pipeline's numbers with it."""

    sprints: list[SprintTruth] = field(default_factory=list)
    started_at: dict[str, datetime] = field(default_factory=dict)
    """First entry into work, by issue id (Jira id or GitHub node id)."""
    finished_at: dict[str, datetime] = field(default_factory=dict)
    """Start of the done state that still holds."""
    reopen_count: dict[str, int] = field(default_factory=dict)
    hard_edges: set[tuple[str, str]] = field(default_factory=set)
    """(blocker, blocked) that hold now, over both trackers: native links and GitHub dependencies."""
    text_edges: set[tuple[str, str]] = field(default_factory=set)
    """(blocker, blocked) that hold only as a phrase in a text or as a remote link."""


@dataclass(slots=True)
class Company:
    """Everything, at the instant ``now``. Servers tell time as ``now`` plus what passed since they started."""

    name: str
    organization: str
    now: datetime
    people: dict[str, Person] = field(default_factory=dict)
    teams: list[Team] = field(default_factory=list)
    programs: list[Program] = field(default_factory=list)
    statuses: dict[str, JiraStatus] = field(default_factory=dict)
    jira_projects: dict[str, JiraProject] = field(default_factory=dict)
    """By project id."""
    boards: dict[int, JiraBoard] = field(default_factory=dict)
    sprints: dict[int, JiraSprint] = field(default_factory=dict)
    jira_issues: dict[str, JiraIssue] = field(default_factory=dict)
    """By issue id; deleted ones stay, with ``deleted_at``, and must not be served."""
    links: dict[str, JiraLink] = field(default_factory=dict)
    repositories: dict[str, Repository] = field(default_factory=dict)
    """By name."""
    github_projects: list[GithubProject] = field(default_factory=list)
    deleted_worklogs: list[tuple[str, datetime]] = field(default_factory=list)
    """Id and instant."""
    transfers: dict[tuple[str, int], str] = field(default_factory=dict)
    """Where GitHub issues went: node id of the repository and the number there, to the node id of the issue now."""
    revision: int = 0
    """Counts what ``sandbox.mutations`` changed, so that the servers index anew."""
    truth: Truth = field(default_factory=Truth)
