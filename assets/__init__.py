"""The pipeline as Dagster assets: the only folder that imports Dagster."""
