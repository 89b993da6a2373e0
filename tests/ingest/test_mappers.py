"""Mapping in other processes: same result, bounded, and told when it fails."""

import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest
from toy_settings import settings_in

from itpm_pipeline.canonical.schema import shapes
from itpm_pipeline.errors import WarehouseError
from itpm_pipeline.extract.records import RawRecord
from itpm_pipeline.ingest import mappers
from itpm_pipeline.ingest.landing import Landing
from itpm_pipeline.ingest.landing_batch import LandingBatch
from itpm_pipeline.ingest.manifest import Manifest
from itpm_pipeline.ingest.mappers import MappingProcesses
from itpm_pipeline.ingest.mapping import InThisProcess
from itpm_pipeline.ingest.versions import Version
from itpm_pipeline.registry import open_source

NOW = datetime(2026, 11, 16, 8, tzinfo=UTC)


@pytest.fixture
def landing(tmp_path: Path) -> Landing:
    return Landing(str(tmp_path / "landing"))


@pytest.fixture
def tracker(tmp_path: Path):
    return settings_in(tmp_path).trackers[0]


@pytest.fixture
def source(tracker):
    return open_source(tracker)


@pytest.fixture
def versions(landing: Landing) -> list[Version]:
    """Twenty statuses, of which every fifth makes no sense."""
    batch = LandingBatch(landing, "toy", "_site", "run", {})
    for number in range(20):
        status = {"id": str(number), "name": f"Status {number}", "statusCategory": {"key": "done"}}
        payload = orjson.dumps([] if number % 5 == 4 else status)
        batch.add(RawRecord("statuses", "_site", str(number), payload, NOW))
    manifest = batch.commit(
        lambda at, landed, files: Manifest(
            "toy", "jira", "_site", None, "run", NOW, at, None, None, None, landed=landed, files=files
        ),
        lambda _: None,
    )
    return [Version(**row) for row in landing.index(manifest).to_pylist()]


@pytest.fixture
def processes(landing: Landing, tmp_path: Path, monkeypatch) -> Iterator[MappingProcesses]:
    monkeypatch.setattr(mappers, "ALONE_UNTIL", 0)
    monkeypatch.setattr(mappers, "FEW_RECORDS", 0)
    with MappingProcesses(landing, str(tmp_path / "landing"), count=1) as processes:
        yield processes


def test_another_process_maps_to_the_same(processes, landing, tracker, source, versions):
    context = source.mapping_context(())
    chunks = [[versions[:3], versions[3:9]], [versions[9:]], [[]]]
    alone = list(InThisProcess(source.mapper(), landing, shapes()).map(context, chunks))
    assert [len(mapped.rejected) for chunk in alone for mapped in chunk] == [0, 1, 3, 0]
    assert sum(load.data.num_rows for chunk in alone for mapped in chunk for load in mapped.loads) == 16
    assert list(processes.of(source.mapper()).map(context, chunks)) == alone
    again = source.mapping_context(())
    assert list(processes.of(source.mapper()).map(again, chunks[:1])) == alone[:1]


def test_few_records_start_no_process(processes, tracker, source, versions, monkeypatch):
    monkeypatch.setattr(mappers, "ALONE_UNTIL", 30)
    monkeypatch.setattr(mappers.subprocess, "Popen", None)
    mapper = processes.of(source.mapper())
    context = source.mapping_context(())
    assert len(list(mapper.map(context, [[versions]]))) == 1
    with pytest.raises(TypeError, match="not callable"):
        list(mapper.map(context, [[versions]]))


def test_with_one_processor_nothing_is_started(landing, tracker, source):
    with MappingProcesses(landing, "unused", count=0) as processes:
        assert isinstance(processes.of(source.mapper()), InThisProcess)


def test_a_process_that_dies_is_told(processes, tracker, source, versions):
    mapper = processes.of(source.mapper())
    context = source.mapping_context(())
    list(mapper.map(context, [[versions]]))
    os.kill(processes._started[0]._process.pid, signal.SIGKILL)
    with pytest.raises(WarehouseError, match="maps records ended with exit code -9; run again"):
        list(mapper.map(context, [[versions]]))


def test_a_damaged_file_is_told_by_name(processes, landing, tracker, source, versions, tmp_path):
    (tmp_path / "landing" / versions[0].file).write_bytes(b"PAR1 no more PAR1")
    with pytest.raises(WarehouseError, match=r"\.parquet is damaged"):
        list(processes.of(source.mapper()).map(source.mapping_context(()), [[versions]]))


@pytest.mark.parametrize("said", [b"", pickle.dumps((0, None, [b"x" * 100]), 5)[:-20]])
def test_a_process_ends_quietly_with_the_one_that_asks(said):
    begin = "from itpm_pipeline.ingest.mapping_process import main; main()"
    ended = subprocess.run([sys.executable, "-c", begin], input=said, capture_output=True, check=True)
    assert (ended.stdout, ended.stderr) == (b"ready\n", b"")


def test_processes_end_with_the_block(landing, tracker, source, versions, tmp_path, monkeypatch):
    monkeypatch.setattr(mappers, "ALONE_UNTIL", 0)
    monkeypatch.setattr(mappers, "FEW_RECORDS", 0)
    with MappingProcesses(landing, str(tmp_path / "landing"), count=2) as processes:
        list(processes.of(source.mapper()).map(source.mapping_context(()), [[versions]]))
        started = [process._process for process in processes._started]
    assert len(started) == 2
    assert all(process.returncode is not None for process in started)


def test_a_process_that_maps_starts_without_what_only_others_need():
    """Each of these takes longer to load than all that mapping needs."""
    code = (
        "import sys, itpm_pipeline.ingest.mapping_process, itpm_pipeline.sources.jira.mapping, "
        "itpm_pipeline.sources.github.mapping; print(*sys.modules)"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert {"pyarrow", "orjson"} <= set(loaded.stdout.split())
    assert not {"sqlalchemy", "pydantic", "requests", "jira", "github", "duckdb"} & set(loaded.stdout.split())


def test_the_context_that_is_sent_is_not_the_one_that_is_used_here(processes, tracker, source, versions, monkeypatch):
    """Contexts remember what they found out while they are used, and what changes cannot be sent."""
    sent = []
    real = mappers.Setup
    monkeypatch.setattr(mappers, "Setup", lambda *told: sent.append(real(*told)) or sent[-1])
    context = source.mapping_context(())
    list(processes.of(source.mapper()).map(context, [[versions]]))
    assert sent[0].context == context
    assert sent[0].context is not context
