"""What dbt's documentation says of who uses which table, against what the program uses."""

import re
from pathlib import Path

import yaml

from itpm_pipeline.modeling.project import FOLDER, load_project
from itpm_pipeline.reports import program
from itpm_pipeline.reports.registry import PLOTS

PROJECT = load_project()
USES = {
    one["name"]: {re.fullmatch(r"ref\('(\w+)'\)", ref)[1] for ref in one["depends_on"]}
    for one in yaml.safe_load((Path(FOLDER) / "exposures.yml").read_text(encoding="utf-8"))["exposures"]
}


def test_the_ui_shows_charts_of_these_models() -> None:
    assert USES["dagster_ui"] == {plot.model for plot in PLOTS}


def test_the_report_reads_these_models() -> None:
    sources = [path.read_text(encoding="utf-8") for path in Path(program.__file__).parent.glob("*.py")]
    named = set(re.findall(r"\bmart\.(\w+)", "\n".join(sources)))
    assert USES["program_report"] == named & PROJECT.models.keys()


def test_every_table_of_mart_is_for_questions() -> None:
    assert USES["sql_questions"] == {name for name, model in PROJECT.models.items() if model.schema == "mart"}
