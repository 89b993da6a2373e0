"""Which issues are still there: first all projects are listed, then what no list has is looked for by itself."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from itpm_pipeline.canonical.vocabulary import AbsenceReason, EntityKind
from itpm_pipeline.ingest.census.count import Count
from itpm_pipeline.ingest.census.known import KnownAbsence, KnownIssue
from itpm_pipeline.ingest.census.roll import Roll


def list_issues(roll: Roll, count: Count) -> None:
    """All issues of a project: as its reading told if it read them all, else by listing their ids."""
    seen = roll.run.sightings.get((count.project, roll.issues_stream))
    if seen is None:
        seen = set(roll.run.source.issue_ids(roll.projects[count.native_id or ""], count.traffic))
    count.visible = seen


@dataclass(slots=True)
class IssueLists:
    """All lists of a tracker together: an issue that moved between projects is missed by one only."""

    known: dict[str, KnownIssue]
    landed: set[str]
    absences: dict[str, KnownAbsence]
    visible: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, roll: Roll, counts: Sequence[Count]) -> "IssueLists":
        """What is known and what is there."""
        return cls(
            roll.known.issues(),
            roll.known.landed(roll.issues_stream),
            roll.known.absences(EntityKind.ISSUE),
            set().union(*(count.visible for count in counts)),
        )

    def is_absent(self, entity_id: str) -> bool:
        """A census missed it, and none found it since."""
        return entity_id in self.absences and self.absences[entity_id].is_absent


def judge_issues(roll: Roll, count: Count, lists: IssueLists) -> None:
    """Miss the issues of a project that are gone, find those that are back, read those that we never read there."""
    project = roll.projects[count.native_id or ""]
    here = {native: issue for native, issue in lists.known.items() if issue.project == project.native_id}
    count.note("known", len(here))
    count.note("visible", len(count.visible))
    for native in sorted(count.visible):
        entity_id = roll.known.entity_id(native)
        if lists.is_absent(entity_id):
            count.find(EntityKind.ISSUE, entity_id)
            count.note("returned")
    again = {project.native_id: [native for native in sorted(count.visible) if _is_unread(native, here, lists)]}
    # What is marked as gone was looked for then. It is not again: once it is back, a list has it.
    vanished = {
        native: issue.key
        for native, issue in here.items()
        if native not in lists.visible and not (issue.is_deleted and lists.is_absent(roll.known.entity_id(native)))
    }
    for found in roll.run.source.find_issues(project, vanished, count.traffic) if vanished else ():
        entity_id = roll.known.entity_id(found.native_id)
        if found.project is None:
            reason = found.reason or AbsenceReason.DELETED
            successor_id = roll.known.entity_id(found.successor) if found.successor else None
            count.miss(EntityKind.ISSUE, entity_id, reason, successor_id=successor_id)
            count.note(reason.value)
        elif found.project not in roll.projects:
            count.miss(EntityKind.ISSUE, entity_id, AbsenceReason.OUT_OF_SCOPE)
            count.note(AbsenceReason.OUT_OF_SCOPE.value)
        elif found.project != project.native_id:
            again.setdefault(found.project, []).append(found.native_id)
    for where, natives in again.items():
        if natives:
            count.records += roll.run.source.read_issues(roll.projects[where], natives).records
            count.note("read_again", len(natives))


def _is_unread(native: str, here: dict[str, KnownIssue], lists: IssueLists) -> bool:
    """It was read in another project, or never. What could not be mapped was read as well."""
    return native not in here and (native in lists.known or native not in lists.landed)
