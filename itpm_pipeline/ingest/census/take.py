"""Takes the census of one tracker."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from itpm_pipeline.extract.records import SITE, ProjectRef
from itpm_pipeline.ingest.census.count import Count
from itpm_pipeline.ingest.census.issues import IssueLists, judge_issues, list_issues
from itpm_pipeline.ingest.census.known import Known
from itpm_pipeline.ingest.census.lists import call_lists
from itpm_pipeline.ingest.census.projects import call_projects
from itpm_pipeline.ingest.census.roll import Roll
from itpm_pipeline.ingest.extraction import Run
from itpm_pipeline.ingest.manifest import Manifest


def take_census(
    run: Run, known: Known, discovered: Sequence[ProjectRef], read: Mapping[str, Manifest], concurrency: int
) -> None:
    """Land what vanished or came back since the readings of this run were loaded.

    ``discovered``: all projects that are visible and that the settings include; ``read``: manifests of this run's
    readings by project key. Every run looks at the projects; one that reconciles looks at all else as well, in the
    projects it read. A failure is told in the manifest of its project, and stops no other. WarehouseError: the landing
    store or the warehouse failed.
    """
    roll = Roll.of(run, known, discovered, read)
    started_at = run.landing.now()
    site = Count(run, SITE, None, started_at)
    site.do(lambda: call_projects(roll, site))
    if not run.depth.reconciles:
        if site.absences or site.failure is not None:
            site.land()
        return
    counts = [Count(run, project.key, project.native_id, started_at) for project in roll.readable()]
    with ThreadPoolExecutor(concurrency, thread_name_prefix=f"census-{run.source.tracker}") as pool:
        list(pool.map(lambda count: count.do(lambda: list_issues(roll, count)), counts))
        lists = IssueLists.of(roll, [count for count in counts if count.failure is None])
        list(pool.map(lambda count: count.do(lambda: judge_issues(roll, count, lists)), counts))
        list(pool.map(lambda count: count.do(lambda: call_lists(roll, count, roll.projects[count.native_id or ""])),
                      counts))  # fmt: skip
    site.do(lambda: call_lists(roll, site, None))
    for count in (*counts, site):
        count.land()
