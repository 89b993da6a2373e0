"""The landing store: what is committed is whole and stays; what is not committed does not exist."""

import os
import resource
import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow.fs
import pyarrow.parquet as pq
import pytest

from itpm_pipeline.errors import ConfigurationError, WarehouseError
from itpm_pipeline.extract.records import RawRecord, StreamOutcome
from itpm_pipeline.extract.source import Cursor
from itpm_pipeline.ingest import landing_batch
from itpm_pipeline.ingest.landing import SAFE_AGE, Landing, payload_hash
from itpm_pipeline.ingest.landing_batch import LandingBatch
from itpm_pipeline.ingest.manifest import Manifest
from itpm_pipeline.ingest.store import LocalStore, ObjectStore, open_store

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def record(native_id: str, payload: bytes = b"{}", second: int = 0, stream: str = "issues") -> RawRecord:
    return RawRecord(stream, "acme/shop", native_id, payload, NOON + timedelta(seconds=second))


def manifest_of(instant, landed, files, run_id: str = "run1") -> Manifest:
    return Manifest(
        "toy", "jira", "acme/shop", "77", run_id, NOON, instant, None, None, Cursor(NOON, {"page": [1, None]}),
        (StreamOutcome("issues", "acme/shop", fetched=3, details={"a": 1}),), dict(landed), files,
    )


def commit(landing: Landing, *records: RawRecord, run_id: str = "run1", known=()) -> Manifest:
    batch = LandingBatch(landing, "toy", "acme/shop", run_id, dict(known))
    for one in records:
        batch.add(one)
    return batch.commit(lambda *found: manifest_of(*found, run_id=run_id), lambda _: None)


@pytest.fixture(params=["local", "object"])
def landing(request, tmp_path, monkeypatch) -> Landing:
    """On a folder, and on a filesystem of pyarrow as object stores are."""
    landing = Landing(str(tmp_path / "landing"))
    if request.param == "object":
        landing.store = ObjectStore(pyarrow.fs.LocalFileSystem(), str(tmp_path / "landing"))
    return landing


def records_of(landing: Landing, manifest: Manifest) -> list[RawRecord]:
    index = landing.index(manifest).to_pylist()
    return list(landing.records([(row["file"], row["file_row"]) for row in index]))


def test_what_is_landed_comes_back_unchanged_and_in_order_of_time(landing):
    odd = '{"b": 1, "a": "é\\u0000 \\ud83d\\ude00", "n": 1e400}'.encode()
    records = [record("2", odd, 5), record("1", b"{}", 3), record("1", b"[]", 4, "fields")]

    written = commit(landing, *records)

    (found,) = landing.manifests("toy")
    assert found == written
    assert records_of(landing, found) == sorted(records, key=lambda one: one.fetched_at)
    assert landing.trackers() == ["toy"]
    assert found.landed == {"issues": 2, "fields": 1}


def test_files_have_the_documented_columns_and_place(landing, tmp_path):
    commit(landing, record("1", b'{"a": 1}'))
    (file,) = (tmp_path / "landing").rglob("*.parquet")
    assert file.parent == tmp_path / "landing/toy/issues/project=acme%2Fshop"
    assert file.name.startswith("run1-")
    (row,) = pq.ParquetFile(file).read().to_pylist()
    assert row == {
        "tracker": "toy", "stream": "issues", "project": "acme/shop", "native_id": "1", "fetched_at": NOON,
        "run_id": "run1", "payload_hash": payload_hash(b'{"a": 1}'), "payload": b'{"a": 1}',
    }
    assert pq.ParquetFile(file).metadata.row_group(0).column(7).compression == "ZSTD"


