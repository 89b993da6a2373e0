"""Commits are planned and mapped while those before them wait to be written; the result is as if they had not."""

import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from contextlib import contextmanager

import pytest
import sqlalchemy as sa
from scripted_tracker import ScriptedSource, World
from warehouse_rows import core_rows, rows_of

from itpm_pipeline.canonical.schema import core_table
from itpm_pipeline.config import Settings
from itpm_pipeline.errors import WarehouseError
from itpm_pipeline.extract.records import ProjectRef
from itpm_pipeline.ingest import apply, planning, writing
from itpm_pipeline.ingest.extraction import Run, extract_project, extract_site
from itpm_pipeline.ingest.landing import Landing
from itpm_pipeline.ingest.loading import TrackerLoader
from itpm_pipeline.ingest.manifest import Manifest
from itpm_pipeline.ingest.state import TrackerState
from itpm_pipeline.warehouse.engine import open_warehouse

NOTED = ("source_record", "rejected_record", "sync_log", "landing_commit", "cursor")


class Gate(Executor):
    """Does nothing until it is opened."""

    def __init__(self) -> None:
        self.jobs: list[tuple[Callable[..., None], tuple[object, ...]]] = []

    def submit(self, job, /, *what):
        self.jobs.append((job, what))
        return Future()

    def open(self) -> None:
        while self.jobs:
            job, what = self.jobs.pop(0)
            job(*what)


@pytest.fixture
def commits(world: World, settings: Settings) -> list[Manifest]:
    """Site and two projects, each read three times by runs that know of no other; WEB-2 changes, and one is bad."""
    world.projects = {"PAY": "1", "WEB": "2"}
    world.put("1", "PAY", title="a", assignee=["ann", "Ann"], sprint="7", history=["x"])
    world.put("2", "WEB", title="b", sprint="7", assignee=["ann", "Ann"])
    landing, source = Landing(settings.landing.url), ScriptedSource(world)
    found = []
    for run_id in ("run1", "run2", "run3"):
        run = Run(source, landing, TrackerState(), run_id)
        found.append(extract_site(run))
        found += [extract_project(run, ProjectRef("toy", key, number, key)) for key, number in world.projects.items()]
        world.put("2", "WEB", title=f"b after {run_id}", sprint="8", history=["x", "y"])
    return found


@pytest.fixture
def gate() -> Gate:
    return Gate()


@pytest.fixture
def warehouse(settings):
    return open_warehouse(settings.warehouse.url)


@pytest.fixture
def loader(warehouse, settings, world, gate) -> TrackerLoader:
    return TrackerLoader(warehouse, Landing(settings.landing.url), ScriptedSource(world), writer=gate)


def noted(settings: Settings) -> dict[str, list[tuple]]:
    return {table: rows_of(settings, f"select * from ops.{table} order by all") for table in NOTED}


def test_what_is_planned_counts_as_done_for_the_plans_after_it(
    commits, loader, gate, warehouse, settings, world, new_settings
):
    without_references = [manifest for manifest in commits if manifest.project != "_site"]
    with warehouse.hold():
        results = loader.begin(commits[:1])
        for number, manifest in enumerate(without_references):
            results += loader.begin([manifest, *without_references[: number + 1]])
        assert len(results) == 1 + len(without_references), "a commit that is begun is not begun again"
        assert gate.jobs == [], "they are too few to be written by themselves"
        with warehouse.reading() as conn:
            assert conn.execute(sa.select(core_table("issue"))).all() == []
        loader.flush()
        gate.open()
        loader.finish()
    mapped = [applied.mapped.total() for written in results for applied in written.result()]
    assert mapped == [1, 1, 1, 0, 1, 0, 1], "an issue that is told again as it was is not mapped again"
    assert loader._underway == {}

    other = new_settings()
    slowly = TrackerLoader(open_warehouse(other.warehouse.url), Landing(settings.landing.url), ScriptedSource(world))
    for manifest in [commits[0], *without_references]:
        slowly.load([manifest])
    assert core_rows(settings) == core_rows(other)
    assert noted(settings) == noted(other)
    assert rows_of(settings, "select summary from core.issue order by 1") == [("a",), ("b after run2",)]


def test_what_waits_is_written_in_one_transaction(commits, loader, gate, warehouse, monkeypatch):
    transactions = []
    real = warehouse.transaction

    @contextmanager
    def counted():
        with real() as conn:
            transactions.append(conn)
            yield conn

    monkeypatch.setattr(warehouse, "transaction", counted)
    with warehouse.hold():
        for manifest in commits[:3]:
            loader.begin([manifest])
        loader.flush()
        gate.open()
        loader.finish()
    assert len(transactions) == 1


