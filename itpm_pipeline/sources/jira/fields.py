"""Finds out what a site's custom fields mean, by their schema rather than by their changeable names."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from itpm_pipeline.sources.jira.settings import SYSTEM_FIELDS

_GREENHOPPER = "com.pyxis.greenhopper.jira:"
SPRINT = _GREENHOPPER + "gh-sprint"
EPIC_LINK = _GREENHOPPER + "gh-epic-link"
STORY_POINTS = _GREENHOPPER + "jsw-story-points"
TEAMS = (
    "com.atlassian.jira.plugin.system.customfieldtypes:atlassian-team",
    "com.atlassian.teams:rm-teams-custom-field-team",
)
MULTIPLE_CHOICE = "com.atlassian.jira.plugin.system.customfieldtypes:multicheckboxes"
BASELINE_START = "com.atlassian.jpo:jpo-custom-field-baseline-start"

FLAGGED_NAME = "flagged"
START_DATE_NAMES = ("start date", "target start")
POINTS_NAMES = ("story points", "story point estimate")
"""Last resort on sites where no board configuration can be read."""


@dataclass(frozen=True, slots=True)
class FieldRoles:
    """Native ids of the fields that play a role, in order of preference; empty where a site has none."""

    sprint: tuple[str, ...] = ()
    epic_link: tuple[str, ...] = ()
    flagged: tuple[str, ...] = ()
    team: tuple[str, ...] = ()
    start_date: tuple[str, ...] = ()
    points_by_name: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    """All custom number fields: any of them may become a board's estimation field."""

    @property
    def to_read(self) -> list[str]:
        """Fields to ask for in a search.

        All number fields and not only today's estimation fields: when a board changes its field, the values must
        already be there for all issues, which are not read again for that.
        """
        roles = (self.sprint, self.epic_link, self.flagged, self.team, self.start_date, self.numbers)
        return list(dict.fromkeys([*SYSTEM_FIELDS, *(field for role in roles for field in role)]))


def find_roles(
    fields: Iterable[Mapping[str, Any]], *, team_field: str | None = None, start_date_field: str | None = None
) -> FieldRoles:
    """Roles of the fields that ``GET /field`` lists. Settings of program.yaml go first."""
    known = sorted((field for field in fields if field.get("id")), key=lambda field: _number(field["id"]))
    start_dates = [field for name in START_DATE_NAMES for field in known if _is_date_named(field, name)]
    return FieldRoles(
        sprint=_ids(field for field in known if _custom(field) == SPRINT),
        epic_link=_ids(field for field in known if _custom(field) == EPIC_LINK),
        flagged=_ids(field for field in known if _custom(field) == MULTIPLE_CHOICE and FLAGGED_NAME in _names(field)),
        team=(team_field,) if team_field else _ids(field for field in known if _custom(field) in TEAMS),
        start_date=(start_date_field,) if start_date_field else _ids(start_dates),
        points_by_name=_ids(
            field
            for field in known
            if _custom(field) == STORY_POINTS or (_is_number(field) and _names(field) & set(POINTS_NAMES))
        ),
        numbers=_ids(field for field in known if _is_number(field)),
    )


def _ids(fields: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(field["id"]) for field in fields))


def _schema(field: Mapping[str, Any]) -> Mapping[str, Any]:
    schema = field.get("schema")
    return schema if isinstance(schema, Mapping) else {}


def _custom(field: Mapping[str, Any]) -> str | None:
    return _schema(field).get("custom")


def _is_number(field: Mapping[str, Any]) -> bool:
    return _schema(field).get("type") == "number" and bool(_custom(field))


def _is_date_named(field: Mapping[str, Any], name: str) -> bool:
    if name == "target start" and _custom(field) == BASELINE_START:
        return True
    return _schema(field).get("type") == "date" and bool(_custom(field)) and name in _names(field)


def _names(field: Mapping[str, Any]) -> set[str]:
    """Names of a field in lower case; the untranslated one counts, as site languages differ."""
    spoken = (field.get("name"), field.get("untranslatedName"), *(field.get("clauseNames") or ()))
    return {name.lower() for name in spoken if isinstance(name, str)}


def _number(field_id: str) -> tuple[int, str]:
    """Sorts ``customfield_9`` before ``customfield_10``."""
    digits = field_id.rpartition("_")[2]
    return (int(digits) if digits.isdecimal() else 0, field_id)
