"""Whether the issues of each known project can be read, and why not. Costs next to nothing: every run looks."""

from itpm_pipeline.canonical.vocabulary import AbsenceReason, EntityKind
from itpm_pipeline.extract.records import OutcomeStatus
from itpm_pipeline.ingest.census.count import Count
from itpm_pipeline.ingest.census.roll import Roll

_LEFT_OUT, _INVISIBLE = "left out by the settings", "not visible any more"


def call_projects(roll: Roll, count: Count) -> None:
    """Miss projects that are hidden, archived, refused or left out; find those that can be read again.

    A project whose reading failed is left as it was: the next run may get through.
    """
    kind, before = EntityKind.PROJECT, roll.known.absences(EntityKind.PROJECT)
    hidden: dict[str, str] = {}
    for native, entity_id in roll.known.projects().items():
        project, known = roll.projects.get(native), before.get(entity_id)
        is_absent = known is not None and known.is_absent
        if project is None:
            # That it is gone was verified once; the nightly run looks again.
            if not is_absent or roll.run.depth.reconciles:
                hidden[native] = entity_id
            continue
        outcome = roll.outcome(project)
        if outcome is None or outcome.status is OutcomeStatus.FAILED:
            continue
        if outcome.status is OutcomeStatus.SKIPPED:
            count.miss(kind, entity_id, AbsenceReason.PERMISSION_LOST, known, detail=outcome.reason)
        elif is_absent:
            count.find(kind, entity_id)
    visible = roll.run.source.existing(kind, hidden, count.traffic) if hidden else set()
    for native, entity_id in hidden.items():
        reason, words = (
            (AbsenceReason.OUT_OF_SCOPE, _LEFT_OUT)
            if native in visible
            else (AbsenceReason.PERMISSION_LOST, _INVISIBLE)
        )
        count.miss(kind, entity_id, reason, before.get(entity_id), detail=words)
