"""The Jira site's custom fields: what the simulation writes into histories and the server serves."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CustomField:
    """A custom field; ``schema_custom`` identifies its kind, names are up to the site's administrators."""

    id: str
    name: str
    schema_type: str
    schema_custom: str
    schema_items: str | None = None


SPRINT = CustomField("customfield_10020", "Sprint", "array", "com.pyxis.greenhopper.jira:gh-sprint", "json")
STORY_POINTS = CustomField(
    "customfield_10034", "Story Points", "number", "com.atlassian.jira.plugin.system.customfieldtypes:float"
)
STORY_POINT_ESTIMATE = CustomField(
    "customfield_10016", "Story point estimate", "number", "com.pyxis.greenhopper.jira:jsw-story-points"
)
EPIC_LINK = CustomField("customfield_10014", "Epic Link", "any", "com.pyxis.greenhopper.jira:gh-epic-link")
FLAGGED = CustomField(
    "customfield_10021", "Flagged", "array",
    "com.atlassian.jira.plugin.system.customfieldtypes:multicheckboxes", "option",
)
START_DATE = CustomField(
    "customfield_10015", "Start date", "date", "com.atlassian.jira.plugin.system.customfieldtypes:datepicker"
)
RANK = CustomField("customfield_10019", "Rank", "any", "com.pyxis.greenhopper.jira:gh-lexo-rank")

CUSTOM_FIELDS = (SPRINT, STORY_POINTS, STORY_POINT_ESTIMATE, EPIC_LINK, FLAGGED, START_DATE, RANK)
"""Company-managed projects estimate in ``STORY_POINTS``, team-managed ones in ``STORY_POINT_ESTIMATE``."""

FLAG_OPTION_ID = "10019"
"""The one option of ``FLAGGED`` ("Impediment"); histories write it as ``[10019]``."""

PRIORITIES = {"Highest": "1", "High": "2", "Medium": "3", "Low": "4", "Lowest": "5"}
"""Name to id."""

RESOLUTIONS = {"Done": "10000", "Won't Do": "10001", "Duplicate": "10002"}
"""Name to id."""

LINK_TYPES = {
    "Blocks": ("10000", "blocks", "is blocked by"),
    "Cloners": ("10001", "clones", "is cloned by"),
    "Duplicate": ("10002", "duplicates", "is duplicated by"),
    "Relates": ("10003", "relates to", "relates to"),
    "Depends": ("10004", "depends on", "is depended on by"),
}
"""Name to (id, outward words, inward words). ``JiraLink``: source *outward* target, so the source of a Blocks link
is the blocker and the source of a Depends link is the blocked one."""

EPIC_TYPES = frozenset({"Epic"})
SUBTASK_TYPES = frozenset({"Sub-task", "Subtask"})
"""Company-managed projects write ``Sub-task``, team-managed ones ``Subtask``, as at Jira."""
