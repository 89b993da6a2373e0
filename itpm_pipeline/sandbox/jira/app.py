"""The Jira Cloud site as an ASGI application."""

from starlette.applications import Starlette

from itpm_pipeline.sandbox.clock import Clock
from itpm_pipeline.sandbox.company.model import Company
from itpm_pipeline.sandbox.jira import agile, changelog, platform, projects, reports, search, worklogs
from itpm_pipeline.sandbox.jira.changelog import BulkDates
from itpm_pipeline.sandbox.jira.routing import Desk, not_found
from itpm_pipeline.sandbox.jira.site import Site


def create_app(
    company: Company,
    clock: Clock,
    *,
    token: str,
    email: str,
    latency_ms: int = 0,
    account_timezone: str = "Europe/Berlin",
    bulk_dates: BulkDates = "epoch",
) -> Starlette:
    """Serve the Jira side of ``company`` to one account, at the time that ``clock`` tells.

    ``email`` and ``token`` are the account's Basic credentials, ``account_timezone`` the zone in which it reads and
    writes dates. Every request takes ``latency_ms`` longer than it needs. ``bulk_dates``: see ``changelog``.
    ``app.state.requests`` counts requests by ``METHOD /path``; ``app.state.site`` is the site behind it.
    Changes to ``company`` show with the next request; make none while one is under way.
    """
    site = Site(company, clock, email=email, timezone=account_timezone)
    desk = Desk(site, token=token, latency_ms=latency_ms)
    endpoints = (
        *platform.ENDPOINTS,
        *projects.ENDPOINTS,
        *search.ENDPOINTS,
        *changelog.endpoints(bulk_dates),
        *worklogs.ENDPOINTS,
        *agile.ENDPOINTS,
        *reports.ENDPOINTS,
    )
    app = Starlette(routes=[desk.route(endpoint) for endpoint in endpoints], exception_handlers={404: not_found})
    app.state.requests = desk.requests
    app.state.site = site
    return app
