"""The core schema as SQLAlchemy metadata: one table per entity of METRICS.md sections 1.1 to 1.3.

Longer than other modules because it is one table of contents, read top to bottom, with one reason to change.

Every table carries the common columns of ``COMMON`` (see ``shape``). ``info`` of a table says how rows are merged:

========= ==========================================================================================
UPSERT    one row per primary key; the newest mapping wins
REPLACE   children of one parent: all rows with the same ``replace_by`` value are replaced together
APPEND    observations; a row whose key exists already is left alone
FACTS     owned by program.yaml and the CSV files named there; the whole table is replaced
========= ==========================================================================================

Identifiers are ``{kind}:{tracker}:{native immutable id}``. No foreign or primary key constraints are declared in
DuckDB (bulk merge is 30 times slower with them); keys and relationships are checks in ``dbt_like_sql``.
"""

import pyarrow as pa
import sqlalchemy as sa

from itpm_pipeline.canonical.declaration import TYPES, declare
from itpm_pipeline.canonical.shape import COMMON, Merge, Shape, Shapes

CORE = "core"
metadata = sa.MetaData(schema=CORE)


def _table(
    name: str, grain: str, key: str, columns: str, *, merge: Merge = Merge.UPSERT, replace_by: str | None = None
) -> None:
    common = [sa.Column(column, TYPES[kind], comment=comment) for column, kind, comment in COMMON]
    declare(metadata, name, grain, key, columns, common, merge=merge, replace_by=replace_by)


# --- Structure and people (METRICS.md 1.1) ---------------------------------------------------------------------

_table("program", "One row per program of program.yaml.", "program_id", """
    program_id text      | program:{key}.
    program_key text     | Key in program.yaml.
    name text            | Name.
    owner_person_ref text | Owner as written in program.yaml; null = unassigned.
    timezone text        | IANA zone in which dates become instants.
    calendar_id text     | Working calendar.
    start_date date      | Null = not set.
    target_date date     | Null = no target; the schedule is then not scored.
    status_override text | RAG set by a person; null = computed.
    override_author text | Who set the override.
    override_reason text | Why.
    override_expires_on date | Last day of the override.
    currency text        | ISO 4217.
""", merge=Merge.FACTS)

_table("program_project", "One row per program, project and validity.", "program_id, project_ref, valid_from", """
    program_id text      | Program.
    project_ref text     | tracker:key as written in program.yaml (patterns expanded).
    project_id text      | Project; null = no such project was seen yet.
    valid_from date      | First day.
    valid_to date        | Day after the last; null = current.
    weight double        | Share of the project that counts for the program, 0 to 1.
""", merge=Merge.FACTS)

_table("issue_program_override", "One row per issue and validity routed to another program by a rule.",
       "issue_id, valid_from", """
    issue_id text        | Issue.
    valid_from date      | First day.
    program_id text      | Program the issue counts for.
    rule text            | Rule of program.yaml that matched.
""", merge=Merge.FACTS)

_table("project", "One row per issue container: Jira project, GitHub repository or GitHub project (v2).",
       "project_id", """
    project_id text      | Identifier.
    container_type text  | jira_project, gh_repo or gh_project_v2.
    project_key text     | Human key now: PAY, acme/checkout, acme/projects/3.
    name text            | Name.
    description text     | Plain text; null = none.
    lead_person_id text  | Null = none or hidden.
    category text        | Jira project category; null = none.
    url text             | Page for people.
    is_archived bool     | Archived or closed in the tracker.
    is_readable bool     | False: seen, but issues cannot be read.
    skip_reason text     | Why it is not readable; null otherwise.
    default_branch text  | GitHub only.
""")

_table("team", "One row per delivery team.", "team_id", """
    team_id text         | Identifier.
    name text            | Name.
    board_id text        | Board the team works on; null = none.
    estimate_scale_id text | Teams with the same value may be summed in points; default is the own id.
    headcount_fte double | Null = not told.
""")

