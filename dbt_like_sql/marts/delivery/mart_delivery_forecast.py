"""One row per scope, kind of forecast, horizon and percentile (METRICS.md 3.3)."""
# ruff: noqa: INP001  (folders of models are no packages)

from typing import Any

import pyarrow as pa

from itpm_pipeline.analytics.forecast.reading import config_version, forecast_settings, read_scopes
from itpm_pipeline.analytics.forecast.tables import forecast_table, read_finishes, read_judgement
from itpm_pipeline.analytics.parameters import parameters


def model(dbt: Any, _session: Any) -> pa.Table:
    """Simulate every scope."""
    dbt.config(materialized="table")
    known = parameters(dbt.source("ops", "build_parameter"), dbt.source("ops", "setting_value"))
    settings = forecast_settings(known)
    scopes = read_scopes(
        dbt.ref("int_forecast_scope"), dbt.ref("int_forecast_daily"), dbt.source("core", "calendar_day"), settings
    )
    return forecast_table(
        scopes,
        read_judgement(dbt.ref("mart_forecast_calibration")),
        read_finishes(dbt.ref("mart_critical_path_scope")),
        settings,
        known.as_of,
        config_version(dbt.source("ops", "build_parameter")),
    )
