"""Program-level metrics from Jira and GitHub: extract, land, map, load, model, publish."""

__version__ = "0.1.0"