def test_local_files_are_private(tmp_path):
    commit(Landing(str(tmp_path / "landing")), record("1"))
    for path in [tmp_path / "landing", *(tmp_path / "landing").rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_batches_are_bounded_by_records_and_by_bytes(landing, monkeypatch):
    monkeypatch.setattr(landing_batch, "BATCH_RECORDS", 3)
    monkeypatch.setattr(landing_batch, "BATCH_BYTES", 100)
    small = [record(str(number), b"x") for number in range(7)]
    large = [record(str(number), b"x" * 60, stream="fields") for number in range(4)]
    found = commit(landing, *small, *large)
    assert [(file.stream, file.rows) for file in found.files] == [
        ("issues", 3), ("issues", 3), ("fields", 2), ("fields", 2), ("issues", 1),
    ]
    assert len(records_of(landing, found)) == 11


def test_known_and_repeated_versions_are_not_landed_again(landing):
    known = {("issues", "1"): payload_hash(b"same"), ("issues", "2"): payload_hash(b"old")}
    found = commit(
        landing, record("1", b"same"), record("2", b"new"), record("2", b"new", 1), record("3"), record("3"),
        record("4", b"b", 9), record("4", b"a", 8), known=known.items(),
    )
    assert [(one.native_id, one.payload) for one in records_of(landing, found)] == [
        ("2", b"new"), ("3", b"{}"), ("4", b"b"),
    ]


def test_a_version_that_returns_within_a_reading_is_landed(landing):
    found = commit(landing, record("1", b"a", 1), record("1", b"b", 2), record("1", b"a", 3))
    assert [one.payload for one in records_of(landing, found)] == [b"a", b"b", b"a"]


def test_commits_are_ordered_even_if_the_clock_stands_still_or_goes_back(tmp_path):
    clock = iter([NOON + timedelta(hours=hours) for hours in (0, 5, 5, 4, 4, 4, 4, 4, 4, 4, 4)])
    landing = Landing(str(tmp_path), now=lambda: next(clock))
    runs = [f"run{number}" for number in range(3)]
    commits = [commit(landing, run_id=run) for run in runs]
    instants = [one.committed_at for one in commits]
    assert instants == sorted(set(instants))
    landing.commit_order.follow(NOON + timedelta(days=9))
    assert commit(landing, run_id="run9").committed_at > NOON + timedelta(days=9)
    assert [one.run_id for one in landing.manifests("toy")] == [*runs, "run9"]
    assert [one.run_id for one in landing.manifests("toy", (NOON + timedelta(days=9)).date())] == ["run9"]


def test_nothing_is_visible_before_the_commit_and_nothing_stays_after_discarding(landing, tmp_path, monkeypatch):
    monkeypatch.setattr(landing_batch, "BATCH_RECORDS", 1)
    batch = LandingBatch(landing, "toy", "acme/shop", "run1", {})
    batch.add(record("1"))
    assert landing.manifests("toy") == []
    batch.discard()
    assert [path for path in (tmp_path / "landing").rglob("*") if path.is_file()] == []


def test_leftovers_of_a_crash_are_removed_when_they_are_old(landing, tmp_path, monkeypatch):
    monkeypatch.setattr(landing_batch, "BATCH_RECORDS", 1)
    kept = commit(landing, record("1"), record("2"), run_id="run1")
    crashed = LandingBatch(landing, "toy", "acme/shop", "run2", {})
    crashed.add(record("3"))
    parquet = lambda: {path.name for path in (tmp_path / "landing").rglob("*.parquet")}  # noqa: E731
    assert len(parquet()) == 3

    assert landing.remove_crashed("toy") == 0
    landing.now = lambda: datetime.now(UTC) + SAFE_AGE + timedelta(minutes=1)
    assert landing.remove_crashed("toy") == 1

    assert parquet() == {Path(file.path).name for file in kept.files}
    assert landing.store.files("toy/_open") == []
    with pytest.raises(WarehouseError, match="took it for crashed"):
        crashed.commit(manifest_of, lambda _: None)
    assert landing.manifests("toy") == [kept]


def test_a_marker_left_after_the_commit_costs_no_file(landing):
    """The run died between its manifest and the removal of its marker."""
    batch = LandingBatch(landing, "toy", "acme/shop", "run1", {})
    batch.add(record("1"))
    marker = landing.store.files("toy/_open")[0].path
    content = landing.store.read(marker).to_pybytes()
    done = batch.commit(manifest_of, lambda _: None)
    landing.store.write(marker, content)
    landing.now = lambda: datetime.now(UTC) + SAFE_AGE + timedelta(minutes=1)
    assert landing.remove_crashed("toy") == 0
    assert len(records_of(landing, done)) == 1


def test_a_commit_that_may_be_visible_is_not_discarded(landing, monkeypatch):
    """Removing the marker fails after the manifest was written: its files must stay."""
    batch = LandingBatch(landing, "toy", "acme/shop", "run1", {})
    batch.add(record("1"))
    with monkeypatch.context() as patched:
        def broken(*_):
            raise WarehouseError("gone")

        patched.setattr(landing.store, "remove", broken)
        with pytest.raises(WarehouseError, match="gone"):
            batch.commit(manifest_of, lambda _: None)
    batch.discard()
    (found,) = landing.manifests("toy")
    assert len(records_of(landing, found)) == 1


def test_a_root_that_is_a_file_is_told(tmp_path):
    (tmp_path / "landing").write_text("not a folder")
    with pytest.raises(WarehouseError, match=r"cannot write in the landing store.*Not a directory"):
        commit(Landing(str(tmp_path / "landing")), record("1"))


def limited_write(root: str) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, 2_000))
    try:
        commit(Landing(root), record("1", os.urandom(9_000)))
    except WarehouseError as error:
        sys.stdout.write(str(error))


def test_a_full_disk_is_told_and_leaves_nothing_visible(tmp_path):
    code = f"import test_landing; test_landing.limited_write({str(tmp_path / 'landing')!r})"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=Path(__file__).parent, capture_output=True, text=True, check=True
    )
    assert "cannot write in the landing store" in done.stdout
    assert "File too large" in done.stdout
    assert Landing(str(tmp_path / "landing")).manifests("toy") == []
    left = [path.name for path in (tmp_path / "landing").rglob("*") if path.is_file()]
    assert left == ["run1-acme%2Fshop.json"]  # the marker, by which a later run cleans up


def test_damaged_files_are_told_by_name(landing, tmp_path):
    found = commit(landing, record("1"))
    (file,) = (tmp_path / "landing").rglob("*.parquet")
    file.write_bytes(b"PAR1 no more PAR1")
    with pytest.raises(WarehouseError, match=rf"{file.name} is damaged"):
        landing.index(found)
    (manifest,) = (tmp_path / "landing").rglob("_commits/*/*.json")
    manifest.write_text('{"version": 1}')
    with pytest.raises(WarehouseError, match="cannot read the commit manifest"):
        landing.manifests("toy")
    manifest.write_text('{"version": 2}')
    with pytest.raises(WarehouseError, match="another version"):
        landing.manifests("toy")


def test_urls():
    assert isinstance(open_store("data/landing"), LocalStore)
    assert isinstance(open_store("file:///data/landing"), LocalStore)
    assert isinstance(open_store("mock://bucket/landing"), ObjectStore)
    with pytest.raises(ConfigurationError, match=r"landing\.url"):
        open_store("nonsense://bucket/landing")
