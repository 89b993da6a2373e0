"""A scripted tracker that lives on between syncs: people are renamed without their issues noticing, issues vanish."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from scripted_tracker import ScriptedSource, World
from warehouse_rows import core_rows

from itpm_pipeline.canonical.schema import core_table
from itpm_pipeline.config import Settings
from itpm_pipeline.extract.records import RawRecord

RECORD_LENGTH = 16
"""Letters of ``_raw_hash`` that stand for the record, not for its version."""

Rows = dict[str, list[dict[str, Any]]]


@dataclass
class Town(World):
    """Issues name their assignee by id; the tracker shows the name people have now."""

    names: dict[str, str] = field(default_factory=lambda: {"ann": "Ann", "bob": "Bob"})


class LivingSource(ScriptedSource):
    """Reads a town."""

    world: Town

    def _record(self, stream: str, project: str, native_id: str, value: Any) -> RawRecord:
        person = value.get("assignee") if stream == "issues" else None
        shown = value | {"assignee": [person, self.world.names[person]]} if person else value
        return super()._record(stream, project, native_id, shown)


def content(settings: Settings, town: Town, *, names_are_new: bool) -> Rows:
    """What two syncs of one town must agree on, however each came to it. Left out, as it differs by nature:

    - issues that are gone (a fresh sync never heard of them) or broken (what was understood before stays), and what
      belongs to them; people whom no other issue names (they stay, once seen);
    - ``synced_at``: when a row was read. Of child rows, the version in ``_raw_hash``: unchanged children keep that of
      the version that told of them first. Of people, all of it: each of their issues tells of them, whichever last;
    - values of fields without a history before the newest one, and when they were observed: a fresh sync came too late;
    - names of people, unless ``names_are_new``: they are as new as the newest record that shows them; and with them the
      versions of all records, which hash a text that holds names.
    """
    there = {f"jira:toy:{key}" for key, issue in town.issues.items() if not issue.get("broken")}
    named = {issue.get("assignee") for issue in town.issues.values() if not issue.get("broken")}
    found = {name: [_as_dict(name, row) for row in rows] for name, rows in core_rows(settings).items()}
    kept: Rows = {}
    for name, rows in found.items():
        if name == "person":
            kept[name] = [row for row in rows if row["person_id"].rpartition(":")[2] in named]
        else:
            kept[name] = [row for row in rows if (row.get("issue_id") or row.get("entity_id")) in there]
    for name, rows in kept.items():
        for row in rows if name == "issue_field_event" or not names_are_new else ():
            row["_raw_hash"] = row["_raw_hash"][:RECORD_LENGTH]
    for row in kept.get("person", ()):
        del row["_raw_hash"]
        if not names_are_new:
            del row["display_name"]
    newest = {(row["entity_id"], row["field"]): row["value"] for row in kept.pop("field_observation", ())}
    kept["field_observation"] = [{"of": of, "value": value} for of, value in sorted(newest.items())]
    return {name: rows for name, rows in kept.items() if rows}


def _as_dict(name: str, row: tuple[Any, ...]) -> dict[str, Any]:
    columns: Mapping[str, Any] = dict(zip(core_table(name).columns.keys(), row, strict=True))
    return {column: value for column, value in columns.items() if column != "synced_at"}