_table("team_setting", "One row per team as program.yaml describes it.", "team_key", """
    team_key text        | Key in program.yaml.
    name text            | Name.
    board_ref text       | tracker:board name or id; null = none.
    estimate_scale_id text | Null = own scale.
    headcount_fte double | Null = not told.
""", merge=Merge.FACTS)

_table("board", "One row per Jira board or GitHub project (v2) used as a board.", "board_id", """
    board_id text        | Identifier.
    name text            | Name.
    type text            | scrum, kanban or gh_project.
    project_id text      | Project the board is located in; null = a person's board.
    filter text          | Filter id or query; null = all.
    estimation_field_id text | Native field id; null = the board counts issues.
    estimation_field_name text | Name of that field.
    column_constraint text | Jira column constraint type; null = none.
    sprint_support text  | supported, unsupported or denied.
    url text             | Page for people.
""")

_table("board_project", "One row per board and project whose issues it shows.", "board_id, project_id", """
    board_id text        | Board.
    project_id text      | Project.
""", merge=Merge.REPLACE, replace_by="board_id")

_table("board_column_status", "One row per board, status and observation of the board's configuration.",
       "board_id, status_id, observed_at", """
    board_id text        | Board.
    status_id text       | Status shown on the board.
    observed_at instant  | Our clock when this configuration was first seen.
    column_name text     | Column.
    column_ordinal int   | 0 = left-most.
    column_count int     | Columns of the board in this configuration.
    is_done_column bool  | The right-most column.
""", merge=Merge.APPEND)

_table("person", "One row per account of a human or bot in one tracker.", "person_id", """
    person_id text       | Identifier.
    account_ref text     | accountId, user key or login.
    display_name text    | Null = hidden.
    email_sha256 text    | Lower-case address hashed; null = hidden by privacy settings.
    is_bot bool          | App or bot account.
    is_active bool       | False = deactivated or deleted; null = not told.
""")

_table("person_identity", "One row per account that program.yaml joins to a canonical person.", "account_ref", """
    account_ref text     | tracker:account.
    canonical_person_id text | person:{key}.
    canonical_name text  | Name to show.
""", merge=Merge.FACTS)

_table("capacity", "One row per person, team and validity.", "person_ref, team_key, valid_from", """
    person_ref text      | tracker:account or key of a canonical person.
    team_key text        | Team.
    valid_from date      | First day.
    valid_to date        | Day after the last; null = current.
    fte double           | 0 to 1.
    hours_per_day double | Null = calendar default.
""", merge=Merge.FACTS)

_table("allocation", "One row per person, project and validity of planned work.",
       "person_ref, project_ref, valid_from", """
    person_ref text      | tracker:account or key of a canonical person.
    project_ref text     | tracker:key.
    valid_from date      | First day.
    valid_to date        | Day after the last; null = current.
    share double         | Planned share of the person, 0 and more.
""", merge=Merge.FACTS)

_table("time_off", "One row per person and day of absence.", "person_ref, date", """
    person_ref text      | tracker:account or key of a canonical person.
    date date            | Day.
    fraction double      | 0 to 1 of the day.
""", merge=Merge.FACTS)

_table("calendar_day", "One row per calendar and day.", "calendar_id, date", """
    calendar_id text     | Calendar of program.yaml; default is Monday to Friday, 8 hours.
    date date            | Day.
    is_working bool      | Working day.
    working_seconds int  | Seconds of work that day.
""", merge=Merge.FACTS)

# --- Issues and history (METRICS.md 1.2) -----------------------------------------------------------------------

