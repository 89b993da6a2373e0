"""deploy/ and docs/deploy.md: linted by the tools of their trade, and true: what they name exists."""

import re
import shutil
import subprocess
import sys
import textwrap
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from itpm_pipeline import __version__
from itpm_pipeline.config import load_settings

ROOT = Path(__file__).resolve().parents[2]
DEPLOY, BIN = ROOT / "deploy", Path(sys.executable).parent
CONTAINER = DEPLOY / "container"
PAGE = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
UNITS = sorted(path.name for path in (DEPLOY / "systemd").iterdir())
VARIABLES = {"JIRA_EMAIL": "a@acme.example", "JIRA_TOKEN": "token", "ITPM_PG_PASSWORD": "p@ss/word"}

CHART: dict[str, Any] = {
    "global": {"postgresqlSecretName"},
    "generatePostgresqlPasswordSecret": None,
    "postgresql": {"enabled", "postgresqlHost", "postgresqlUsername", "postgresqlDatabase", "service"},
    "dagster-user-deployments": {"enabled", "deployments"},
    "runLauncher": {"type", "config"},
    "dagsterDaemon": {"enabled", "runCoordinator", "runMonitoring"},
    "dagsterWebserver": {"replicaCount", "service"},
    "telemetry": {"enabled"},
    "additionalInstanceConfig": {"concurrency", "nux"},
}
"""Keys of the chart that we set, as its values have them (helm/dagster/schema of dagster-io/dagster)."""
USER_DEPLOYMENT = {
    "name", "image", "dagsterApiGrpcArgs", "codeServerArgs", "includeConfigInLaunchedRuns", "port", "env",
    "envConfigMaps", "envSecrets", "annotations", "nodeSelector", "affinity", "tolerations", "podSecurityContext",
    "securityContext", "resources", "livenessProbe", "readinessProbe", "startupProbe", "labels", "volumeMounts",
    "volumes", "schedulerName",
}  # fmt: skip
K8S_RUN_LAUNCHER = {
    "image", "imagePullPolicy", "jobNamespace", "loadInclusterConfig", "kubeconfigFile", "envConfigMaps", "envSecrets",
    "envVars", "volumeMounts", "volumes", "labels", "failPodOnRunFailure", "resources", "schedulerName",
    "securityContext", "runK8sConfig",
}  # fmt: skip


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, text=True, capture_output=True, timeout=60, check=False)


def document(path: Path) -> dict[str, Any]:
    read = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert isinstance(read, dict)
    return read