@pytest.mark.parametrize(("batch", "transactions"), [(1, 3), (2, 2), (20_000, 1)])
def test_a_batch_is_written_when_it_is_full(commits, warehouse, settings, world, monkeypatch, batch, transactions):
    """A merge of few records costs nearly as much as one of many; whoever waits has the rest written."""
    carried_out = []
    real = writing.carry_out
    monkeypatch.setattr(writing, "BATCH_RECORDS", batch)
    monkeypatch.setattr(writing, "carry_out", lambda *args: carried_out.append(args) or real(*args))
    loader = TrackerLoader(warehouse, Landing(settings.landing.url), ScriptedSource(world))
    with warehouse.hold():
        for manifest in commits[:3]:
            loader.begin([manifest])
        loader.finish()
    assert len(carried_out) == transactions
    assert rows_of(settings, "select count(*) from ops.landing_commit") == [(3,)]


def test_who_waits_for_a_batch_leaves_what_is_held_to_fill_the_next(commits, loader, gate, warehouse, monkeypatch):
    monkeypatch.setattr(writing, "BATCH_RECORDS", 2)
    with warehouse.hold():
        for manifest in commits[:3]:
            loader.begin([manifest])
        assert len(gate.jobs) == 2
        threading.Timer(0.2, gate.open).start()
        loader._writer.finish(loader._underway, but=1)
        assert gate.jobs == []
        assert loader._writer.unfinished() == commits[2:3]
        loader.flush()
        gate.open()
        loader.finish()
    assert loader._writer.unfinished() == []


def test_reference_records_wait_until_all_before_them_is_written(commits, loader, gate, warehouse, monkeypatch):
    waited = []
    real = loader._writer.finish

    def finish(underway, *, but=-1):
        waited.append(but)
        loader.flush()
        gate.open()
        real(underway, but=but)

    monkeypatch.setattr(loader._writer, "finish", finish)
    with warehouse.hold():
        loader.begin(commits[:2])
        loader.begin(commits[3:4])
        loader.finish()
    assert waited.count(-1) == 3, "the first commits, those with reference records, the end"


def test_nothing_is_written_after_a_failure(commits, loader, gate, warehouse, settings, monkeypatch):
    real = writing.carry_out

    def fail(conn, tracker, plans):
        monkeypatch.setattr(writing, "carry_out", real)
        real(conn, tracker, plans)
        raise WarehouseError("disk full")

    monkeypatch.setattr(writing, "BATCH_RECORDS", 0)
    with warehouse.hold():
        (first,) = loader.begin(commits[:1])
        (second,) = loader.begin(commits[1:2])
        monkeypatch.setattr(writing, "carry_out", fail)
        gate.open()
        with pytest.raises(WarehouseError, match="disk full"):
            first.result()
        with pytest.raises(WarehouseError, match="toy: what was read before could not be loaded"):
            second.result()
        with pytest.raises(WarehouseError, match="disk full"):
            loader.begin(commits[2:3])
    assert core_rows(settings) == {}
    assert noted(settings)["landing_commit"] == []


@pytest.mark.parametrize(("batch", "merges"), [(20_000, 1), (4, 2), (2, 4), (1, 4)])
def test_a_batch_is_merged_at_once(world, settings, new_settings, warehouse, monkeypatch, batch, merges):
    world.projects = {"PAY": "1"}
    for number in range(1, 8):
        world.put(str(number), "PAY", title=f"t{number}", assignee=["ann", "Ann"], sprint="7", history=["x"])
    landing, source = Landing(settings.landing.url), ScriptedSource(world)
    run = Run(source, landing, TrackerState(), "run1")
    commits = [extract_site(run), extract_project(run, ProjectRef("toy", "PAY", "1", "PAY"))]
    other = new_settings()
    TrackerLoader(open_warehouse(other.warehouse.url), landing, source).load(commits)

    monkeypatch.setattr(planning, "CHUNK_RECORDS", 2)
    monkeypatch.setattr(apply, "BATCH_RECORDS", batch)
    merged: list[str] = []
    real = apply.merge
    monkeypatch.setattr(
        apply, "merge", lambda conn, table, *rest: merged.append(table.name) or real(conn, table, *rest)
    )
    TrackerLoader(warehouse, landing, source).load(commits)
    assert merged.count("issue") == merges
    assert core_rows(settings) == core_rows(other)
    assert noted(settings) == noted(other)


def test_versions_of_one_record_are_merged_one_after_the_other(commits):
    def planned(manifest, *keys, has_repeats=False):
        return planning.PlannedCommit(planning.Applied(manifest), frozenset(keys), {}, has_repeats)

    pay, web, site = (next(one for one in commits if one.project == key) for key in ("PAY", "WEB", "_site"))
    one, two = ("issues", "1"), ("issues", "2")
    member = planned(pay, one)
    assert apply._fits(member, {})
    assert apply._fits(member, {"PAY": member}), "the next piece of a commit that tells of each record once"
    repeating = planned(pay, one, has_repeats=True)
    assert apply._fits(repeating, {})
    assert not apply._fits(repeating, {"PAY": repeating})
    assert not apply._fits(planned(pay, two), {"PAY": member}), "the project's next reading"
    assert apply._fits(planned(web, two), {"PAY": member, "_site": planned(site)})
    assert not apply._fits(planned(web, two, one), {"_site": planned(site), "PAY": member}), "it moved between projects"
