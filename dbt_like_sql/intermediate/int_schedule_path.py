"""One row per scope (program or release) and open issue on its network: dates, slack, chance of being critical."""
# ruff: noqa: INP001

from typing import Any

import pyarrow as pa

from itpm_pipeline.analytics.columns import read
from itpm_pipeline.analytics.dependency.path_table import SCOPE, SCOPE_ISSUE, path_table
from itpm_pipeline.analytics.dependency.work import Work
from itpm_pipeline.analytics.parameters import parameters
from itpm_pipeline.analytics.working_days import CALENDAR, Calendars


def model(dbt: Any, session: object) -> pa.Table:  # noqa: ARG001  the signature dbt asks for
    """The table."""
    dbt.config(materialized="table")
    settings = parameters(dbt.source("ops", "build_parameter"), dbt.source("ops", "setting_value"))
    work = Work.read(
        dbt.ref("int_schedule_item"), dbt.ref("int_schedule_edge"), dbt.ref("int_schedule_sample"), settings
    )
    return path_table(
        work,
        read(dbt.ref("int_schedule_scope"), SCOPE, ["scope_type", "scope_id"]),
        read(dbt.ref("int_schedule_scope_issue"), SCOPE_ISSUE, ["scope_type", "scope_id", "issue_id"]),
        Calendars(read(dbt.source("core", "calendar_day"), CALENDAR)),
        settings,
    )
