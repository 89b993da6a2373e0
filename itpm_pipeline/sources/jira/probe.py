"""What ``itpm check`` tells of a site: who we are, which fields hold points and sprints, what we may not read."""

from collections.abc import Iterator

from itpm_pipeline.errors import CredentialError, RefusedError
from itpm_pipeline.extract.client import Traffic
from itpm_pipeline.extract.records import SITE, RawRecord
from itpm_pipeline.extract.source import Probe
from itpm_pipeline.sources.jira.context import JiraContext, build_context
from itpm_pipeline.sources.jira.emission import Emission
from itpm_pipeline.sources.jira.session import JiraSession
from itpm_pipeline.sources.jira.settings import FIELD_LISTING, SITE_STREAMS
from itpm_pipeline.sources.jira.site import list_entries, read_site


def probe(session: JiraSession) -> Probe:
    """Read the site once and tell what matters. Raises CredentialError with one clear line for a wrong token."""
    traffic = Traffic()
    server = session.ask_server(traffic)
    try:
        me = session.get("asking who we are", session.platform("myself", traffic), traffic)
    except RefusedError as error:
        if error.status != 403:
            raise
        raise CredentialError(f"{session.tracker.name}: the token was refused: {error}") from error
    emission = Emission(SITE, [stream.name for stream in SITE_STREAMS])
    fields = list_entries(session, FIELD_LISTING, emission.traffic(FIELD_LISTING.stream))
    records = list(read_site(session, server, fields, emission, None))
    reference = {stream.name for stream in SITE_STREAMS if stream.is_reference}
    context = build_context(session.tracker, (record for record in records if record.stream in reference))
    account = me.get("displayName") or me.get("accountId") or me.get("name") or "unknown"
    return Probe(
        deployment="Cloud" if server.is_cloud else "Data Center",
        version=server.version,
        account=f"{account} ({me.get('accountId') or me.get('name') or me.get('key')})",
        server_time=server.time,
        findings=tuple(_findings(records, context, emission)),
    )


def _findings(records: list[RawRecord], context: JiraContext, emission: Emission) -> Iterator[tuple[str, str]]:
    """(subject, plain sentence)."""
    projects = sum(record.stream == "projects" for record in records)
    yield "projects", f"{projects} visible" if projects else "none visible: the account may browse no project"
    yield from _field_findings(context)
    sprints = len(context.sprint_ids)
    yield "boards", f"{len(context.boards)} visible, which list {sprints} sprints"
    for number in sorted(context.configurations, key=lambda board: (len(board), board)):
        name = f"board {number} ({context.boards.get(number, {}).get('name')})"
        estimation = context.estimation_field(number)
        if context.board_type(number) != "kanban" and estimation is None:
            yield name, "counts issues or estimates in time: its velocity has no points"
        elif estimation:
            yield name, f"points are in {estimation[1] or 'unnamed'} ({estimation[0]})"
    for what, reason in emission.outcomes["boards"].details.get("refused", {}).items():
        yield what, f"cannot be read: {reason}"
    if emission.outcomes["boards"].reason:
        yield "boards", f"cannot be read: {emission.outcomes['boards'].reason}"


def _field_findings(context: JiraContext) -> Iterator[tuple[str, str]]:
    for subject, fields, missing in (
        ("sprint field", context.roles.sprint, "none found: issues will be in no sprint"),
        ("points fields", context.points_fields, "none found: only counts of issues will be measured"),
        ("flagged field", context.roles.flagged, "none found: impediments will not be seen"),
        ("team field", context.roles.team, "none found: teams follow from boards; set team_field to name one"),
        ("start date field", context.roles.start_date, "none found: set start_date_field to name one"),
    ):
        told = ", ".join(f"{context.field_names.get(field) or 'unknown'} ({field})" for field in fields)
        yield subject, told or missing
