"""Dagster's history, as deploy/storage.yaml has it kept: the same content in the same files, with few connections."""

import shutil
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
import sqlalchemy as sa
from dagster._core.storage.event_log import SqliteEventLogStorage

from assets.event_log import OpenSqliteEventLog

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]


@dg.asset
def number() -> dg.MaterializeResult:
    return dg.MaterializeResult(metadata={"rows": 7})


@dg.asset_check(asset=number)
def is_seven() -> dg.AssetCheckResult:
    return dg.AssetCheckResult(passed=True)


DEFINITIONS = dg.Definitions(assets=[number], asset_checks=[is_seven], jobs=[dg.define_asset_job("all")])


@pytest.fixture(scope="module")
def new_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the project's own settings, and Dagster's empty files, which take a second to make."""
    home = tmp_path_factory.mktemp("dagster-home")
    parts = (ROOT / "dagster.yaml", ROOT / "deploy" / "storage.yaml")
    (home / "dagster.yaml").write_bytes(b"".join(part.read_bytes() for part in parts))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DAGSTER_HOME", str(home))
        with dg.DagsterInstance.get():
            pass
    return home


@pytest.fixture
def history(new_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    """A Dagster instance with the project's own settings."""
    shutil.copytree(new_home, tmp_path, dirs_exist_ok=True)
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    with dg.DagsterInstance.get() as instance:
        yield instance


def run_all(instance: dg.DagsterInstance) -> str:
    result = DEFINITIONS.resolve_job_def("all").execute_in_process(instance=instance)
    assert result.success
    return result.run_id


