"""Builds no more than dependencies need."""

import pytest

from itpm_pipeline.modeling.graph import build_order
from itpm_pipeline.modeling.project import Project


@pytest.fixture(scope="session")
def wanted(project: Project) -> list[str]:
    """Dependencies, and the dimensions their checks look into."""
    return build_order(project, ("+dependency", "+dim_program", "+dim_project"))
