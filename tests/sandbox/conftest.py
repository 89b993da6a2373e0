"""The hand-made company and the Jira server over it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from jira_server_company import EMAIL, TOKEN, Caller, hand_made_company

from itpm_pipeline.sandbox.clock import Clock
from itpm_pipeline.sandbox.company.model import Company
from itpm_pipeline.sandbox.jira.app import create_app
from itpm_pipeline.sandbox.serve import Served, serve_app


@pytest.fixture(scope="session")
def company() -> Company:
    """Shared: do not change it."""
    return hand_made_company()


@pytest.fixture(scope="session")
def jira_server(company: Company) -> Iterator[Served]:
    """The Jira site of ``company``; its clock stands still."""
    clock = Clock(company.now, lambda: 0.0)
    served = serve_app(create_app(company, clock, token=TOKEN, email=EMAIL))
    yield served
    served.stop()


@pytest.fixture(scope="session")
def jira_site(jira_server: Served) -> Iterator[Caller]:
    caller = Caller(jira_server.url)
    yield caller
    caller.session.close()


@pytest.fixture
def serve_jira() -> Iterator[Callable[..., Caller]]:
    """Starts a server of one's own: ``serve_jira(company, clock=…, account_timezone=…)``."""
    started: list[tuple[Served, Caller]] = []

    def start(company: Company, clock: Clock | None = None, **settings: Any) -> Caller:
        app = create_app(
            company, clock or Clock(company.now, lambda: 0.0), **({"token": TOKEN, "email": EMAIL} | settings)
        )
        served = serve_app(app)
        caller = Caller(served.url)
        started.append((served, caller))
        return caller

    yield start
    for served, caller in started:
        caller.session.close()
        served.stop()
