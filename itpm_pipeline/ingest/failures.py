"""Projects whose last readings failed, and when each is worth another attempt."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from itpm_pipeline.warehouse.engine import Published

FIRST_PAUSE = timedelta(minutes=5)
LONGEST_PAUSE = timedelta(hours=6)

_QUERY = """
    with reading as (
        select
            tracker, project, run_id, max(ended_at) as ended_at, bool_or(status = 'failed') as failed,
            max(case when status = 'failed' then reason end) as reason
        from ops.sync_log
        group by tracker, project, run_id
    ),
    recovery as (
        select tracker, project, max(run_id) as run_id from reading where not failed group by tracker, project
    ),
    failing as (
        select reading.tracker, reading.project, count(*) as failures, max(reading.run_id) as run_id
        from reading
        left join recovery on recovery.tracker = reading.tracker and recovery.project = reading.project
        where reading.failed and (recovery.run_id is null or reading.run_id > recovery.run_id)
        group by reading.tracker, reading.project
    )
    select failing.tracker, failing.project, failing.failures, failing.run_id, reading.ended_at, reading.reason
    from failing
    inner join reading
        on reading.tracker = failing.tracker and reading.project = failing.project and reading.run_id = failing.run_id
    order by failing.tracker, failing.project
"""
"""Names of runs begin with their time, so they sort by it."""


@dataclass(frozen=True, slots=True)
class Failing:
    """A project (or a site) whose last ``failures`` readings failed, the last one in run ``run_id``."""

    tracker: str
    project: str
    failures: int
    run_id: str
    ended_at: datetime
    reason: str | None

    @property
    def partition(self) -> str:
        """``tracker:project``."""
        return f"{self.tracker}:{self.project}"

    @property
    def due_at(self) -> datetime:
        """When to try again: five minutes after the first failure, twice as long after each further one."""
        factor = 1 << min(self.failures - 1, 20)
        return self.ended_at + min(FIRST_PAUSE * factor, LONGEST_PAUSE)


def failing_projects(published: Published) -> list[Failing]:
    """Projects and sites whose last reading failed, ordered by tracker and project."""
    return [Failing(**row) for row in published.query(_QUERY).to_pylist()]