_table("issue", "One row per issue, latest known state.", "issue_id", """
    issue_id text        | Identifier; survives moves and renames.
    issue_key text       | Human key now: ABC-12, acme/checkout#7.
    project_id text      | Project it is in now.
    type_raw text        | The tracker's type; null = none.
    type text            | epic, story, task, bug, subtask, incident, risk or other.
    hierarchy_level int  | 1 = epic, 0 = story level, -1 = sub-task.
    parent_issue_id text | Null = none.
    summary text         | Title, unchanged text of a person: escape it.
    description_text text | Plain text of the description (ADF, wiki or Markdown flattened); null = none.
    status_id text       | Status.
    resolution_raw text  | Jira resolution or GitHub state reason; null = unresolved.
    outcome text         | delivered, not_delivered; null = open.
    priority text        | Null = none.
    assignee_person_id text | Null = unassigned.
    reporter_person_id text | Null = unknown.
    team_id text         | Team field; null = none (attribution then follows METRICS.md T11).
    created_at instant   | Tracker creation.
    updated_at instant   | Last change the tracker tells.
    resolved_at instant  | Null = open, or resolution cleared on re-open.
    start_date date      | Null = not set.
    due_date date        | Null = not set.
    estimate_points double | Null = unestimated, which is not 0.
    estimate_field_id text | Native field the points came from; null = unestimated.
    estimate_seconds int | Original time estimate; null = none.
    remaining_seconds int | Null = none.
    is_flagged bool      | Impediment flag or blocked label now.
    labels text          | JSON list of labels, sorted.
    components text      | JSON list of components, sorted.
    url text             | Page for people.
    comment_count int    | Null = not told.
    history_reported int | History entries the source says exist; null = not told.
    is_deleted bool      | No longer visible; see deleted_reason.
    deleted_observed_at instant | When we saw it gone; null = present.
    deleted_reason text  | deleted, permission_lost, transferred, out_of_scope; null = present.
    successor_issue_id text | Issue that took the place of a transferred one; null = none.
""")

_table("absence", "One row per issue, project, sprint, release or project item that a census missed at some time.",
       "entity_id", """
    entity_id text       | What is, or was, not to be seen.
    entity_kind text     | issue, project, sprint, release_version or project_item.
    is_absent bool       | False: it is there again.
    since instant        | Our clock when it was missed first; null = it is there again.
    reason text          | deleted, permission_lost, transferred or out_of_scope; null = it is there again.
    detail text          | The reason in the tracker's own words; null = none.
    successor_id text    | Issue that took the place of a transferred one; null = none.
""")

_table("project_key_alias", "One row per project and key it ever had.", "project_id, project_key", """
    project_id text      | Project.
    project_key text     | Old or current key; keys of its issues begin with it.
""", merge=Merge.APPEND)

_table("issue_history", "One row per issue whose complete change history was read.", "issue_id", """
    issue_id text        | Issue.
    history_count int    | History entries read.
    reported_count int   | History entries the source says exist; null = not told.
    is_complete bool     | All entries the source has were read.
    read_at instant      | Our clock.
""")

_table("issue_key_alias", "One row per human key an issue ever had.", "issue_key, instance", """
    issue_key text       | Old or current key.
    issue_id text        | Issue it resolves to.
    is_current bool      | The key now.
""", merge=Merge.REPLACE, replace_by="issue_id")

_table("status", "One row per tracker and status.", "status_id", """
    status_id text       | Identifier.
    name text            | Name.
    category text        | todo, in_progress, done or unmapped.
    wait_class text      | active or wait; null = taken from the settings.
""")

_table("issue_field_event", "One row per changed field in one history entry of an issue.",
       "issue_id, source_event_id, item_ordinal", """
    issue_id text        | Issue.
    source_event_id text | Native id of the history entry.
    item_ordinal int     | Position in the entry.
    field text           | Canonical field.
    from_raw text        | Ids before; null = none.
    to_raw text          | Ids after; null = none.
    from_text text       | Words before.
    to_text text         | Words after.
    occurred_at instant  | Tracker time.
    actor_person_id text | Who; null = unknown.
    provenance text      | api_event, webhook, field_value_updated_at or snapshot_diff.
""", merge=Merge.REPLACE, replace_by="issue_id")

