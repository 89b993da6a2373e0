"""Configuration: program.yaml and the environment variables it names. Nothing else reads the environment."""

from itpm_pipeline.config.notifications import MailServer, Notifications
from itpm_pipeline.config.program_file import CONFIG_VARIABLE, config_path, load_settings, warehouse_scheme
from itpm_pipeline.config.settings import (
    Calendar,
    FactFiles,
    GithubApp,
    GithubTracker,
    JiraTracker,
    KeyResult,
    Objective,
    Person,
    Place,
    Program,
    ProjectFilter,
    Settings,
    StatusOverride,
    Team,
    Tracker,
)

__all__ = [
    "CONFIG_VARIABLE",
    "Calendar",
    "FactFiles",
    "GithubApp",
    "GithubTracker",
    "JiraTracker",
    "KeyResult",
    "MailServer",
    "Notifications",
    "Objective",
    "Person",
    "Place",
    "Program",
    "ProjectFilter",
    "Settings",
    "StatusOverride",
    "Team",
    "Tracker",
    "config_path",
    "load_settings",
    "warehouse_scheme",
]
