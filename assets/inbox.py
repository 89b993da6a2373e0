"""The sensor of the inbox: reads projects for which a receiver of webhooks left a note."""

from collections import defaultdict
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import dagster as dg

from assets.ingestion import partitions_of, project_landing_job_name
from assets.resources import Pipeline
from itpm_pipeline.ingest.inbox import Note, read_notes, refuse


def inbox_sensor(kinds: Sequence[str], jobs: Sequence[Any]) -> dg.SensorDefinition:
    """``jobs``: those that read single projects, one per kind. Off by default."""

    @dg.sensor(
        name="inbox",
        jobs=jobs,
        minimum_interval_seconds=30,
        description="Reads a project as soon as a note in the inbox asks for it: a file *.json with "
        '{"project": "tracker:key"} in the folder that program.yaml names under inbox. Notes that cannot be followed '
        "are moved to its folder refused.",
    )
    def inbox(context: dg.SensorEvaluationContext, pipeline: Pipeline) -> dg.SensorResult | dg.SkipReason:
        place = pipeline.settings.inbox
        if place is None:
            return dg.SkipReason("program.yaml names no inbox.")
        kind_of = {name: kind for kind in kinds for name in partitions_of(kind).known(context.instance)}
        # Notes are removed a tick after their run was asked for: only then is it certain that Dagster knows of it.
        followed = set((context.cursor or "").splitlines())
        wanted: defaultdict[str, list[Note]] = defaultdict(list)
        for note in read_notes(Path(place.url), kind_of):
            if note.identity in followed:
                note.path.unlink(missing_ok=True)
            elif note.project is None:
                context.log.warning("The note %r is refused: %s.", note.path.name[:100], note.reason)
                refuse(note)
            else:
                wanted[note.project].append(note)
        return dg.SensorResult(
            run_requests=[
                dg.RunRequest(
                    run_key=f"{project} {_key(notes)}", partition_key=project,
                    job_name=project_landing_job_name(kind_of[project]),
                )
                for project, notes in wanted.items()
            ],
            cursor="\n".join(note.identity for notes in wanted.values() for note in notes),
            skip_reason=None if wanted else dg.SkipReason("No note asks for a project."),
        )  # fmt: skip

    return inbox


def _key(notes: Sequence[Note]) -> str:
    return sha256(" ".join(note.identity for note in notes).encode()).hexdigest()[:16]
