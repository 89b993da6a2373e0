"""Facts from program.yaml and CSV files."""

from datetime import date
from pathlib import Path

import pytest

from itpm_pipeline.config import FactFiles, Settings
from itpm_pipeline.errors import ConfigurationError
from itpm_pipeline.ingest.facts import IssueTraits, KnownProject, fact_files, fact_rows

SETTINGS = Settings.model_validate({
    "trackers": [{"name": "j", "kind": "jira", "url": "https://j.example", "token": "x"}],
    "programs": [
        {
            "key": "PAY", "name": "Payments", "projects": ["j:PAY", "j:WEB*", "j:GONE"],
            "issue_rules": ["label:urgent"],
            "objectives": [{
                "key": "O1", "name": "Faster", "period_start": "2026-01-01", "period_end": "2026-07-01",
                "key_results": [{"key": "K1", "name": "Seconds", "start": 8, "target": 5}], "issues": ["epic:PAY-1"],
            }],
        },
        {"key": "OTHER", "name": "Other", "projects": ["j:OTH"], "issue_rules": ["epic:PAY-9", "label:urgent"]},
    ],
    "calendars": {"berlin": {"holidays": ["2026-12-25"], "hours_per_day": 7.5}},
})
PROJECTS = [KnownProject("j:PAY", "p1"), KnownProject("j:WEBA", "p2"), KnownProject("j:WEBB", "p3")]


def rows(issues: tuple[IssueTraits, ...] = ()) -> dict[str, list[dict[str, object]]]:
    return fact_rows(SETTINGS, PROJECTS, issues, date(2026, 11, 16)).tables


def test_patterns_expand_and_unseen_projects_stay_visible() -> None:
    found = [(row["project_ref"], row["project_id"]) for row in rows()["program_project"]]
    assert found == [("j:PAY", "p1"), ("j:WEBA", "p2"), ("j:WEBB", "p3"), ("j:GONE", None), ("j:OTH", None)]


def test_first_matching_rule_routes_an_issue() -> None:
    issues = (
        IssueTraits("i1", "PAY-2", ("urgent",), (), None),
        IssueTraits("i2", "PAY-3", (), (), "PAY-9"),
        IssueTraits("i3", "PAY-4", (), (), None),
    )
    routed = {row["issue_id"]: (row["program_id"], row["rule"]) for row in rows(issues)["issue_program_override"]}
    assert routed == {"i1": ("program:PAY", "label:urgent"), "i2": ("program:OTHER", "epic:PAY-9")}


def test_calendar_knows_weekends_and_holidays() -> None:
    days = {(row["calendar_id"], row["date"]): row["working_seconds"] for row in rows()["calendar_day"]}
    assert days["berlin", date(2026, 12, 24)] == 27_000
    assert days["berlin", date(2026, 12, 25)] == 0
    assert days["default", date(2026, 12, 25)] == 28_800
    assert days["default", date(2026, 12, 26)] == 0
    assert len([day for calendar, day in days if calendar == "default"]) == 365 * 7 + 2


def test_objectives_carry_results_and_rules() -> None:
    found = rows()
    assert found["key_result"][0]["key_result_id"] == "key_result:PAY:O1:K1"
    assert found["objective_rule"][0]["match_kind"] == "epic"


def csv(tmp_path: Path, text: str) -> FactFiles:
    path = tmp_path / "cost.csv"
    path.write_text(text, encoding="utf-8")
    return FactFiles(cost_actual=path)


def test_csv_is_typed_and_completed(tmp_path: Path) -> None:
    files = csv(tmp_path, "project_ref,date,category,amount\nj:PAY,2026-03-02,people,1200.50\n")
    row = fact_files(files)["cost_actual"].to_pylist()[0]
    assert [str(value) for value in row.values()] == ["j:PAY", "2026-03-02", "people", "1200.50"]


CSV_MISTAKES = {
    "wrong type": ("project_ref,date,category,amount\nj:PAY,2026-03-02,people,many\n", "many"),
    "unknown column": ("project_ref,date,category,ammount\nj:PAY,2026-03-02,p,1\n", "unknown column ammount"),
    "missing column": ("project_ref,date,amount\nj:PAY,2026-03-02,1\n", "column category is missing"),
    "empty key": ("project_ref,date,category,amount\n,2026-03-02,p,1\n", "line 2: column project_ref must not"),
    "same key": ("project_ref,date,category,amount\nj:P,2026-03-02,p,1\nj:P,2026-03-02,p,2\n", "line 3 repeats"),
}


@pytest.mark.parametrize(("text", "expected"), CSV_MISTAKES.values(), ids=CSV_MISTAKES.keys())
def test_csv_mistake_names_the_file(tmp_path: Path, text: str, expected: str) -> None:
    with pytest.raises(ConfigurationError, match=expected) as caught:
        fact_files(csv(tmp_path, text))
    assert "cost.csv" in str(caught.value)


def test_missing_csv_names_the_key_in_program_yaml(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"facts\.risk"):
        fact_files(FactFiles(risk=tmp_path / "risk.csv"))


def test_rule_of_unknown_kind_is_refused() -> None:
    program = {"key": "P", "name": "P", "projects": [], "issue_rules": ["x:y"]}
    settings = Settings.model_validate({"programs": [program]})
    with pytest.raises(ConfigurationError, match="program P: rule 'x:y'"):
        fact_rows(settings, [], (), date(2026, 1, 1))