_table("field_observation", "One row per entity, field and observed value where the source keeps no history.",
       "entity_id, field, observed_at", """
    entity_kind text     | issue, sprint, release_version or board.
    entity_id text       | Entity.
    field text           | Field, e.g. sprint, estimate_points, state, planned_end_at, release_date, iterations.
    scope text           | Native id of the GitHub project field that holds the value; null = the entity itself does.
    observed_at instant  | Our clock when this version was fetched.
    value text           | Value in canonical text form; null = not set.
    source_updated_at instant | When the source says the value was last set; null = not told.
    previous_read_at instant | Our clock of the reading before, which bounds when it changed; null = first.
""", merge=Merge.APPEND)

_table("issue_sprint", "One row per issue and sprint it is or was in, as the issue tells it now.",
       "issue_id, sprint_id", """
    issue_id text        | Issue.
    sprint_id text       | Sprint.
""", merge=Merge.REPLACE, replace_by="issue_id")

_table("issue_version", "One row per issue and release it is planned for now.", "issue_id, version_id", """
    issue_id text        | Issue.
    version_id text      | Release.
""", merge=Merge.REPLACE, replace_by="issue_id")

_table("issue_link", "One row per link, reference or parent relation as seen from one issue (METRICS.md 4.1); "
       "int_dependency_edge has them directed and de-duplicated.", "seen_from_id, link_ref", """
    seen_from_id text    | Issue (or pull request) whose record shows the link.
    link_ref text        | Native link id, or a stable name of the reference.
    blocker_issue_id text | Predecessor; null = only its key or address is known.
    blocker_ref text     | Human key or URL of the predecessor.
    blocked_issue_id text | Successor; null = only its key or address is known.
    blocked_ref text     | Human key or URL of the successor.
    edge_type text       | blocks, parent_child, closes, relates, duplicates or mentions.
    type_raw text        | The tracker's link type or the phrase found.
    provenance text      | jira_link, jira_remote_link, jira_parent, gh_dependency, gh_sub_issue, text_phrase …
    confidence double    | 0 to 1.
    observed_at instant  | Our clock when this version of the record was fetched.
""", merge=Merge.REPLACE, replace_by="seen_from_id")

_table("worklog", "One row per work log entry.", "worklog_id", """
    worklog_id text      | Identifier.
    issue_id text        | Issue.
    person_id text       | Who; null = unknown.
    started_at instant   | Start of the work.
    seconds int          | Time spent.
    updated_at instant   | Last change.
    is_deleted bool      | Removed in the tracker.
""", merge=Merge.REPLACE, replace_by="issue_id")

# --- Time-boxes, releases, delivery (METRICS.md 1.3) -----------------------------------------------------------

_table("sprint", "One row per time-box: Jira sprint, GitHub iteration or GitHub milestone.", "sprint_id", """
    sprint_id text       | Identifier.
    kind text            | jira_sprint, gh_iteration or gh_milestone.
    board_id text        | Origin board; null = none (deleted or private board).
    project_id text      | Repository of a milestone, GitHub project of an iteration; null for Jira.
    name text            | Name.
    goal text            | Null = none.
    state text           | future, active or closed; null for iterations, whose dates imply it.
    start_at instant     | Start as entered; null = not known.
    planned_end_at instant | End as planned; null = not known.
    start_date date      | First day where the source has only dates.
    end_date date        | Day after the last where the source has only dates.
    activated_at instant | Real start (Data Center); null = not told.
    completed_at instant | Real end; null = not closed.
    created_at instant   | Null = not told.
    duration_days double | Planned length.
    is_deleted bool      | No longer there.
""")

_table("board_sprint", "One row per board and sprint shown on it.", "board_id, sprint_id", """
    board_id text        | Board.
    sprint_id text       | Sprint.
""", merge=Merge.REPLACE, replace_by="board_id")

