"""Everything Dagster loads: ``dagster dev`` in the project's root, by way of workspace.yaml."""

import dagster as dg

from assets.attention import attention_sensors
from assets.automation import jobs, project_jobs, schedules, sensors
from assets.checks import comparing_checks
from assets.core import core_assets
from assets.inbox import inbox_sensor
from assets.ingestion import KINDS, ingestion_assets, landing_keys
from assets.models import model_assets
from assets.plots import chart_files
from assets.publishing import publishing_assets
from assets.resources import Pipeline
from itpm_pipeline.modeling.project import Project, load_project


def definitions(project: Project, pipeline: Pipeline) -> dg.Definitions:
    """All definitions over a project of models; tests hand in their own."""
    reading = project_jobs(KINDS)
    return dg.Definitions(
        assets=[
            *ingestion_assets(),
            *core_assets(landing_keys()),
            *model_assets(project),
            *publishing_assets(project),
            chart_files(project),
        ],
        asset_checks=comparing_checks(project),
        jobs=[*jobs(), *reading],
        schedules=schedules(),
        sensors=[*sensors(KINDS), *attention_sensors(KINDS), inbox_sensor(KINDS, reading)],
        resources={"pipeline": pipeline},
        # Steps share one connection; reading runs in threads inside its step. A process per step costs 14 times more.
        executor=dg.in_process_executor,
    )


defs = definitions(load_project(), Pipeline())
