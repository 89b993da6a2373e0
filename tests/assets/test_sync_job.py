"""The jobs, executed in process."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from assets import conventions
from itpm_pipeline.extract.source import Depth
from itpm_pipeline.warehouse.engine import open_warehouse

pytestmark = pytest.mark.slow

PAY, WEB, CHECKOUT = "acme-jira:PAY", "acme-jira:WEB", "acme-github:acme/checkout"


def run(defs: dg.Definitions, instance: dg.DagsterInstance, job: str = "sync", **options) -> dg.ExecuteInProcessResult:
    return defs.resolve_job_def(job).execute_in_process(instance=instance, raise_on_error=False, **options)


def published(tmp_path: Path, sql: str) -> list[tuple]:
    with duckdb.connect(str(tmp_path / "warehouse.duckdb"), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def materialised(instance: dg.DagsterInstance, kind: str, stream: str = "issues") -> set[str]:
    return set(instance.get_materialized_partitions(conventions.landing_key(kind, stream)))


def latest(instance: dg.DagsterInstance, key: dg.AssetKey) -> dg.AssetMaterialization:
    event = instance.get_latest_materialization_event(key)
    assert event is not None
    assert event.asset_materialization is not None
    return event.asset_materialization


def checks(result: dg.ExecuteInProcessResult) -> dict[tuple[str, str], bool]:
    return {(e.asset_key.path[-1], e.check_name): e.passed for e in result.get_asset_check_evaluations()}


def test_one_run_reads_all_builds_and_publishes(defs, instance, tmp_path):
    result = run(defs, instance)
    assert result.success
    assert materialised(instance, "jira") == {PAY, WEB}
    assert materialised(instance, "github") == {CHECKOUT}
    assert instance.get_dynamic_partitions("jira_projects") == [PAY, WEB]
    assert instance.has_asset_key(conventions.landing_key("jira", "fields"))
    assert checks(result) == {
        ("all_projects", "every_project_was_read"): True,
        ("int_a", "unique_x"): True,
        ("int_a", "not_null"): True,
        ("mart_b", "unique_x"): True,
        ("mart_b", "accepted_values_x"): False,
        ("mart_b", "relationships_x"): True,
        ("mart_c", "unique_program_id"): True,
    }
    assert published(tmp_path, "select x from mart.mart_b") == [(1,)]
    assert published(tmp_path, "select count(*), count(*) filter (where passed) from ops.check_result") == [(6, 5)]


def test_metadata_tells_rows_columns_and_origin(defs, instance):
    run(defs, instance)
    mart = latest(instance, conventions.table_key("mart", "mart_b")).metadata
    assert mart["dagster/row_count"].value == 1
    columns = mart["dagster/column_schema"].value.columns
    assert [(c.name, c.type, c.description) for c in columns] == [
        ("x", "integer", "The x."), ("as_of", "timestamp with time zone", "Instant."),
    ]
    lineage = mart["dagster/column_lineage"].value.deps_by_column
    assert lineage["x"] == [dg.TableColumnDep(conventions.table_key("int", "int_a"), "x")] or "x" not in lineage
    assert lineage["as_of"] == [dg.TableColumnDep(conventions.table_key("int", "int_a"), "as_of")]
    core = latest(instance, conventions.table_key("core", "program")).metadata
    assert core["dagster/row_count"].value == 2
    assert core["dagster/column_schema"].value.columns[0].description == "program:{key}."
    (event,) = instance.fetch_materializations(
        dg.AssetRecordsFilter(conventions.landing_key("jira", "issues"), asset_partitions=[PAY]), limit=5
    ).records
    assert event.asset_materialization.metadata["dagster/partition_row_count"].value == 3


def test_a_failing_project_leaves_the_others_and_the_build(defs, instance, tmp_path, world):
    world.refused[WEB] = "403: the token may not read this project"
    result = run(defs, instance)
    assert result.success
    assert materialised(instance, "jira") == {PAY}
    assert materialised(instance, "github") == {CHECKOUT}
    assert published(tmp_path, "select x from mart.mart_b") == [(1,)]
    (evaluation,) = [e for e in result.get_asset_check_evaluations() if e.check_name == "every_project_was_read"]
    assert not evaluation.passed
    assert evaluation.severity == dg.AssetCheckSeverity.WARN
    assert "403: the token may not read this project" in evaluation.metadata["reasons"].value
    tags = instance.get_run_by_id(result.run_id).tags
    assert tags["itpm/failed"] == WEB
    assert {tag: found for tag, found in tags.items() if tag.startswith(("itpm.tracker/", "itpm.program/"))} == {
        "itpm.tracker/acme-jira": "not fully read", "itpm.tracker/acme-github": "read",
        "itpm.program/PAYMENTS": "read", "itpm.program/WEB": "not fully read",
    }  # fmt: skip
    table = latest(instance, conventions.ALL_PROJECTS).metadata["projects"].value
    assert {row.data["project"]: row.data["result"] for row in table.records}[WEB].startswith("403")

    world.refused.clear()
    assert run(defs, instance).success
    assert materialised(instance, "jira") == {PAY, WEB}


def test_a_failing_blocking_check_keeps_the_last_version_published(defs, instance, tmp_path, models, pipeline):
    from assets.definitions import definitions
    from itpm_pipeline.modeling.project import load_project

    assert run(defs, instance).success
    (models / "intermediate/int_a.sql").write_text(
        "select as_of, 7 as x from {{ source('ops', 'build_parameter') }} cross join (values (1), (2)) as twice (n)"
    )
    result = run(definitions(load_project(models), pipeline), instance)
    assert not result.success
    assert checks(result)["int_a", "unique_x"] is False
    assert published(tmp_path, "select x from mart.mart_b") == [(1,)]
    with duckdb.connect(str(tmp_path / "warehouse.working.duckdb"), read_only=True) as working:
        found = "select passed from ops.check_result where model = 'int_a' and check_name = 'unique_x'"
        assert working.execute(found).fetchall() == [(False,)], "what the run found is kept though it failed"


def test_a_failing_comparison_of_tables_keeps_the_last_version_published(defs, instance, tmp_path, models, pipeline):
    from assets.definitions import definitions
    from itpm_pipeline.modeling.project import load_project

    assert run(defs, instance).success
    (models / "marts/velocity/mart_b.sql").write_text("select x + 1 as x, as_of from {{ ref('int_a') }}")
    result = run(definitions(load_project(models), pipeline), instance)
    assert checks(result)["mart_b", "relationships_x"] is False
    assert published(tmp_path, "select x from mart.mart_b") == [(1,)]


def test_a_model_that_cannot_be_built_fails_the_run_and_publishes_nothing(defs, instance, tmp_path, models, pipeline):
    from assets.definitions import definitions
    from itpm_pipeline.modeling.project import load_project

    assert run(defs, instance).success
    (models / "intermediate/int_a.sql").write_text("select nothing")
    result = run(definitions(load_project(models), pipeline), instance)
    assert not result.success
    assert published(tmp_path, "select x from mart.mart_b") == [(1,)]
    (failure,) = result.get_failed_step_keys()
    assert failure == "int__int_a"


def test_a_sync_of_chosen_projects(defs, instance, world):
    config = {"ops": {"sources__all_projects": {"config": {"projects": [PAY]}}}}
    assert run(defs, instance, run_config=config).success
    assert sorted(world.read) == [PAY, "acme-jira:_site"]
    assert materialised(instance, "jira") == {PAY}
    assert materialised(instance, "github") == set()


def test_discover_offers_partitions_and_the_sensor_asks_for_the_unread(defs, instance):
    assert run(defs, instance, "discover").success
    assert instance.get_dynamic_partitions("jira_projects") == [PAY, WEB]
    assert materialised(instance, "jira") == set()
    sensor = defs.resolve_sensor_def("new_jira_projects")
    requests = list(sensor(dg.build_sensor_context(instance=instance, definitions=defs)))
    assert [(request.run_key, request.partition_key) for request in requests] == [(PAY, PAY), (WEB, WEB)]


def test_a_single_project_is_read_from_the_ui(defs, instance):
    run(defs, instance, "discover")
    assert run(defs, instance, "read_jira_project", partition_key=PAY).success
    assert materialised(instance, "jira") == {PAY}
    assert materialised(instance, "jira", "changelogs") == {PAY}
    event = latest(instance, conventions.landing_key("jira", "issues"))
    assert event.metadata["dagster/partition_row_count"].value == 3


def test_a_range_of_projects_in_one_run_records_those_that_were_read(defs, instance, world):
    run(defs, instance, "discover")
    world.refused[WEB] = "410: gone"
    tags = {"dagster/asset_partition_range_start": PAY, "dagster/asset_partition_range_end": WEB}
    result = run(defs, instance, "read_jira_project", tags=tags)
    assert not result.success
    assert materialised(instance, "jira") == {PAY}
    failure = next(e for e in result.all_events if e.is_step_failure)
    assert "410: gone" in failure.step_failure_data.user_failure_data.metadata["reasons"].value
    world.refused.clear()
    assert run(defs, instance, "read_jira_project", tags=tags).success
    assert materialised(instance, "jira") == {PAY, WEB}


def test_a_tracker_that_tells_no_projects_keeps_no_other_from_being_asked(defs, instance, world):
    world.undiscovered["acme-jira"] = "401: no such token never-shown"
    result = run(defs, instance, "discover")
    assert not result.success
    assert instance.get_dynamic_partitions("github_projects") == [CHECKOUT]
    failure = next(e for e in result.all_events if e.is_step_failure).step_failure_data.user_failure_data
    assert failure.description == "No list of projects from acme-jira: 401: no such token [hidden]"


def test_a_tracker_that_is_refused_is_a_warning_with_its_reason(defs, instance, world, tmp_path):
    world.refused["acme-jira:_site"] = "401: bad credentials never-shown"
    result = run(defs, instance)
    assert result.success
    (evaluation,) = [e for e in result.get_asset_check_evaluations() if e.check_name == "every_project_was_read"]
    assert evaluation.metadata["reasons"].value == "- **acme-jira**: `401: bad credentials [hidden]`"
    assert materialised(instance, "jira") == set()
    assert materialised(instance, "github") == {CHECKOUT}
    assert not instance.has_asset_key(conventions.landing_key("jira", "fields"))
    assert published(tmp_path, "select x from mart.mart_b") == [(1,)]


def test_the_site_of_a_tracker_is_read_alone(defs, instance, world):
    selection = [conventions.landing_key("jira", "fields")]
    job = dg.define_asset_job("site", selection=dg.AssetSelection.assets(*selection).required_multi_asset_neighbors())
    defs = dg.Definitions.merge(defs, dg.Definitions(jobs=[job]))
    assert run(defs, instance, "site").success
    assert world.read == ["acme-jira:_site"]
    assert latest(instance, selection[0]).metadata["dagster/partition_row_count"].value == 3


def test_what_did_not_change_is_told_so(defs, instance):
    run(defs, instance)
    run(defs, instance)
    metadata = latest(instance, conventions.ALL_PROJECTS).metadata
    assert metadata["projects read"].value == 3
    assert metadata["new or changed records"].value == 0
    assert metadata["dagster/row_count"].value > 0


def test_building_alone_asks_no_tracker(defs, instance, world, tmp_path):
    assert run(defs, instance, "build").success
    assert world.read == []
    assert published(tmp_path, "select as_of::text from mart.mart_b") == [("2026-11-16 08:00:00+00",)]


def test_reconcile_looks_for_what_vanished(defs, instance, monkeypatch):
    from assets import resources

    asked = []
    real = resources.sync
    monkeypatch.setattr(resources, "sync", lambda *a, **k: asked.append(k["depth"]) or real(*a, **k))
    assert run(defs, instance, "reconcile").success
    assert run(defs, instance, "sync").success
    assert asked == [Depth.RECONCILE, Depth.CHANGES]


@pytest.fixture
def another_run(tmp_path) -> Iterator[ExitStack]:
    """Writes the warehouse until it is closed."""
    with ExitStack() as holding:
        holding.enter_context(open_warehouse(f"duckdb:///{tmp_path}/warehouse.duckdb").hold())
        yield holding


def test_runs_take_turns(defs, instance, another_run, monkeypatch, tmp_path):
    """The second waits, says for whom, and goes on as soon as the first has ended."""
    monkeypatch.setattr("assets.resources.LOCK_WAIT_SECONDS", 0.05)
    waits = threading.Event()
    store = instance.event_log_storage.store_event

    def listen(entry: dg.EventLogEntry) -> None:
        if entry.user_message.startswith("This run waits for its turn: another run"):
            waits.set()
        store(entry)

    monkeypatch.setattr(instance.event_log_storage, "store_event", listen)
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(run, defs, instance)
        assert waits.wait(30)
        assert not running.done()
        another_run.close()
        assert running.result().success
    assert published(tmp_path, "select x from mart.mart_b") == [(1,)]


@pytest.mark.usefixtures("another_run")
def test_a_run_does_not_wait_for_ever(defs, instance, monkeypatch):
    monkeypatch.setattr("assets.resources.LOCK_WAIT_SECONDS", 0.05)
    monkeypatch.setattr("assets.resources.PATIENCE", 0.1)
    result = run(defs, instance)
    assert not result.success
    failed = [event.step_failure_data.error.cause.message for event in result.all_events if event.is_step_failure]
    assert any("another run" in message for message in failed)
