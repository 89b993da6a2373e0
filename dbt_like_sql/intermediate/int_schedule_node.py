"""One row per open issue or placeholder: how long it takes and when it can be done at the earliest."""
# ruff: noqa: INP001

from typing import Any

import pyarrow as pa

from itpm_pipeline.analytics.columns import read
from itpm_pipeline.analytics.dependency.schedule_table import schedule_table
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
    return schedule_table(work, Calendars(read(dbt.source("core", "calendar_day"), CALENDAR)), settings)