def opened_files(instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    opened: list[str] = []
    real = sqlite3.dbapi2.connect

    def connect(database: str, *args: object, **options: object) -> sqlite3.Connection:
        opened.append(Path(database).name)
        return real(database, *args, **options)

    monkeypatch.setattr(sqlite3.dbapi2, "connect", connect)
    run_all(instance)
    return opened


def test_the_settings_name_it(history):
    assert isinstance(history.event_log_storage, OpenSqliteEventLog)


def test_a_run_opens_its_file_once(history, monkeypatch):
    first = run_all(history)
    opened = opened_files(history, monkeypatch)
    own = [name for name in opened if name not in ("index.db", "runs.db", "schedules.db", f"{first}.db")]
    assert len(own) == 1
    # Dagster looks for tables of the index with connections of its own; its default opens the index for every event.
    assert opened.count("index.db") <= 3


def test_events_are_durable_in_the_files_that_dagster_itself_would_read(history, tmp_path):
    run_id = run_all(history)
    stock = SqliteEventLogStorage(str(tmp_path / "history" / "runs"))
    told = [record.event_log_entry.dagster_event_type for record in stock.get_records_for_run(run_id).records]
    kept = [r.event_log_entry.dagster_event_type for r in history.event_log_storage.get_records_for_run(run_id).records]
    assert told == kept
    assert dg.DagsterEventType.ASSET_MATERIALIZATION in told
    assert dg.DagsterEventType.ASSET_CHECK_EVALUATION in told
    assert stock.get_latest_materialization_events([number.key])[number.key].run_id == run_id


def test_more_runs_than_stay_open_and_threads(history, monkeypatch):
    monkeypatch.setattr("assets.event_log._RUNS_KEPT_OPEN", 1)
    runs = [run_all(history) for _ in range(3)]
    lengths: dict[str, int] = {}

    def read(run_id: str) -> None:
        lengths[run_id] = len(history.event_log_storage.get_records_for_run(run_id).records)

    readers = [threading.Thread(target=read, args=(run_id,)) for run_id in runs]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    assert set(lengths) == set(runs)
    assert len(set(lengths.values())) == 1


def test_events_that_belong_together_are_written_together_or_not_at_all(history, monkeypatch):
    storage = history.event_log_storage
    run_id = run_all(history)
    before = len(storage.get_records_for_run(run_id).records)
    entries = [record.event_log_entry for record in storage.get_records_for_run(run_id).records]
    mirrored = [entry for entry in entries if entry.dagster_event_type == dg.DagsterEventType.ASSET_MATERIALIZATION]
    real = storage._store_asset_event
    monkeypatch.setattr(storage, "_store_asset_event", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        storage.store_event_batch([entries[0], *mirrored])
    assert len(storage.get_records_for_run(run_id).records) == before
    monkeypatch.setattr(storage, "_store_asset_event", real)
    storage.store_event_batch([entries[0], *mirrored])
    assert len(storage.get_records_for_run(run_id).records) == before + 2


def test_the_latest_materialisation_is_told_also_after_it_was_told_before(history, tmp_path):
    """Also when another process made it."""
    storage = history.event_log_storage
    runs = [run_all(history), run_all(history)]
    told = [storage.get_asset_records([number.key])[0].asset_entry.last_run_id for _ in range(2)]
    with dg.DagsterInstance.from_config(str(tmp_path)) as other:
        runs.append(run_all(other))
    record = storage.get_asset_records([number.key])[0].asset_entry.last_materialization_record
    assert told == [runs[1], runs[1]]
    assert record.run_id == runs[2]
    history.wipe_assets([number.key])
    assert not storage.get_asset_records([number.key]) or not (
        storage.get_asset_records([number.key])[0].asset_entry.last_materialization_record
    )


def test_checks_are_kept_as_dagster_itself_keeps_them(history, tmp_path):
    """Two runs, one of which fails; then read by Dagster's own storage, and written by it for comparison."""
    failing = dg.Definitions(
        assets=[number], jobs=[dg.define_asset_job("all")],
        asset_checks=[dg.asset_check(asset=number, name="is_seven")(lambda: dg.AssetCheckResult(passed=False))],
    )  # fmt: skip
    kept = []
    for storage in ("ours", "stock"):
        folder = tmp_path / storage
        folder.mkdir()
        with dg.DagsterInstance.from_ref(history.get_ref()) if storage == "ours" else dg.DagsterInstance.local_temp(
            str(folder)
        ) as instance:
            for definitions in (DEFINITIONS, failing):
                assert definitions.resolve_job_def("all").execute_in_process(instance=instance).success
            runs = str(tmp_path / "history" / "runs") if storage == "ours" else str(folder / "history" / "runs")
        with sqlite3.connect(Path(runs) / "index.db") as connection:
            rows = connection.execute(
                "select asset_key, check_name, partition, execution_status, evaluation_event is not null,"
                " typeof(evaluation_event_timestamp), evaluation_event_storage_id is not null,"
                " materialization_event_storage_id is not null from asset_check_executions order by id"
            ).fetchall()
            kinds = connection.execute(
                "select dagster_event_type, count(*), sum(asset_key is null), sum(step_key is null) from event_logs"
                " group by 1 order by 1"
            ).fetchall()
        connection.close()
        kept.append((rows, kinds))
    assert kept[0] == kept[1]
    assert [row[3] for row in kept[0][0]] == ["SUCCEEDED", "FAILED"]


def test_a_failing_transaction_leaves_nothing_and_the_next_goes_on(history):
    storage = history.event_log_storage
    run_id = run_all(history)

    def delete_and_fail() -> None:
        with storage.run_connection(run_id) as connection:
            connection.execute(sa.text("delete from event_logs"))
            connection.execute(sa.text("select * from nowhere"))

    with pytest.raises(sa.exc.OperationalError):
        delete_and_fail()
    assert storage.get_records_for_run(run_id).records


def test_history_that_was_wiped_begins_anew(history, tmp_path):
    first = run_all(history)
    SqliteEventLogStorage(str(tmp_path / "history" / "runs")).wipe()
    second = run_all(history)
    assert not history.event_log_storage.get_records_for_run(first).records
    assert history.event_log_storage.get_records_for_run(second).records
    history.event_log_storage.wipe()
    assert not history.event_log_storage.get_records_for_run(second).records


def test_the_ui_hears_of_each_event_while_the_run_goes_on(history):
    """Events stand in the journal until SQLite moves it, which it need not do before the run ends."""
    storage = history.event_log_storage
    run = history.create_run_for_job(DEFINITIONS.resolve_job_def("all"))
    told: list[str] = []
    news = threading.Semaphore(0)

    def hear(entry: dg.EventLogEntry, _cursor: str) -> None:
        told.append(entry.message)
        news.release()

    storage.watch(run.run_id, None, hear)
    try:
        for number in range(3):
            history.report_engine_event(f"event {number}", run)
            while f"event {number}" not in told:
                assert news.acquire(timeout=10), told
    finally:
        storage.end_watch(run.run_id, hear)
