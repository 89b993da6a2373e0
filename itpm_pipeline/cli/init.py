"""``itpm init``: writes a commented program.yaml."""

from pathlib import Path
from typing import Annotated

import typer

from itpm_pipeline.config import config_path
from itpm_pipeline.errors import ConfigurationError

TEMPLATE = """\
# Configuration of itpm_pipeline. Check it with `itpm check`, then run `itpm sync` and `itpm build`.
# Secrets never stand here: write ${NAME} and set the environment variable NAME.

warehouse: {url: "duckdb:///data/warehouse.duckdb"}   # SQL tools open this file
landing:   {url: "data/landing"}                      # raw records as they came; or s3://bucket/folder

trackers:
  # Jira Cloud: e-mail and API token of an account that may browse all projects.
  - name: jira
    kind: jira
    url: "https://YOUR-SITE.atlassian.net"
    email: "${JIRA_EMAIL}"
    token: "${JIRA_TOKEN}"
    projects: all                                     # or [PAY, "WEB*"], or {include: [...], exclude: [...]}

  # Jira Data Center: a personal access token, no e-mail.
  # - {name: jira-dc, kind: jira, url: "https://jira.example.com", token: "${JIRA_DC_TOKEN}", projects: all}

  # GitHub: a token with read access to issues, pull requests, deployments and organisation projects.
  # - name: github
  #   kind: github
  #   url: "https://api.github.com"                   # GitHub Enterprise Server: https://HOST/api/v3
  #   token: "${GITHUB_TOKEN}"
  #   organizations: [YOUR-ORGANISATION]
  #   repositories: all

programs:
  # Projects that no program names are synced too; they belong to the program (unassigned).
  - key: EXAMPLE
    name: Example program
    timezone: Europe/Berlin
    target_date: 2027-06-30
    projects: ["jira:PAY"]                            # tracker:key; patterns such as "jira:WEB*" are fine

# metrics:                                            # only what differs from the defaults
#   sprint: {rolling_k: 6}
"""


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""

    @app.command("init")
    def command(
        path: Annotated[
            Path | None, typer.Argument(help="File to write; default: ITPM_CONFIG, else program.yaml.")
        ] = None,
    ) -> None:
        """Write a commented program.yaml."""
        target = path or config_path()
        try:
            with target.open("x", encoding="utf-8") as file:
                file.write(TEMPLATE)
        except FileExistsError:
            raise ConfigurationError(f"{target} exists already; remove it first, or name another file") from None
        except OSError as error:
            raise ConfigurationError(f"cannot write {target}: {error.strerror}") from None
        typer.echo(f"Wrote {target}. Fill in your trackers, then run: itpm check")
