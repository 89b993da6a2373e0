"""Settings that read toy trackers into a folder of the test."""

from pathlib import Path

from itpm_pipeline.config import JiraTracker, Place, Settings

SECRET = "very-secret-token"


def settings_in(folder: Path, *trackers: str, concurrency: int = 3) -> Settings:
    return Settings(
        warehouse=Place(url=f"duckdb:///{folder}/data/warehouse.duckdb"),
        landing=Place(url=f"{folder}/data/landing"),
        trackers=tuple(
            JiraTracker(
                name=name, kind="jira", url="https://tracker.invalid", token=SECRET, concurrency=concurrency
            )
            for name in trackers or ("toy",)
        ),
    )
