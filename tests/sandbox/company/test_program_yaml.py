"""The program.yaml of the company is valid for the pipeline, CSV files included."""

from datetime import date

import pytest

from itpm_pipeline.config import load_settings
from itpm_pipeline.ingest.facts import fact_files
from itpm_pipeline.sandbox.company.program_yaml import write_program

ENVIRONMENT = {
    "ITPM_DEMO_JIRA_EMAIL": "demo@acme.example", "ITPM_DEMO_JIRA_TOKEN": "t1", "ITPM_DEMO_GITHUB_TOKEN": "t2",
}


@pytest.fixture(scope="module")
def settings(company, tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo") / "new"
    path = write_program(company, folder, "http://127.0.0.1:8081", "http://127.0.0.1:8082")
    return load_settings(path, ENVIRONMENT)


def test_settings_describe_the_company(company, settings):
    assert [program.key for program in settings.programs] == ["PAYMENTS", "PORTAL", "DATA"]
    assert settings.as_of == company.now
    assert settings.tracker("acme-jira").email == "demo@acme.example"
    assert settings.metrics.time.iteration_timezone == "America/New_York"
    assert {team.key for team in settings.teams} == {team.key for team in company.teams}
    assert date(2025, 12, 25) in settings.calendars["acme"].holidays
    assert sum(person.is_bot for person in company.people.values()) == len(company.people) - len(settings.people) == 3


def test_facts_are_readable_and_consistent(company, settings):
    tables = fact_files(settings.facts)
    assert set(tables) == {
        "capacity", "allocation", "time_off", "budget_baseline", "budget_period", "cost_actual", "kr_observation",
        "risk",
    }
    assert all(table.num_rows > 5 for table in tables.values())
    budgets = {row["project_ref"]: row["bac"] for row in tables["budget_baseline"].to_pylist()}
    planned = {}
    for row in tables["budget_period"].to_pylist():
        assert row["pv_cumulative"] >= planned.get(row["project_ref"], 0)
        planned[row["project_ref"]] = row["pv_cumulative"]
    assert planned == budgets
    spent = {}
    for row in tables["cost_actual"].to_pylist():
        assert row["date"] < company.now.date()
        spent[row["project_ref"]] = spent.get(row["project_ref"], 0) + row["amount"]
    assert spent["acme-jira:PAY"] > budgets["acme-jira:PAY"]
    assert spent["acme-jira:PORT"] < budgets["acme-jira:PORT"]
    refs = {project for program in settings.programs for project in program.projects}
    assert set(budgets) <= refs
    results = {
        f"key_result:{program.key}:{objective.key}:{result.key}"
        for program in settings.programs for objective in program.objectives for result in objective.key_results
    }
    assert {row["key_result_id"] for row in tables["kr_observation"].to_pylist()} <= results


def test_an_overloaded_person_is_planned_above_one(settings):
    shares = {}
    for row in fact_files(settings.facts)["allocation"].to_pylist():
        shares[row["person_ref"]] = shares.get(row["person_ref"], 0) + row["share"]
    assert [round(share, 1) for share in shares.values() if share > 1.01] == [1.5]