_table("sprint_report", "One row per closed Jira sprint that its site reports on; only to compare with, never a source "
       "of numbers.", "sprint_id", """
    sprint_id text       | Sprint.
    board_id text        | Board the report is of: its filter, its columns.
    estimate_field text  | What Jira sums up, in its words: field_customfield_10016, issueCount_ …; null = no issue.
    completed_points double | Sum of estimates at the end; null = nothing estimated.
    completed_initial_points double | Sum of estimates at the start.
    not_completed_points double | As above, of what was not completed.
    not_completed_initial_points double | At the start.
    punted_points double | As above, of what was removed.
    punted_initial_points double | At the start.
    completed_elsewhere_points double | As above, of what was completed outside of the sprint.
    completed_elsewhere_initial_points double | At the start.
""")

_table("sprint_report_issue", "One row per sprint and issue in its site's own report; only to compare with, never a "
       "source of numbers.", "sprint_id, issue_id", """
    sprint_id text       | Sprint.
    issue_id text        | Issue.
    issue_key text       | Its key in the report.
    category text        | completed, not_completed, punted or completed_elsewhere.
    is_added bool        | Added after the start.
    initial_estimate double | Estimate with which it came in; null = none.
    current_estimate double | Estimate at the end; null = none.
""", merge=Merge.REPLACE, replace_by="sprint_id")

_table("release_version", "One row per Jira version, GitHub milestone with a due date, or GitHub release.",
       "version_id", """
    version_id text      | Identifier.
    project_id text      | Project.
    kind text            | jira_version, gh_milestone or gh_release.
    name text            | Name.
    description text     | Null = none.
    start_date date      | Null = not set.
    release_date date    | Planned (or actual) day; null = undated.
    released bool        | Released.
    released_at instant  | When; null = unreleased or unknown.
    archived bool        | Archived.
    is_prerelease bool   | GitHub only.
    tag_name text        | GitHub only.
    url text             | Page for people.
    is_deleted bool      | No longer there; null = still there.
""")

_table("pull_request", "One row per pull request.", "pr_id", """
    pr_id text           | Identifier.
    repo_id text         | Repository (project_id).
    pr_key text          | acme/checkout#12.
    title text           | Title, unchanged text of a person.
    state text           | open, closed or merged.
    author_person_id text | Null = deleted account.
    created_at instant   | Creation.
    updated_at instant   | Last change.
    first_commit_at instant | Author date of the first commit; null = unknown.
    first_review_at instant | First review by someone else; null = none.
    merged_at instant    | Null = not merged.
    closed_at instant    | Null = open.
    merge_commit_oid text | Null = not merged.
    base_branch text     | Target branch.
    head_branch text     | Source branch.
    is_draft bool        | Draft now.
    additions int        | Lines added.
    deletions int        | Lines removed.
    url text             | Page for people.
""")

_table("pr_issue", "One row per pull request, issue and relation.", "pr_id, issue_ref, relation", """
    pr_id text           | Pull request.
    issue_ref text       | Key or URL as it stands in the pull request.
    issue_id text        | Issue; null = known by key only.
    relation text        | closes, mentions or key_in_branch_or_title.
""", merge=Merge.REPLACE, replace_by="pr_id")

_table("deployment", "One row per deployment.", "deployment_id", """
    deployment_id text   | Identifier.
    repo_id text         | Repository (project_id).
    environment text     | Environment.
    commit_oid text      | Commit.
    created_at instant   | Start.
    finished_at instant  | End; null = running or unknown.
    state text           | success, failure, in_progress …
    is_production bool   | Production environment.
    deployment_source text | deployment or release.
""")

_table("incident", "One row per incident.", "issue_id", """
    issue_id text        | Issue that records it.
    opened_at instant    | Start.
    resolved_at instant  | End; null = open.
    caused_by_deployment_id text | Null = unlinked.
""")

# --- Money and goals (METRICS.md 1.3, 5) -----------------------------------------------------------------------

_table("objective", "One row per objective.", "objective_id", """
    objective_id text    | objective:{program}:{key}.
    program_id text      | Program.
    name text            | Name.
    period_start date    | First day.
    period_end date      | Day after the last.
    kind text            | committed or uncommitted.
    planned_bv double    | Planned business value 1 to 10; null = not valued.
    actual_bv double     | Actual business value; null = not valued yet.
    parent_objective_id text | Null = top level.
""", merge=Merge.FACTS)

