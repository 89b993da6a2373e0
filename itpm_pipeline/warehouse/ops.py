"""The ops schema as SQLAlchemy metadata: what the pipeline remembers of its own work."""

from functools import partial

import sqlalchemy as sa

from itpm_pipeline.canonical.declaration import declare

OPS = "ops"
metadata = sa.MetaData(schema=OPS)

_table = partial(declare, metadata)

# --- Loading ---------------------------------------------------------------------------------------------------

CURSOR = _table("cursor", "One row per tracker and project (or its site): where the next read begins.",
                "tracker, project", """
    tracker text         | Tracker name in program.yaml.
    project text         | Project key; _site for the whole tracker.
    project_native_id text | The project's immutable id: a cursor is void when the key has passed to another project.
    watermark instant    | The source's clock at the start of the last read; null = read everything.
    state text           | What else the source wants to see again, JSON.
    read_started_at instant | Our clock at the start of the last successful read.
    run_id text          | Run that set this.
""")

SOURCE_RECORD = _table("source_record", "One row per record of a tracker: the version applied last.",
                       "tracker, stream, native_id", """
    tracker text         | Tracker name in program.yaml.
    stream text          | Stream.
    native_id text       | The tracker's immutable id.
    project text         | Project key under which that version was landed.
    payload_hash text    | Hash of the payload.
    fetched_at instant   | Our clock when the version arrived.
    file text            | Landing file, relative to the landing root.
    file_row int         | Position in the file, from 0.
""")

LANDING_COMMIT = _table("landing_commit", "One row per applied commit manifest of the landing store.",
                        "tracker, committed_at, run_id, project", """
    tracker text         | Tracker name in program.yaml.
    committed_at instant | Our clock at the commit; commits are applied in the order of this.
    run_id text          | Run.
    project text         | Project key; _site for the whole tracker.
    records int          | Records landed.
""")

MAPPING_CONTEXT = _table("mapping_context", "One row per tracker: the context all its rows were mapped with.",
                         "tracker", """
    tracker text         | Tracker name in program.yaml.
    fingerprint text     | Hash of the context; when it changes, all records are mapped anew.
""")

SYNC_LOG = _table("sync_log", "One row per tracker, project, stream and run.", "tracker, project, stream, run_id", """
    tracker text         | Tracker name in program.yaml.
    project text         | Project key; _site for the whole tracker.
    stream text          | Stream; * for the reading as a whole.
    run_id text          | Run.
    started_at instant   | Start of the reading.
    ended_at instant     | End of the reading.
    status text          | ok, skipped or failed.
    reason text          | Why it was skipped or failed; null otherwise.
    fetched int          | Records read.
    landed int           | Records that were new or changed, and landed.
    mapped int           | Records mapped to core.
    rejected int         | Records that could not be mapped.
    requests int         | HTTP requests.
    retries int          | Requests sent again.
    waited_seconds double | Time spent waiting for rate limits and between attempts.
    points int           | GraphQL points.
    bytes int            | Response bodies after decompression.
    cursor_from instant  | Watermark before; null = read everything.
    cursor_to instant    | Watermark after; null = unchanged.
""")

REJECTED_RECORD = _table("rejected_record", "One row per record whose newest version could not be mapped.",
                         "tracker, stream, native_id", """
    tracker text         | Tracker name in program.yaml.
    stream text          | Stream.
    native_id text       | The tracker's immutable id.
    project text         | Project key.
    payload_hash text    | Hash of the payload.
    fetched_at instant   | Our clock when the version arrived.
    run_id text          | Run that landed it.
    reason text          | Field and cause.
    file text            | Landing file with the payload, relative to the landing root.
    file_row int         | Position in the file, from 0.
""")

# --- Building --------------------------------------------------------------------------------------------------

