"""A site that has more to tell than how to read other records: its reference records are committed by themselves."""

import threading
from collections.abc import Iterator

import pytest
from scripted_tracker import ScriptedSource
from warehouse_rows import core_rows, rows_of

from itpm_pipeline.errors import TransientError
from itpm_pipeline.extract.records import SITE, OutcomeStatus, RawRecord, StreamOutcome
from itpm_pipeline.extract.source import Cursor, Read, Stream
from itpm_pipeline.ingest import landing_batch
from itpm_pipeline.ingest.landing import Landing
from itpm_pipeline.ingest.rebuild import rebuild
from itpm_pipeline.ingest.sync import sync

PATIENCE = 20


class TalkativeSite(ScriptedSource):
    """Its ``notes`` are handed over when a project is committed, or fail then."""

    streams = (*ScriptedSource.streams, Stream("notes", "site", "What else there is."))

    def __init__(self, world, settings, *, fails: bool = False) -> None:
        super().__init__(world)
        self._commits = Landing(settings.landing.url)
        self._fails = fails
        self.begins: list[Cursor | None] = []
        self.committed_meanwhile: list[str] = []

    def read_site(self, cursor: Cursor | None, *, reconcile: bool = False) -> Read:
        self.begins.append(cursor)
        read = super().read_site(cursor, reconcile=reconcile)
        fields, watermark = read.records, self.world.tick()

        def references() -> Iterator[RawRecord]:
            yield from fields
            read.cursor = None

        def notes() -> Iterator[RawRecord]:
            pause = threading.Event()
            for _ in range(PATIENCE * 100):
                told = [manifest.project for manifest in self._commits.manifests("toy")]
                if told.count(SITE) and len(set(told)) > 1:
                    break
                pause.wait(0.01)
            self.committed_meanwhile = told
            if self._fails:
                raise TransientError("the notes are out of reach")
            yield self._record("notes", SITE, "1", {"text": "as ever"})
            read.outcomes.append(StreamOutcome("notes", SITE, fetched=1))
            read.cursor = Cursor(watermark)

        read.references, read.records = references(), notes()
        return read


@pytest.fixture
def world(world):
    world.put("1", cf_1=5, sprint="7")
    return world


def test_projects_are_committed_while_the_rest_of_the_site_is_read(world, settings):
    source = TalkativeSite(world, settings)
    report = sync(settings, open_source=lambda _: source)
    assert report.failed == []
    assert source.committed_meanwhile == [SITE, "PAY"]
    commits = rows_of(settings, "select project from ops.landing_commit order by committed_at")
    assert commits == [(SITE,), ("PAY",), (SITE,)]
    # Mapped with what the references say of fields: which of them holds the points.
    assert rows_of(settings, "select estimate_points from core.issue") == [(5.0,)]


def test_each_stream_of_the_site_is_told_once(world, settings):
    report = sync(settings, open_source=lambda _: TalkativeSite(world, settings))
    told = [(one.stream, one.fetched, one.landed, one.mapped) for one in report.outcomes if one.project == SITE]
    assert told == [("fields", 1, 1, 1), ("notes", 1, 1, 1)]
    logged = rows_of(settings, "select stream, landed, mapped from ops.sync_log where project = '_site' order by 1")
    assert logged == [("fields", 1, 1), ("notes", 1, 1)]


def test_references_that_did_not_change_are_no_commit(world, settings):
    sync(settings, open_source=lambda _: TalkativeSite(world, settings))
    second = TalkativeSite(world, settings)
    report = sync(settings, open_source=lambda _: second, run_id="second")
    commits = rows_of(settings, "select project, records from ops.landing_commit where run_id = 'second' order by 1")
    assert commits == [("PAY", 0), (SITE, 0)]
    assert [one.stream for one in report.outcomes if one.project == SITE] == ["fields", "notes"]


def test_a_failure_after_the_references_costs_no_project(world, settings, new_settings):
    """And the next run reads the site from where the last whole reading began."""
    report = sync(settings, open_source=lambda _: TalkativeSite(world, settings, fails=True))
    assert [(one.where, one.stream, one.reason) for one in report.failed] == [
        (f"toy:{SITE}", "*", "the notes are out of reach")
    ]
    assert rows_of(settings, "select estimate_points from core.issue") == [(5.0,)]
    assert rows_of(settings, "select project from ops.cursor") == [("PAY",)]

    source = TalkativeSite(world, settings)
    assert sync(settings, open_source=lambda _: source).failed == []
    assert source.begins == [None]
    assert rows_of(settings, "select project, watermark is not null from ops.cursor order by 1") == [
        ("PAY", True), (SITE, True),
    ]  # fmt: skip

    fresh = new_settings()
    sync(fresh, open_source=lambda _: TalkativeSite(world, fresh))
    instants = ("synced_at", "observed_at")
    assert core_rows(settings, without=instants) == core_rows(fresh, without=instants)
    before = core_rows(settings)
    rebuild(settings, open_source=lambda _: TalkativeSite(world, settings))
    assert core_rows(settings) == before


def test_what_was_landed_after_the_references_goes_with_a_failure(world, settings, monkeypatch):
    """The reference records stay: they are committed."""
    monkeypatch.setattr(landing_batch, "BATCH_RECORDS", 1)

    class Breaking(TalkativeSite):
        def read_site(self, cursor, *, reconcile=False):
            read = super().read_site(cursor, reconcile=reconcile)
            notes = read.records

            def breaking():
                yield from notes
                raise TransientError("cut off")

            read.records = breaking()
            return read

    report = sync(settings, open_source=lambda _: Breaking(world, settings))
    assert [one.status for one in report.failed] == [OutcomeStatus.FAILED]
    landing = Landing(settings.landing.url)
    committed = {file.path for manifest in landing.manifests("toy") for file in manifest.files}
    assert sorted(path.split("/")[1] for path in committed) == ["fields", "issues"]
    assert {file.path for file in landing.store.files("toy") if file.path.endswith(".parquet")} == committed
    assert landing.store.files("toy/_open") == []
