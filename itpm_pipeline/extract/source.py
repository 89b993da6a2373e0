"""The protocol every tracker kind implements; ``registry`` maps kinds to implementations."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

from itpm_pipeline.canonical.rows import CanonicalRows
from itpm_pipeline.canonical.vocabulary import AbsenceReason, EntityKind
from itpm_pipeline.extract.records import ProjectRef, RawRecord, StreamOutcome

if TYPE_CHECKING:  # Processes that only map need no HTTP client.
    from itpm_pipeline.extract.client import Traffic


class Depth(StrEnum):
    """How much a sync reads again of what it read before."""

    CHANGES = "changes"
    """What changed since the last reading."""
    RECONCILE = "reconcile"
    """That, and whatever changes without telling: what vanished (the census), and values without a time of change."""
    FULL = "full"
    """Everything, as if nothing had been read before; the census as well."""

    @property
    def reconciles(self) -> bool:
        """Whether it finds what incremental reading cannot."""
        return self is not Depth.CHANGES


@dataclass(frozen=True, slots=True)
class Stream:
    """One kind of record of a tracker. ``scope`` is ``site`` or ``project``.

    ``is_reference``: its records tell how to read other records (fields, board configuration, …); they make up
    the :class:`MappingContext`, and a change of them may change the mapping of all other streams.
    ``holds``: what its records are, where a census looks for those that vanished.
    """

    name: str
    scope: str
    description: str
    is_reference: bool = False
    holds: EntityKind | None = None


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where the next incremental read of one project (or of the site) begins.

    ``watermark``: the source's clock at the start of the last committed read, before any look-back (a source
    subtracts its own look-back). ``state``: whatever else the source wants to see again, JSON values only.
    """

    watermark: datetime
    state: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Read:
    """One reading of one project or of the site, filled while ``records`` is consumed.

    ``records`` streams raw records in any order. When it is exhausted, ``outcomes`` has one entry per stream and
    ``cursor`` the new cursor (None: keep the old one). An exception out of ``records`` fails the whole reading:
    nothing of it is committed.
    ``references`` is for a site whose other records take long: consumed before ``records``, it has all reference
    records and leaves the outcomes of its streams. It is committed on its own, so that projects can be loaded while
    the rest of the site is read. None: they are among ``records``.
    """

    records: Iterator[RawRecord]
    outcomes: list[StreamOutcome] = field(default_factory=list)
    cursor: Cursor | None = None
    references: Iterator[RawRecord] | None = None


@dataclass(frozen=True, slots=True)
class Probe:
    """What a tracker says of itself and of us, for ``itpm check``."""

    deployment: str
    version: str
    account: str
    server_time: datetime
    findings: Sequence[tuple[str, str]] = ()
    """(subject, plain sentence): story-point and sprint fields found, boards, permissions, rate limits."""


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """What became of an issue that its project does not list any more.

    ``project``: native id of the project it is in; None: it is nowhere to be seen, for ``reason``. ``successor``:
    native id of the issue that took its place.
    """

    native_id: str
    project: str | None = None
    reason: AbsenceReason | None = None
    successor: str | None = None


class MappingContext(Protocol):
    """Everything a mapper must know beyond the record itself; built from reference records only."""

    @property
    def fingerprint(self) -> str:
        """Hash of what the context means for mapping; when it changes, all records are mapped anew."""


class RecordMapper(Protocol):
    """Maps the records of one tracker; has no connection and no secret, so it can be sent to another process."""

    kind: str
    tracker: str

    def map_record(self, record: RawRecord, context: MappingContext, rows: CanonicalRows) -> None:
        """Append the canonical rows of one raw record. Pure. Raises MappingError to reject the record."""


class Source(RecordMapper, Protocol):
    """One configured tracker, opened for one run.

    Thread-safe: the site and several projects may be read at once from several threads.
    """

    streams: Sequence[Stream]

    def probe(self) -> Probe:
        """Who are we there, what can we see. Raises CredentialError or TrackerError."""

    def discover(self) -> list[ProjectRef]:
        """All visible projects that the configuration includes, ordered by key."""

    def read_site(self, cursor: Cursor | None, *, reconcile: bool = False) -> Read:
        """Records that belong to the whole tracker. ``cursor`` None: everything.

        ``reconcile``: read again, in addition, what may have changed without the tracker telling so.
        """

    def read_project(self, project: ProjectRef, cursor: Cursor | None, *, reconcile: bool = False) -> Read:
        """Records of one project; incremental when a cursor is given. ``reconcile`` as for :meth:`read_site`."""

    def issue_ids(self, project: ProjectRef, traffic: "Traffic") -> Iterator[str]:
        """Native ids of all issues we may see in a project now.

        RefusedError where the project cannot be read: an unreadable project is not an empty one.
        """

    def find_issues(self, project: ProjectRef, missing: Mapping[str, str], traffic: "Traffic") -> list[Whereabouts]:
        """What became of issues (native id → human key) that ``project`` lists no more; each asked for by itself."""

    def read_issues(self, project: ProjectRef, native_ids: Sequence[str]) -> Read:
        """Records of single issues of a project, with all that belongs to them; those that vanished are left out."""

    def existing(self, kind: EntityKind, native_ids: Collection[str], traffic: "Traffic") -> set[str]:
        """Which of some projects, sprints, releases or project items (not issues) are there and visible.

        What the tracker refuses to tell counts as existing.
        """

    def mapping_context(self, reference: Iterable[RawRecord]) -> MappingContext:
        """Build the context from the newest version of every reference record of this tracker."""

    def mapper(self) -> RecordMapper:
        """What maps its records, alone."""

    def close(self) -> None:
        """Release sessions and threads."""
