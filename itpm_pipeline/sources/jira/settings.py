"""The streams, endpoints and constants of Jira, as data."""

from dataclasses import dataclass
from datetime import timedelta

from itpm_pipeline.canonical.vocabulary import EntityKind
from itpm_pipeline.extract.source import Stream

MAPPING_VERSION = 2
"""Raise it when the mapping changes, so that everything landed is mapped anew."""

LOOK_BACK = timedelta(minutes=10)
"""How far an incremental read reaches behind its watermark: Cloud's search lags behind writes."""

CHANGELOG_ISSUES = 1000
"""Issues in one bulk changelog request: the documented maximum."""
CHANGELOG_PAGE = 10_000
"""History entries in one page of it: the documented maximum."""
CHANGELOG_PAGE_PER_ISSUE = 100
WORKLOG_PAGE = 5000
FETCHED_AT_ONCE = 100
"""Issues in one bulk fetch: the documented maximum."""

SITE_STREAMS = (
    Stream("server_info", "site", "Version, deployment and addresses of the site."),
    Stream("projects", "site", "Projects we may see, archived ones included."),
    Stream("fields", "site", "Fields of issues, with the schema that tells what they are.", is_reference=True),
    Stream("statuses", "site", "Statuses and their categories."),
    Stream("issue_types", "site", "Issue types and their place in the hierarchy."),
    Stream("priorities", "site", "Priorities."),
    Stream("resolutions", "site", "Resolutions."),
    Stream("link_types", "site", "Link types with their words in both directions."),
    Stream("boards", "site", "Boards.", is_reference=True),
    Stream("board_configurations", "site", "Columns, estimation field and filter of boards.", is_reference=True),
    Stream("board_projects", "site", "Projects whose issues a board shows, per board.", is_reference=True),
    Stream("board_sprints", "site", "Ids of the sprints a board lists, per board.", is_reference=True),
    Stream("sprints", "site", "Sprints that boards list.", is_reference=True, holds=EntityKind.SPRINT),
    Stream("sprint_reports", "site", "The site's own reports on closed sprints, to compare with."),
)
SPRINT_REPORTS = "sprint_reports"
"""The stream that is read only where the settings say ``reconcile``."""

PROJECT_STREAMS = (
    Stream("versions", "project", "Releases.", holds=EntityKind.VERSION),
    Stream("issues", "project", "Issues with all fields that mapping reads.", holds=EntityKind.ISSUE),
    Stream("changelogs", "project", "Complete change history, per issue."),
    Stream("worklogs", "project", "All work log entries, per issue."),
    Stream("remote_links", "project", "Links to pages outside of the site, per issue that ever had one."),
)


@dataclass(frozen=True, slots=True)
class Listing:
    """A plain list endpoint of the site: ``path`` below the API's base, ``key`` the property with the native id."""

    stream: str
    path: str
    key: str = "id"
    inside: str | None = None
    """Property of the answer that holds the list; None: the answer is the list."""


FIELD_LISTING = Listing("fields", "field")
LISTINGS = (
    FIELD_LISTING,
    Listing("statuses", "status"),
    Listing("issue_types", "issuetype"),
    Listing("priorities", "priority"),
    Listing("resolutions", "resolution"),
    Listing("link_types", "issueLinkType", inside="issueLinkTypes"),
)

SYSTEM_FIELDS = (
    "summary", "issuetype", "project", "parent", "status", "resolution", "resolutiondate", "priority", "assignee",
    "reporter", "created", "updated", "duedate", "labels", "components", "fixVersions", "issuelinks", "description",
    "timeoriginalestimate", "timeestimate", "timespent", "worklog",
)  # fmt: skip
"""System fields of an issue that are read; comments and attachments are heavy, and nothing is made of them."""