BUILD_PARAMETER = _table("build_parameter", "One row: the parameters of the models (METRICS.md 5.6).", "as_of", """
    as_of instant        | Instant of all metrics.
    config_version text  | Hash of the settings.
    close_grace_seconds int | Grace after the end of a sprint.
    rolling_k int        | Sprints in a rolling figure.
    min_sprints int      | Sprints needed for a figure.
    include_subtasks bool | Sub-tasks count.
    done_basis_jira text | What is done in Jira.
    done_basis_github text | What is done in GitHub.
    cycle_mode text      | Which cycle time.
    min_sample int       | Items needed for a figure.
    history_days int     | Days of history used.
    iteration_timezone text | IANA zone of iteration dates.
    stale_days int       | Days without change that make work stale.
    min_confidence double | Least confidence of a link that counts.
    default_timezone text | IANA zone where nothing else is set.
    dependency_sev2_amber_max int | Severe dependencies an amber program may have.
    predictability_green double | Lower bound of green.
    predictability_amber double | Lower bound of amber.
    score_amber double   | Lower bound of an amber risk score.
    score_red double     | Lower bound of a red risk score.
""")

SETTING_VALUE = _table("setting_value", "One row per value of a setting that is a list.", "setting, ordinal", """
    setting text         | Name of the setting.
    ordinal int          | Position.
    value text           | Value.
""")

MODEL_BUILD = _table("model_build", "One row per model: what its table was built from last, and what came out.",
                     "model", """
    model text           | Model.
    inputs text          | Hash of its code and of the content of all it read.
    content text         | Rows and sum of their hashes; equal for equal rows.
    row_count int        | Rows.
""")

# What is remembered to build models for some of their keys. No reader has any use for it, and it is as long as core.
private = sa.MetaData(schema=OPS)
_private = partial(declare, private)

KEYED_BUILD = _private("keyed_build", "One row per model that can be built for some keys, and may be: since its last "
                       "build it is noted what changed in all it reads by key.", "model", """
    model text           | Model.
    as_of instant        | Instant it was built for last.
    key_count int        | Keys in its table.
""")

CHANGED_KEY = _private("changed_key", "One row per model, table it reads and key of which rows changed there since.",
                       "model, relation, key", """
    model text           | Model that reads the table.
    relation text        | Schema and name of the table.
    key text             | Value of the column by which the model looks at the table.
""")

NOTED_CONTENT = _private("noted_content", "One row per table whose changes are noted by key (and column, for a table "
                         "of the loader): what it held when they were noted last.", "relation, key_column", """
    relation text        | Schema and name of the table.
    key_column text      | Column; empty for the table of a model, whose changes are noted as it is built.
    content text         | Rows (or keys) and sum of their hashes.
""")

SOURCE_KEY = _private("source_key", "One row per table of the loader, column and key in it when changes were noted "
                      "last.", "relation, key_column, key", """
    relation text        | Schema and name of the table.
    key_column text      | Column.
    key text             | Value in it.
    fingerprint int      | Hash of the rows that have it.
""")

# --- Checking, publishing --------------------------------------------------------------------------------------

DATA_QUALITY = _table("data_quality", "One row per rule and scope: records that break the rule.", "rule, scope", """
    rule text            | Rule.
    scope text           | What was looked at: a project, a table …
    severity text        | error, warning or info.
    failed int           | Records that break the rule.
    total int            | Records looked at.
    sample_keys text     | Some of their keys, JSON list.
    as_of instant        | Instant of the build.
""")

CHECK_RESULT = _table("check_result", "One row per check of a model in the last build.", "model, check_name", """
    model text           | Table the check guards.
    check_name text      | Check.
    severity text        | error (blocking) or warning.
    passed bool          | No row breaks it.
    failed_rows int      | Rows that break it.
    sample text          | Some of these rows, JSON list.
    checked_at instant   | Our clock.
""")

PUBLISHED_VERSION = _table("published_version", "One row per version handed to readers.", "version", """
    version int          | 1, 2, …
    published_at instant | Our clock.
""")
