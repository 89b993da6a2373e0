"""From DuckDB's SQL, in which models are written, to the warehouse's; plus the idioms that do not travel."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import sqlalchemy as sa
import sqlglot
from sqlglot import exp
from sqlglot.errors import ErrorLevel, SqlglotError

from itpm_pipeline.errors import ModelError

SOURCE = "duckdb"
DIALECTS = {"duckdb": "duckdb", "postgresql": "postgres"}
"""SQLAlchemy's name of an engine to sqlglot's."""


def for_engine(duckdb_sql: str, connection: sa.Connection) -> str:
    """The same statement in the dialect of the connection."""
    return transpile(duckdb_sql, DIALECTS[connection.dialect.name])


@lru_cache(maxsize=1024)
def transpile(duckdb_sql: str, target: str) -> str:
    """Translate; DuckDB's own SQL passes untouched. ModelError where the target cannot say the same."""
    if target == SOURCE:
        return duckdb_sql
    try:
        tree = sqlglot.parse_one(duckdb_sql, read=SOURCE)
        for rewrite in REWRITES.get(target, ()):
            tree = tree.transform(rewrite)
        return tree.sql(dialect=target, unsupported_level=ErrorLevel.RAISE)
    except SqlglotError as error:
        raise ModelError(f"cannot be said in {target}: {error}") from error


def _first_by(node: exp.Expression) -> exp.Expression:
    """arg_max(x, y) → (array_agg(x order by y desc) filter (where neither is null))[1]."""
    if not isinstance(node, exp.ArgMax | exp.ArgMin):
        return node
    value, by = node.this, node.expression
    direction = "desc" if isinstance(node, exp.ArgMax) else "asc"
    x, y = value.sql("postgres"), by.sql("postgres")
    return sqlglot.parse_one(
        f"(array_agg({x} order by {y} {direction}) filter (where {x} is not null and {y} is not null))[1]",
        read="postgres",
    )


def _any_value(node: exp.Expression) -> exp.Expression:
    """any_value(x), new in PostgreSQL 16 → (array_agg(x) filter (where x is not null))[1]."""
    if not isinstance(node, exp.AnyValue):
        return node
    x = node.this.sql("postgres")
    return sqlglot.parse_one(f"(array_agg({x}) filter (where {x} is not null))[1]", read="postgres")


REWRITES: dict[str, tuple[Callable[[exp.Expression], exp.Expression], ...]] = {"postgres": (_first_by, _any_value)}


@dataclass(frozen=True, slots=True)
class Finding:
    """An idiom that gives other results on other engines, or none."""

    idiom: str
    reason: str
    sql: str


@dataclass(frozen=True, slots=True)
class _Ban:
    idiom: str
    reason: str
    found: Callable[[exp.Expression], bool]


def _function(*names: str) -> Callable[[exp.Expression], bool]:
    wanted = {name.upper() for name in names}
    return lambda node: (
        (isinstance(node, exp.Anonymous) and str(node.this).upper() in wanted)
        or (isinstance(node, exp.Func) and not isinstance(node, exp.Anonymous) and node.sql_name() in wanted)
    )


def _week_difference(node: exp.Expression) -> bool:
    return isinstance(node, exp.DateDiff) and str(node.args.get("unit") or "").upper().strip("'").startswith("WEEK")


def _kind(*kinds: type[exp.Expression]) -> Callable[[exp.Expression], bool]:
    return lambda node: isinstance(node, kinds)


BANS: tuple[_Ban, ...] = (
    _Ban("date_diff('week')", "differs silently on PostgreSQL: count days and divide by 7", _week_difference),
    _Ban("ignore nulls", "is dropped silently on PostgreSQL", _kind(exp.IgnoreNulls)),
    _Ban("pivot / unpivot", "PostgreSQL has neither", _kind(exp.Pivot)),
    _Ban("asof join", "PostgreSQL has none: join on the interval", lambda node: (
        isinstance(node, exp.Join) and str(node.args.get("method") or "").upper() == "ASOF")),
    _Ban("semi / anti join", "write exists", lambda node: (
        isinstance(node, exp.Join) and str(node.args.get("kind") or node.args.get("side") or "").upper()
        in {"SEMI", "ANTI"})),
    _Ban("* exclude / replace", "name the columns", lambda node: (
        isinstance(node, exp.Star) and any(node.args.get(key) for key in ("except_", "except", "replace", "rename")))),
    _Ban("the clock", "as_of comes from ops.build_parameter", _kind(
        exp.CurrentDate, exp.CurrentTime, exp.CurrentTimestamp, exp.Localtime, exp.Localtimestamp)),
    _Ban("the clock", "as_of comes from ops.build_parameter", _function("now", "today", "get_current_timestamp")),
    _Ban("chance", "the same inputs must give the same table", _kind(exp.Rand, exp.Uuid)),
    _Ban("try_cast", "PostgreSQL has none", _kind(exp.TryCast)),
    _Ban("group / order by all", "name the columns", lambda node: (
        isinstance(node, exp.Group | exp.Order) and bool(node.args.get("all"))
        or isinstance(node, exp.Ordered) and node.sql(SOURCE).upper().split()[0] == "ALL")),
    _Ban("round(double)", "halves are rounded differently: cast to decimal first", lambda node: (
        isinstance(node, exp.Round) and not _is_decimal(node.this))),
    _Ban("reading files", "models read ref and source only", _function("read_csv", "read_parquet", "read_json")),
    _Ban("date_sub / range / mode / make_date", "PostgreSQL has none of that meaning",
         _function("date_sub", "datesub", "range", "mode", "make_date", "to_days", "isoyear", "dayofweek")),
)


def _is_decimal(node: exp.Expression) -> bool:
    return isinstance(node, exp.Cast) and node.to.is_type(exp.DataType.Type.DECIMAL)


def lint(duckdb_sql: str) -> list[Finding]:
    """Idioms in a rendered model that must not be there."""
    tree = sqlglot.parse_one(duckdb_sql, read=SOURCE)
    return [
        Finding(ban.idiom, ban.reason, node.sql(SOURCE)[:120])
        for node in tree.walk()
        for ban in BANS
        if ban.found(node)
    ]