def test_units_are_what_systemd_accepts(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("needs systemd-analyze (Debian's package systemd)")
    for name in UNITS:
        # It asks whether programs exist: those of this environment stand in for those of /opt/itpm.
        text = (DEPLOY / "systemd" / name).read_text(encoding="utf-8").replace("/opt/itpm/.venv/bin", str(BIN))
        (tmp_path / name).write_text(text.replace("/opt/itpm/docs", str(ROOT / "docs")), encoding="utf-8")
    told = run("systemd-analyze", "verify", "--man=no", *(tmp_path / name for name in UNITS))
    assert [line for line in told.stderr.splitlines() if str(tmp_path) in line or "itpm" in line] == []
    (tmp_path / UNITS[0]).write_text("[Service]\nExecStart=/nowhere\nNonsense=1\n", encoding="utf-8")
    assert "Nonsense" in run("systemd-analyze", "verify", "--man=no", tmp_path / UNITS[0]).stderr


@pytest.mark.parametrize("name", UNITS)
def test_units_keep_secrets_out_and_others_away(name: str) -> None:
    text = (DEPLOY / "systemd" / name).read_text(encoding="utf-8")
    if name.endswith(".service"):
        assert "EnvironmentFile=/etc/itpm/secrets.env" in text
        for word in ("User=itpm", "UMask=0077", "StateDirectoryMode=0700", "NoNewPrivileges=yes"):
            assert f"\n{word}\n" in text
        for program in re.findall(r"/opt/itpm/\.venv/bin/([\w-]+)", text):
            assert (BIN / program).exists(), program


def test_the_containerfile_passes_its_linter() -> None:
    hadolint = BIN / "hadolint"
    if not hadolint.exists():
        pytest.skip("there is no hadolint for this kind of machine")
    told = run(hadolint, "--no-color", CONTAINER / "Containerfile")
    assert (told.returncode, told.stdout) == (0, "")


def test_the_image_holds_what_is_there() -> None:
    text = (CONTAINER / "Containerfile").read_text(encoding="utf-8")
    copied = [word for line in re.findall(r"^COPY (.+) \S+$", text, re.MULTILINE) for word in line.split()]
    assert {"itpm_pipeline", "assets", "dbt_like_sql", "workspace.yaml", "dagster.yaml"} <= set(copied)
    assert [path for path in copied if not (ROOT / path).exists()] == []
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    (wanted,) = re.findall(r"'\.\[([\w,]+)\]'", text)
    assert set(wanted.split(",")) <= set(extras) - {"dev"}
    assert re.findall(r"^FROM (.+)$", text, re.MULTILINE) == ["python:3.11-slim"]


def test_constraints_of_the_image_are_ones_that_pip_takes() -> None:
    text = (CONTAINER / "Containerfile").read_text(encoding="utf-8")
    (script,) = re.findall(r"RUN sed -E (.+) requirements\.lock", text)
    made = run("sh", "-c", f"sed -E {script} {ROOT / 'requirements.lock'}").stdout.splitlines()
    assert len(made) > 100
    assert [line for line in made if not re.fullmatch(r"[\w.-]+==[\w.+!-]+( ; .+)?", line)] == []


def test_compose_fulfils_its_schema_and_names_what_exists() -> None:
    told = run(BIN / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", CONTAINER / "compose.yaml")
    assert told.returncode == 0, told.stdout
    services = document(CONTAINER / "compose.yaml")["services"]
    assert {service["image"] for service in services.values()} == {"postgres:16", f"itpm-pipeline:{__version__}"}
    assert "secrets.env" not in services["postgres"]["env_file"]
    for name, service in services.items():
        if "command" in service:
            assert (BIN / service["command"][0]).exists(), name
        for volume in service["volumes"]:
            source = volume.split(":")[0]
            if source.startswith("."):
                found = CONTAINER / source
                assert found.exists() or found.name == "program.yaml", source
        for file in service["env_file"]:
            assert (CONTAINER / f"{file}.example").exists()
    assert services["webserver"]["ports"] == ["127.0.0.1:3000:3000"]


@pytest.mark.parametrize("name", ["entrypoint.sh", "databases.sh"])
def test_scripts_are_shell(name: str) -> None:
    assert run("sh", "-n", CONTAINER / name).stderr == ""
    assert (CONTAINER / name).stat().st_mode & 0o111


def test_examples_of_secrets_are_empty() -> None:
    for path in CONTAINER.glob("*.example"):
        for line in path.read_text(encoding="utf-8").splitlines():
            if not line.startswith("#"):
                assert re.fullmatch(r"\w+=(postgresql://dagster:@postgres/dagster)?", line)


def test_the_chart_has_the_keys_we_set() -> None:
    values = document(DEPLOY / "kubernetes" / "values.yaml")
    assert set(values) == set(CHART)
    for key, inner in CHART.items():
        assert inner is None or set(values[key]) <= inner, key
    (deployment,) = values["dagster-user-deployments"]["deployments"]
    assert set(deployment) <= USER_DEPLOYMENT
    assert deployment["image"]["tag"] == __version__
    launcher = values["runLauncher"]
    assert launcher["type"] == "K8sRunLauncher"
    assert set(launcher["config"]["k8sRunLauncher"]) <= K8S_RUN_LAUNCHER
    arguments = deployment["dagsterApiGrpcArgs"]
    (location,) = document(ROOT / "workspace.yaml")["load_from"]
    assert arguments[arguments.index("--module-name") + 1] == location["python_module"]["module_name"]
    assert values["additionalInstanceConfig"]["nux"] == document(ROOT / "dagster.yaml")["nux"]


def test_the_chart_is_that_of_the_locked_dagster() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    (locked,) = re.findall(r"^dagster==([\d.]+)", lock, re.MULTILINE)
    for text in (PAGE, (DEPLOY / "kubernetes" / "values.yaml").read_text(encoding="utf-8")):
        assert set(re.findall(r"--version ([\d.]+)", text)) == {locked}


def test_storage_is_that_of_the_page_on_postgresql() -> None:
    page = (ROOT / "docs" / "postgresql.md").read_text(encoding="utf-8")
    shown = next(block for block in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL) if "storage:" in block)
    assert document(DEPLOY / "storage-postgresql.yaml") == yaml.safe_load(shown)


@pytest.mark.parametrize("block", re.findall(r"```yaml\n(.*?) *```", PAGE, re.DOTALL))
def test_settings_shown_are_accepted(block: str, tmp_path: Path) -> None:
    (tmp_path / "program.yaml").write_text(textwrap.dedent(block), encoding="utf-8")
    settings = load_settings(tmp_path / "program.yaml", VARIABLES)
    assert str(tmp_path) not in str(settings.model_dump()), "a service writes nothing beside its program.yaml"


def test_links_and_files_named_exist() -> None:
    for target in re.findall(r"\]\(([^)#]+)", PAGE):
        assert target.startswith("https://") or (ROOT / "docs" / target).exists(), target
    for path in re.findall(r"(?:/opt/itpm/|[ `])(deploy/[\w./-]+)", PAGE):
        assert list(ROOT.glob(f"{path}*" if path.endswith(".") else path)), path
