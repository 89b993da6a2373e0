"""Metric settings, and the tables that carry them to the models."""

import pytest
from pydantic import ValidationError

from itpm_pipeline.metric_settings import MetricSettings
from itpm_pipeline.modeling.parameters import setting_values


def test_defaults_are_those_of_the_specification():
    settings = MetricSettings()
    assert settings.sprint.close_grace_seconds == 60
    assert settings.sprint.not_delivered_resolutions == ("Won't Do", "Duplicate", "Cannot Reproduce", "Declined")
    assert settings.forecast.backtest.min_origins == 20
    assert settings.risk.thresholds["predictability"] == (0.90, 0.60)
    assert sum(settings.risk.weights.values()) == pytest.approx(1)
    assert settings.dependency.link_types["Depends"].outward == "blocked"


def test_overrides_keep_the_other_defaults():
    settings = MetricSettings.model_validate({"sprint": {"rolling_k": 8}, "flow": {"percentiles": [0.5, 0.9]}})
    assert (settings.sprint.rolling_k, settings.sprint.min_sprints) == (8, 3)
    assert settings.flow.percentiles == (0.5, 0.9)


@pytest.mark.parametrize(
    ("metrics", "message"),
    [
        ({"sprints": {}}, "sprints"),
        ({"sprint": {"rolling": 3}}, "sprint.rolling"),
        ({"sprint": {"min_sprints": 7}}, "min_sprints 7 is more than rolling_k 6"),
        ({"rag": {"cpi": [0.85, 0.95]}}, "must fall from left to right"),
        ({"rag": {"predictability": [0.8, 0.8]}}, "must fall from left to right"),
        ({"objective": {"end_bands": [0.4, 0.7]}}, "must fall"),
        ({"risk": {"score_bands": [65, 35]}}, "must rise from left to right"),
        ({"risk": {"thresholds": {"cost": [1, 1]}}}, "green and red must differ"),
        ({"risk": {"weights": {"bus_factor": 0.1}}}, "risk drivers without thresholds: bus_factor"),
        ({"risk": {"weights": {"cost": 0}}}, "weight above 0"),
        ({"risk": {"weights": {"weather": 1}}}, "weather"),
        ({"flow": {"percentiles": [0.9, 0.5]}}, "must rise"),
        ({"flow": {"percentiles": []}}, "at least 1"),
        ({"flow": {"percentiles": [1.5]}}, "less than 1"),
        ({"forecast": {"trials": 1500}}, "multiple of 1000"),
        ({"forecast": {"min_days": 90}}, "min_days 90 is more than history_days 84"),
        ({"forecast": {"split_factor": [1.5, 1.0]}}, "must not fall"),
        ({"resource": {"overload_warn": 2}}, "overload_warn 2.0 is more than overload_red 1.2"),
        ({"time": {"program_timezone": "Berlin"}}, "IANA time zone"),
        ({"dependency": {"link_types": {"Blocks": {"outward": "blocks"}}}}, "blocker"),
        ({"time": {"increments": {"PI 1": ["2026-03-01", "2026-01-01"]}}}, "PI 1: ends on 2026-01-01, before"),
        ({"time": {"increments": {"A": ["2026-01-01", "2026-03-01"], "B": ["2026-03-01", "2026-04-01"]}}}, "A and B"),
    ],
)
def test_contradictions_are_errors(metrics, message):
    with pytest.raises(ValidationError) as error:
        MetricSettings.model_validate(metrics)
    assert message in str(error.value)


def test_config_version_depends_on_meaning_only():
    default = MetricSettings().config_version
    assert len(default) == 64
    assert MetricSettings.model_validate({"sprint": {"rolling_k": 6}}).config_version == default
    assert MetricSettings.model_validate({"sprint": {"rolling_k": 7}}).config_version != default
    one, other = ({"Blocks": {"outward": "blocker"}, "Needs": {"outward": "blocked"}},
                  {"Needs": {"outward": "blocked"}, "Blocks": {"outward": "blocker"}})
    versions = {
        MetricSettings.model_validate({"dependency": {"link_types": types}}).config_version for types in (one, other)
    }
    assert len(versions) == 1


def test_setting_values_have_lists_in_order_and_link_types_by_name():
    rows = list(setting_values(MetricSettings()))
    values = {(row["setting"], row["ordinal"]): row["value"] for row in rows}
    assert len(values) == len(rows)
    assert [values["percentiles", n] for n in range(4)] == ["0.5", "0.7", "0.85", "0.95"]
    assert values["not_delivered_resolutions", 0] == "Won't Do"
    assert values["link_outward_role:Depends", 0] == "blocked"
    assert values["risk.weights.cost", 0] == "0.15"
    assert values["sprint.include_subtasks", 0] == "false"
    assert ("wait_statuses", 0) not in values
