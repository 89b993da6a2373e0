"""The shape of the project: where things may be, how large they may grow, who may import whom."""

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from itpm_pipeline.canonical.schema import metadata
from itpm_pipeline.canonical.shape import COMMON, Merge

ROOT = Path(__file__).resolve().parents[1]
PYTHON = sorted([*(ROOT / "itpm_pipeline").rglob("*.py"), *(ROOT / "assets").rglob("*.py")])
SQL = sorted((ROOT / "dbt_like_sql").rglob("*.sql"))

TOP_LEVEL = {
    "pyproject.toml", "itpm_pipeline", "assets", "dbt_like_sql", "tests", "workspace.yaml", "dagster.yaml", "README.md",
    "Makefile", "requirements.lock", "requirements-dbt.lock", "LICENSE", "CHANGELOG.md", "docs", "bench", "deploy",
}
VAGUE = re.compile(r"(^|_)(utils?|helpers?|common|managers?|misc|stuff)(_|$)")


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def tracked_files() -> list[str]:
    listing = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    return listing.stdout.splitlines()


def test_top_level_is_what_the_design_names() -> None:
    present = {name.split("/", 1)[0] for name in tracked_files()}
    assert {name for name in present if not name.startswith(".")} <= TOP_LEVEL


@pytest.mark.parametrize("path", PYTHON, ids=relative)
def test_module_is_small_or_says_why_not(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    if len(text.splitlines()) > 300:
        documentation = ast.get_docstring(ast.parse(text)) or ""
        assert "Longer than other modules because" in documentation, "over 300 lines without a reason in its docstring"


@pytest.mark.parametrize("path", SQL, ids=relative)
def test_sql_model_is_small(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 120


def test_no_name_admits_anything() -> None:
    names = [Path(relative(path)).with_suffix("") for path in [*PYTHON, *SQL]]
    assert [name for name in names if any(VAGUE.search(part) for part in name.parts)] == []


def test_only_config_reads_environment_variables() -> None:
    readers = {
        relative(path) for path in PYTHON
        if re.search(r"os\.environ|os\.getenv|getenv\(", path.read_text(encoding="utf-8"))
    }
    # The command line hands a copy of the environment to the programs it starts; Dagster reads one setting only there.
    assert readers <= {
        "itpm_pipeline/config/program_file.py", "itpm_pipeline/cli/dagster_process.py", "assets/event_log.py",
    }


def test_only_assets_import_dagster() -> None:
    guilty = [relative(path) for path in PYTHON if "assets" not in Path(relative(path)).parts[:1]
              and any(name.split(".")[0].startswith("dagster") for name in imports(path))]
    assert guilty == []


def test_sandbox_knows_only_errors() -> None:
    foreign = {
        (relative(path), name)
        for path in PYTHON if "sandbox" in path.parts
        for name in imports(path)
        if name.startswith("itpm_pipeline.") and not name.startswith(("itpm_pipeline.sandbox", "itpm_pipeline.errors"))
    }
    assert foreign == set()


def test_mapping_has_no_clock_and_no_network() -> None:
    banned = ("requests", "jira", "github", "duckdb", "sqlalchemy", "time", "random")
    mapping = [path for path in PYTHON if path.name.startswith("mapping") and "sources" in path.parts]
    assert mapping
    for path in mapping:
        text = path.read_text(encoding="utf-8")
        assert not [name for name in imports(path) if name.split(".")[0] in banned], relative(path)
        assert not re.search(r"\.(now|utcnow|today)\(", text), relative(path)


def test_sql_models_have_no_clock_and_no_logic_in_templates() -> None:
    for path in SQL:
        text = re.sub(r"--.*", "", path.read_text(encoding="utf-8"))
        if "macros" in path.parts:
            continue
        assert not re.search(r"(?i)\b(now\s*\(|current_timestamp|current_date|getdate)", text), relative(path)
        assert "{%" not in text, relative(path)
        assert set(re.findall(r"\{\{\s*(\w+)", text)) <= {"ref", "source"}, relative(path)


def test_every_core_table_is_documented_and_has_a_key() -> None:
    for table in metadata.sorted_tables:
        assert table.comment.startswith("One row per"), table.name
        assert table.info["key"], table.name
        assert isinstance(table.info["merge"], Merge), table.name
        assert all(column.comment for column in table.columns), table.name
        assert {name for name, _, _ in COMMON} <= set(table.columns.keys()), table.name
        if table.info["merge"] is Merge.REPLACE:
            assert table.info["replace_by"] in table.columns, table.name


def test_nothing_committed_names_a_machine_or_a_registry() -> None:
    telling = re.compile(rb"/(?:work|root|farm)/|https?://(?:files|registry|deb|pypi)\.")
    guilty = [name for name in tracked_files() if name != "tests/test_architecture.py"
              and (ROOT / name).is_file() and telling.search((ROOT / name).read_bytes())]
    assert guilty == []


FORBIDDEN = {
    "a layer imports upward": ("itpm_pipeline/extract/records.py", "import itpm_pipeline.ingest.sync\n"),
    "a tracker imports the other": ("itpm_pipeline/sources/jira/source.py", "import itpm_pipeline.sources.github\n"),
    "the sandbox imports the pipeline": ("itpm_pipeline/sandbox/clock.py", "import itpm_pipeline.config\n"),
    "the library imports Dagster": ("itpm_pipeline/ingest/sync.py", "import dagster\n"),
    "a model knows a driver": ("itpm_pipeline/modeling/build.py", "import duckdb\n"),
}


@pytest.mark.slow
def test_import_contracts_hold_and_can_fail(tmp_path: Path) -> None:
    """Each forbidden import, put into a copy of the project, must break the contracts that hold without it."""
    for name in ("itpm_pipeline", "assets"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)

    def lint() -> subprocess.CompletedProcess[str]:
        program = (
            "import sys; sys.path.insert(0, '.'); from importlinter.cli import lint_imports_command as lint; lint()"
        )
        return subprocess.run(
            [sys.executable, "-c", program, "--no-cache"], cwd=tmp_path, capture_output=True, text=True, check=False
        )

    clean = lint()
    assert clean.returncode == 0, clean.stdout
    for what, (file, line) in FORBIDDEN.items():
        path = tmp_path / file
        original = path.read_text(encoding="utf-8")
        path.write_text(original + "\n" + line, encoding="utf-8")
        assert lint().returncode == 1, what
        path.write_text(original, encoding="utf-8")


def test_contracts_name_every_layer() -> None:
    """A new folder in the library must be given a place in the contract."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    layers = project["tool"]["importlinter"]["contracts"][0]["layers"]
    named = {part.strip(" ()").removeprefix("itpm_pipeline.") for layer in layers for part in layer.split("|")}
    present = {
        path.stem for path in (ROOT / "itpm_pipeline").iterdir()
        if path.name != "__init__.py" and (path.suffix == ".py" or (path / "__init__.py").is_file())
    }
    assert present <= named


def test_no_two_test_modules_share_a_name() -> None:
    """Pytest imports them by their bare names: of two alike, one would not be collected."""
    names = [path.stem for path in (ROOT / "tests").rglob("*.py") if path.stem not in {"conftest", "__init__"}]
    assert sorted(names) == sorted(set(names))


def test_dbt_meets_the_libraries_that_models_in_python_are_written_for() -> None:
    """Its environment is another (make dbt), but what both use is locked in one version."""
    ours, dbts = (
        dict(re.findall(r"^([a-z0-9_.-]+)==(\S+)", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE))
        for name in ("requirements.lock", "requirements-dbt.lock")
    )
    shared = ("duckdb", "networkx", "numpy", "pandas", "pyarrow", "pydantic", "pytz")
    assert {name: dbts[name] for name in shared} == {name: ours[name] for name in shared}
