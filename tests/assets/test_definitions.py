"""What Dagster loads: complete, and named, grouped and owned by convention."""

import re
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

from assets import conventions
from assets.checks import check_groups
from assets.core import core_assets
from assets.definitions import defs
from assets.ingestion import KINDS, streams
from itpm_pipeline.canonical.schema import metadata
from itpm_pipeline.modeling.project import load_project
from itpm_pipeline.registry import SOURCES

ROOT = Path(__file__).resolve().parents[2]
PROJECT = load_project()
NODES = {node.key: node for node in defs.resolve_asset_graph().asset_nodes}


def test_loads():
    dg.Definitions.validate_loadable(defs)


@pytest.mark.slow
def test_validates_without_settings_or_home(tmp_path, monkeypatch):
    for name in ("ITPM_CONFIG", "DAGSTER_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "dagster", "definitions", "validate", "-w", ROOT / "workspace.yaml"],
        cwd=tmp_path, capture_output=True, text=True, check=False,  # a home for the while of it is made there
    )
    assert done.returncode == 0, done.stderr
    assert "Validation successful for code location itpm_pipeline" in done.stderr + done.stdout
    assert "All code locations passed validation" in done.stderr + done.stdout


def test_every_stream_table_and_model_is_an_asset():
    expected = {
        *(conventions.landing_key(kind, s.name) for kind in SOURCES for scope in ("site", "project")
          for s in streams(kind, scope)),
        *(conventions.table_key("core", table.name) for table in metadata.sorted_tables),
        *(conventions.model_key(model) for model in PROJECT.models.values()),
        conventions.ALL_PROJECTS,
        conventions.PUBLISHED,
        conventions.CHARTS,
        conventions.PROGRAM_REPORTS,
    }
    assert expected <= set(NODES)
    assert {key for key in NODES if key not in expected} == {key for key in NODES if key.path[0] == "ops"}
    assert sum(len(streams(kind, scope)) for kind in KINDS for scope in ("site", "project")) == sum(
        len(source.streams) for source in SOURCES.values()  # type: ignore[attr-defined]
    )


@pytest.mark.parametrize("key", sorted(NODES), ids=lambda key: key.to_user_string())
def test_grouped_owned_described_and_tagged(key):
    node = NODES[key]
    assert node.group_name in conventions.GROUPS
    assert node.owners
    assert node.kinds
    assert node.description
    assert node.tags["layer"]


@pytest.mark.parametrize(
    ("address", "kind"), [(None, "duckdb"), ("postgresql+psycopg://u@h/d", "postgres"), ("duckdb:///x", "duckdb")]
)
def test_tables_show_the_kind_of_their_database(monkeypatch, address, kind):
    monkeypatch.delenv("ITPM_WAREHOUSE_URL", raising=False)
    if address:
        monkeypatch.setenv("ITPM_WAREHOUSE_URL", address)
    assert conventions.warehouse_kind() == kind
    found = {key.path[-1]: spec.kinds for asset in core_assets([]) for key, spec in specs_of(asset).items()}
    assert all(kind in kinds for kinds in found.values())
    assert "issue" in found


def specs_of(asset):
    return {asset.key: asset} if isinstance(asset, dg.AssetSpec) else asset.specs_by_key


def test_landing_assets_are_partitioned_by_project_in_one_run():
    for kind in KINDS:
        for stream in streams(kind, "project"):
            node = NODES[conventions.landing_key(kind, stream.name)]
            assert node.partitions_def == dg.DynamicPartitionsDefinition(name=f"{kind}_projects")
            assert node.backfill_policy == dg.BackfillPolicy.single_run()
        for stream in streams(kind, "site"):
            assert not NODES[conventions.landing_key(kind, stream.name)].is_partitioned


def test_landing_and_marts_have_freshness_policies():
    fresh = {key for key, node in NODES.items() if node.freshness_policy_or_from_metadata is not None}
    landing = {conventions.landing_key(kind, s.name) for kind in KINDS for s in SOURCES[kind].streams}  # type: ignore[attr-defined]
    marts = {conventions.model_key(model) for model in PROJECT.models.values() if model.schema == "mart"}
    reports = {conventions.PUBLISHED, conventions.CHARTS, conventions.PROGRAM_REPORTS}
    assert fresh == {*landing, *marts, *reports, conventions.ALL_PROJECTS}


def test_checks_block_where_yaml_says_error():
    graph = defs.resolve_asset_graph()
    declared = {
        dg.AssetCheckKey(conventions.model_key(model), group.name): test.blocking
        for model in PROJECT.models.values()
        for group in check_groups(model)
        for test in group.tests
    }
    found = {key: graph.get_check_spec(key).blocking for key in graph.asset_check_keys}
    reading = dg.AssetCheckKey(conventions.ALL_PROJECTS, "every_project_was_read")
    assert found == {**declared, reading: False}


def test_tables_are_compared_when_both_are_built():
    graph = defs.resolve_asset_graph()
    compared = [(m, c) for m in PROJECT.models.values() for c in m.checks if c.kind == "relationships"]
    assert len(compared) > 30
    for model, check in compared:
        spec = graph.get_check_spec(dg.AssetCheckKey(conventions.model_key(model), conventions.check_name(check.name)))
        others = {dep.asset_key.path[-1] for dep in spec.additional_deps}
        assert others == {*re.findall(r"ref\('(\w+)'\)", check.arguments["to"])} - {model.name}, check.name


def test_a_model_depends_on_what_its_sql_names():
    node = NODES[conventions.table_key("mart", "mart_program_status")]
    model = PROJECT.models["mart_program_status"]
    assert {key.path[-1] for key in node.parent_keys} == {
        *model.declared.refs, *(table for _, table in model.declared.sources),
    }
    assert node.code_version == model.code_version


def test_nothing_starts_by_itself():
    repository = defs.get_repository_def()
    assert {s.name for s in repository.schedule_defs} == {
        "hourly_sync", "nightly_reconcile", "weekday_report", "discover_projects",
    }  # fmt: skip
    assert {s.name for s in repository.sensor_defs} == {
        *(f"{what}_{kind}_projects" for kind in KINDS for what in ("new", "failed")),
        "failed_runs", "red_programs", "inbox",
    }  # fmt: skip
    for automatic in (*repository.schedule_defs, *repository.sensor_defs):
        assert automatic.default_status.value == "STOPPED", automatic.name


def test_sync_leaves_out_single_projects_and_build_leaves_out_trackers():
    graph = defs.resolve_asset_graph()
    sync = defs.resolve_job_def("sync").asset_layer.executable_asset_keys
    landing = {key for key in NODES if key.path[0] in KINDS}
    assert sync == graph.executable_asset_keys - landing
    assert defs.resolve_job_def("build").asset_layer.executable_asset_keys == sync - {conventions.ALL_PROJECTS}