_table("key_result", "One row per key result.", "key_result_id", """
    key_result_id text   | key_result:{program}:{objective}:{key}.
    objective_id text    | Objective.
    name text            | Name.
    weight double        | Above 0.
    start_value double   | Value at the start.
    target_value double  | Value aimed at.
    unit text            | Unit.
    source_kind text     | manual or issue_progress.
""", merge=Merge.FACTS)

_table("kr_observation", "One row per key result and date.", "key_result_id, date", """
    key_result_id text   | Key result.
    date date            | Day.
    value double         | Value.
""", merge=Merge.FACTS)

_table("objective_rule", "One row per rule that links issues to an objective.", "objective_id, rule_no", """
    objective_id text    | Objective.
    rule_no int          | Position.
    match_kind text      | label, epic or issue.
    match_value text     | Label or human key.
    weight double        | Weight of matching issues.
""", merge=Merge.FACTS)

_table("budget_baseline", "One row per project and version of its baseline.", "project_ref, baseline_no", """
    project_ref text     | tracker:key.
    baseline_no int      | 1, 2, …
    bac money            | Budget at completion.
    planned_release_points double | Points planned.
    start_date date      | First day.
    end_date date        | Day after the last.
    approved_at date     | Null = not told.
""", merge=Merge.FACTS)

_table("budget_period", "One row per project, baseline and period.", "project_ref, baseline_no, period_no", """
    project_ref text     | tracker:key.
    baseline_no int      | Baseline.
    period_no int        | 1, 2, …
    period_end date      | Day after the last.
    pv_cumulative money  | Planned value up to then; the last equals the budget.
""", merge=Merge.FACTS)

_table("cost_actual", "One row per project, day and category of cost.", "project_ref, date, category", """
    project_ref text     | tracker:key.
    date date            | Day.
    category text        | Category.
    amount money         | Money spent, in the program's currency.
""", merge=Merge.FACTS)

_table("risk", "One row per entry of the risk register.", "risk_id", """
    risk_id text         | Identifier.
    program_id text      | Program; null = found through the project.
    project_ref text     | tracker:key; null = whole program.
    title text           | Title.
    category text        | Category.
    cause text           | Because of …
    event text           | … may happen …
    effect text          | … with this effect.
    probability int      | 1 to 5.
    impact int           | 1 to 5.
    cost_impact money    | Null = not told.
    proximity_date date  | When it may strike.
    owner_ref text       | Null = nobody.
    response text        | avoid, mitigate, transfer or accept.
    roam text            | resolved, owned, accepted or mitigated.
    status text          | open or closed.
    raised_at date       | Day.
    last_reviewed_at date | Day.
""", merge=Merge.FACTS)

# --- Arrow -----------------------------------------------------------------------------------------------------

_ARROW: dict[type, pa.DataType] = {
    sa.Text: pa.string(), sa.Boolean: pa.bool_(), sa.BigInteger: pa.int64(), sa.Double: pa.float64(),
    sa.Date: pa.date32(), sa.DateTime: pa.timestamp("us", tz="UTC"), sa.Numeric: pa.decimal128(18, 2),
}


def arrow_schema(table: sa.Table) -> pa.Schema:
    """Arrow schema with the table's columns in order: the shape of every bulk load."""
    return pa.schema([(column.name, _ARROW[type(column.type)]) for column in table.columns])


def core_table(name: str) -> sa.Table:
    """The table ``core.{name}``; KeyError if there is none."""
    return metadata.tables[f"{CORE}.{name}"]


def shapes() -> Shapes:
    """What one has to know of the tables to map records to their rows."""
    return {
        table.name: Shape(table.info["merge"], table.info["key"], table.info["replace_by"], arrow_schema(table))
        for table in metadata.sorted_tables
    }
