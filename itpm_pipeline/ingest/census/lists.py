"""Releases, sprints and items of projects (v2): listed whole by a reading, or so few that all can be asked for."""

from dataclasses import replace

from itpm_pipeline.canonical.vocabulary import AbsenceReason, EntityKind
from itpm_pipeline.extract.records import ProjectRef
from itpm_pipeline.extract.source import Stream
from itpm_pipeline.ingest.census.count import Count
from itpm_pipeline.ingest.census.known import native_id
from itpm_pipeline.ingest.census.roll import Roll


def call_lists(roll: Roll, count: Count, project: ProjectRef | None) -> None:
    """Miss and find what belongs to a project, or (None) to the site."""
    for stream in roll.listed:
        if stream.scope == ("site" if project is None else "project"):
            _call(roll, count, stream, project)


def _call(roll: Roll, count: Count, stream: Stream, project: ProjectRef | None) -> None:
    kind = stream.holds
    seen = roll.run.sightings.get((count.project, stream.name))
    if kind is None or (seen is None and kind is not EntityKind.VERSION):
        return
    absences = roll.known.absences(kind)
    known = _entities(roll, stream, project)
    natives = {native_id(entity_id): entity_id for entity_id in known}
    absent = {native for native, one in natives.items() if one in absences and absences[one].is_absent}
    # What no list has is asked for; without a list, all is.
    asked = natives.keys() - absent - seen if seen is not None else set(natives)
    there = (seen or set()) | (roll.run.source.existing(kind, asked, count.traffic) if asked else set())
    gone, back = natives.keys() - absent - there, absent & there
    # An item carries values of its issue, which go and come back with it.
    values = roll.known.values(stream.name, gone | back) if kind is EntityKind.PROJECT_ITEM and gone | back else {}
    for native, entity_id in sorted(natives.items()):
        held = values.get(native, ())
        if native in gone:
            count.miss(kind, entity_id, AbsenceReason.DELETED, values=(replace(one, value=None) for one in held))
            count.note(f"{stream.name}_deleted")
        elif native in back:
            count.find(kind, entity_id, held)
            count.note(f"{stream.name}_returned")


def _entities(roll: Roll, stream: Stream, project: ProjectRef | None) -> set[str]:
    """Canonical ids of all we know of."""
    if stream.holds is EntityKind.SPRINT:
        return roll.known.sprints()
    if stream.holds is EntityKind.VERSION:
        projects = roll.known.projects()
        is_known = project is not None and project.native_id in projects
        return roll.known.versions(projects[project.native_id]) if project is not None and is_known else set()
    return {roll.known.entity_id(native) for native in roll.known.landed(stream.name)}
