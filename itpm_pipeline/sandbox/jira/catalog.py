"""What an administrator of the Jira site has set up: types, priorities, resolutions, link types, permissions.

Names that the company uses beyond these tables get ids of their own, in alphabetical order.
"""

from dataclasses import dataclass

from itpm_pipeline.sandbox.company import fields


@dataclass(frozen=True, slots=True)
class StatusCategory:
    """One of Jira's fixed status categories; ``search_name`` is its name in ``statuses/search``."""

    id: int
    key: str
    color: str
    name: str
    search_name: str


STATUS_CATEGORIES = {
    "undefined": StatusCategory(1, "undefined", "medium-gray", "No Category", "TODO"),
    "new": StatusCategory(2, "new", "blue-gray", "To Do", "TODO"),
    "indeterminate": StatusCategory(4, "indeterminate", "yellow", "In Progress", "IN_PROGRESS"),
    "done": StatusCategory(3, "done", "green", "Done", "DONE"),
}

HIERARCHY_LEVELS = (
    {"Initiative": 2} | dict.fromkeys(fields.EPIC_TYPES, 1) | dict.fromkeys(fields.SUBTASK_TYPES, -1)
)
"""Types not named here stand at level 0."""

ISSUE_TYPES = {"Epic": "10000", "Story": "10001", "Task": "10002", "Sub-task": "10003", "Bug": "10004"}
FIRST_OTHER_ISSUE_TYPE = 10005
FIRST_TEAM_MANAGED_ISSUE_TYPE = 10101

PRIORITY_COLORS = {"1": "#d04437", "2": "#f15C75", "3": "#f79232", "4": "#707070", "5": "#999999"}
FIRST_OTHER_PRIORITY = 10000
FIRST_OTHER_RESOLUTION = 10003
FIRST_OTHER_LINK_TYPE = 10010

PERMISSIONS = {
    "BROWSE_PROJECTS": ("10", "Browse Projects", "PROJECT"),
    "ADMINISTER_PROJECTS": ("23", "Administer Projects", "PROJECT"),
    "CREATE_ISSUES": ("11", "Create Issues", "PROJECT"),
    "EDIT_ISSUES": ("12", "Edit Issues", "PROJECT"),
    "ADMINISTER": ("0", "Administer Jira", "GLOBAL"),
    "USER_PICKER": ("27", "Browse users and groups", "GLOBAL"),
}
"""Permission key to (id, name, type)."""

HELD_EVERYWHERE = frozenset({"ADMINISTER", "ADMINISTER_PROJECTS", "USER_PICKER"})
"""The account administers the site and may read, not write, the projects it can browse.

An administrator sees every project in ``project/search``, also one whose issues it may not browse.
"""


def numbered(known: dict[str, str], used: set[str], first: int) -> dict[str, str]:
    """Name to id: the known ones, then the others in use, numbered from ``first``."""
    others = sorted(used - known.keys())
    return known | {name: str(first + place) for place, name in enumerate(others)}
