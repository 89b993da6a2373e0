"""The closed word lists of the canonical model (METRICS.md section 1)."""

from enum import StrEnum


class ContainerType(StrEnum):
    """What a project is in its tracker."""

    JIRA_PROJECT = "jira_project"
    GITHUB_REPOSITORY = "gh_repo"
    GITHUB_PROJECT = "gh_project_v2"


class IssueType(StrEnum):
    """Normalised issue types; the tracker's own word stays in ``type_raw``."""

    EPIC = "epic"
    STORY = "story"
    TASK = "task"
    BUG = "bug"
    SUBTASK = "subtask"
    INCIDENT = "incident"
    RISK = "risk"
    OTHER = "other"


class Outcome(StrEnum):
    """How a finished issue ended; null while open."""

    DELIVERED = "delivered"
    NOT_DELIVERED = "not_delivered"


class StatusCategory(StrEnum):
    """Jira's three categories; GitHub options and states are mapped to them."""

    TODO = "todo"
    IN_PROGRESS = "in_progress"
    DONE = "done"
    UNMAPPED = "unmapped"


class BoardType(StrEnum):
    """Kinds of boards."""

    SCRUM = "scrum"
    KANBAN = "kanban"
    GITHUB_PROJECT = "gh_project"


class SprintKind(StrEnum):
    """Kinds of time-boxes."""

    JIRA_SPRINT = "jira_sprint"
    GITHUB_ITERATION = "gh_iteration"
    GITHUB_MILESTONE = "gh_milestone"


class SprintState(StrEnum):
    """State of a time-box as the tracker tells it, or as its dates imply."""

    FUTURE = "future"
    ACTIVE = "active"
    CLOSED = "closed"


class ReportCategory(StrEnum):
    """What became of an issue in a sprint, by the lists of Jira's own report."""

    COMPLETED = "completed"
    NOT_COMPLETED = "not_completed"
    PUNTED = "punted"
    """Taken out of the sprint."""
    COMPLETED_ELSEWHERE = "completed_elsewhere"
    """Done outside of the sprint."""


class EventField(StrEnum):
    """Fields whose history is kept."""

    STATUS = "status"
    SPRINT = "sprint"
    ESTIMATE_POINTS = "estimate_points"
    ESTIMATE_SECONDS = "estimate_seconds"
    ASSIGNEE = "assignee"
    DUE_DATE = "due_date"
    START_DATE = "start_date"
    FIX_VERSION = "fix_version"
    PARENT = "parent"
    PROJECT = "project"
    PRIORITY = "priority"
    RESOLUTION = "resolution"
    FLAGGED = "flagged"
    LINK = "link"
    LABELS = "labels"
    TYPE = "type"
    TEAM = "team"
    KEY = "key"


class EntityKind(StrEnum):
    """What a census looks for."""

    ISSUE = "issue"
    PROJECT = "project"
    SPRINT = "sprint"
    VERSION = "release_version"
    """A release of Jira or a milestone of GitHub."""
    PROJECT_ITEM = "project_item"
    """An issue's place in a GitHub project (v2)."""


class AbsenceReason(StrEnum):
    """Why something we knew is not to be seen any more."""

    DELETED = "deleted"
    PERMISSION_LOST = "permission_lost"
    """It is hidden from us, or its whole project is (hidden, archived, issues switched off)."""
    TRANSFERRED = "transferred"
    """Another issue took its place (GitHub gives it a new id in the other repository)."""
    OUT_OF_SCOPE = "out_of_scope"
    """It is in a project that the settings leave out."""


class Provenance(StrEnum):
    """Where a piece of history comes from, best first."""

    API_EVENT = "api_event"
    WEBHOOK = "webhook"
    FIELD_VALUE_UPDATED_AT = "field_value_updated_at"
    SNAPSHOT_DIFF = "snapshot_diff"
    KEPT_AFTER_CLEAR = "kept_after_clear"
    """An edit of the field took the value from many issues at once; what they had is taken to hold on."""
    CREATION_DEFAULT = "creation_default"


class LinkProvenance(StrEnum):
    """Where a link between issues was seen."""

    JIRA_LINK = "jira_link"
    JIRA_REMOTE_LINK = "jira_remote_link"
    JIRA_PARENT = "jira_parent"
    GITHUB_DEPENDENCY = "gh_dependency"
    GITHUB_SUB_ISSUE = "gh_sub_issue"
    TEXT_PHRASE = "text_phrase"
    PULL_REQUEST = "pr_reference"


class EdgeType(StrEnum):
    """Kinds of directed edges, predecessor to successor."""

    BLOCKS = "blocks"
    PARENT_CHILD = "parent_child"
    CLOSES = "closes"
    RELATES = "relates"
    DUPLICATES = "duplicates"
    MENTIONS = "mentions"
