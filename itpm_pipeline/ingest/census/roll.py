"""What a census calls: the projects that are there, and what became of reading them in this run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from itpm_pipeline.canonical.vocabulary import EntityKind
from itpm_pipeline.extract.records import OutcomeStatus, ProjectRef, StreamOutcome
from itpm_pipeline.extract.source import Stream
from itpm_pipeline.ingest.census.known import Known
from itpm_pipeline.ingest.extraction import Run
from itpm_pipeline.ingest.manifest import Manifest


@dataclass(frozen=True, slots=True)
class Roll:
    """One tracker in one run. ``read``: manifests of this run's readings, by project key."""

    run: Run
    known: Known
    read: Mapping[str, Manifest]
    projects: Mapping[str, ProjectRef]
    """Those that are visible and that the settings include, by native id."""
    issues_stream: str
    listed: Sequence[Stream] = field(default=())
    """Streams, but that of issues, in which a census looks for what vanished."""

    @classmethod
    def of(cls, run: Run, known: Known, discovered: Sequence[ProjectRef], read: Mapping[str, Manifest]) -> "Roll":
        """The roll of a run."""
        issues = [one.name for one in run.source.streams if one.holds is EntityKind.ISSUE]
        return cls(
            run, known, read, {project.native_id: project for project in discovered}, issues[0] if issues else "",
            [one for one in run.source.streams if one.holds not in (None, EntityKind.ISSUE)],
        )

    def outcome(self, project: ProjectRef) -> StreamOutcome | None:
        """What became of reading the project's issues; None: they were not read in this run."""
        manifest = self.read.get(project.key)
        if manifest is None:
            return None
        if manifest.failed:
            return next(one for one in manifest.outcomes if one.status is OutcomeStatus.FAILED)
        return next((one for one in manifest.outcomes if one.stream == self.issues_stream), None)

    def readable(self) -> list[ProjectRef]:
        """Projects whose issues were read in this run."""
        outcomes = {native: self.outcome(project) for native, project in self.projects.items()}
        return [self.projects[native] for native, one in outcomes.items() if one and one.status is OutcomeStatus.OK]
