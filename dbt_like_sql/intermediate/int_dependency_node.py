"""One row per open issue or placeholder with an active dependency: fan-in, fan-out, blast radius, circles."""
# ruff: noqa: INP001

from typing import Any

import pyarrow as pa

from itpm_pipeline.analytics.columns import read
from itpm_pipeline.analytics.dependency.reach_table import TRAIT, reach_table
from itpm_pipeline.analytics.dependency.work import EDGE


def model(dbt: Any, session: object) -> pa.Table:  # noqa: ARG001  the signature dbt asks for
    """The table."""
    dbt.config(materialized="table")
    items = read(dbt.ref("int_schedule_item"), TRAIT, ["issue_id"])
    return reach_table(items, read(dbt.ref("int_schedule_edge"), EDGE, ["blocker_issue_id", "blocked_issue_id"]))
