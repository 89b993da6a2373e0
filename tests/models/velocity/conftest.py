"""Builds no more than velocity needs: a tenth of a second for a hundred boards instead of all models there are."""

from collections.abc import Iterator

import pytest
from built_models import Build, building

WANTED = (
    "+velocity", "+dim_issue", "+dim_project", "+dim_program", "+mart_flow_metrics_daily", "+fct_issue_cycle_time",
    "+int_program_sprint_summary",
)  # fmt: skip
"""Velocity, the dimensions its checks look into, and what tests compare it with."""


@pytest.fixture(scope="module")
def build_models() -> Iterator[Build]:
    with building(*WANTED) as build:
        yield build
