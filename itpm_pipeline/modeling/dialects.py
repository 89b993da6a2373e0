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


@lru_cache(maxsize=4096)  # more than all models and their checks, or each would push out another before it is needed
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


def _first_by(node: exp.Expr) -> exp.Expr:
    """arg_max(x, y) → (array_agg(x order by y desc) filter (where neither is null))[1]."""
    if not isinstance(node, exp.ArgMax | exp.ArgMin):
        return node
    x, y = node.this.sql("postgres"), node.expression.sql("postgres")
    direction = "desc" if isinstance(node, exp.ArgMax) else "asc"
    return _postgres(
        f"(array_agg({x} order by {y} {direction}) filter (where {x} is not null and {y} is not null))[1]"
    )


def _any_value(node: exp.Expr) -> exp.Expr:
    """any_value(x), new in PostgreSQL 16 → (array_agg(x) filter (where x is not null))[1]."""
    if not (isinstance(node, exp.IgnoreNulls) and isinstance(node.this, exp.AnyValue)):
        return node
    x = node.this.this.sql("postgres")
    return _postgres(f"(array_agg({x}) filter (where {x} is not null))[1]")


def _renamed(node: exp.Expr) -> exp.Expr:
    """Functions that PostgreSQL has under another name."""
    if isinstance(node, exp.Split):
        return exp.func("string_to_array", node.this, node.expression)
    if isinstance(node, exp.DateFromParts):
        return exp.func("make_date", node.args["year"], node.args["month"], node.args["day"])
    if isinstance(node, exp.DayOfWeek):
        return _postgres(f"cast(extract(dow from {node.this.sql('postgres')}) as bigint)")
    return node


def _postgres(sql: str) -> exp.Expr:
    return sqlglot.parse_one(sql, read="postgres")


REWRITES: dict[str, tuple[Callable[[exp.Expr], exp.Expr], ...]] = {
    "postgres": (_first_by, _any_value, _renamed)
}


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
    found: Callable[[exp.Expr], bool]


def _called(*names: str) -> Callable[[exp.Expr], bool]:
    """Functions that sqlglot does not know, by name."""
    wanted = {name.lower() for name in names}
    return lambda node: isinstance(node, exp.Anonymous) and str(node.this).lower() in wanted


def _kind(*kinds: type[exp.Expr]) -> Callable[[exp.Expr], bool]:
    return lambda node: isinstance(node, kinds)


def _week_difference(node: exp.Expr) -> bool:
    return isinstance(node, exp.DateDiff) and str(node.args.get("unit") or "").upper().startswith("WEEK")


def _ignored_nulls(node: exp.Expr) -> bool:
    return isinstance(node, exp.IgnoreNulls) and not isinstance(node.this, exp.AnyValue)


def _join(*words: str) -> Callable[[exp.Expr], bool]:
    keys = ("method", "kind", "side")
    return lambda node: isinstance(node, exp.Join) and any(str(node.args.get(key)).upper() in words for key in keys)


def _star_with_exceptions(node: exp.Expr) -> bool:
    return isinstance(node, exp.Star) and any(node.args.get(key) for key in ("except_", "except", "replace", "rename"))


def _all_columns(node: exp.Expr) -> bool:
    if isinstance(node, exp.Group):
        return bool(node.args.get("all"))
    return isinstance(node, exp.Ordered) and node.this.name.upper() == "ALL"


def _rounded_double(node: exp.Expr) -> bool:
    if not isinstance(node, exp.Round):
        return False
    return not (isinstance(node.this, exp.Cast) and node.this.to.is_type(exp.DataType.Type.DECIMAL))


def _file(node: exp.Expr) -> bool:
    return isinstance(node, exp.ReadCSV | exp.ReadParquet) or (
        isinstance(node, exp.Table) and any(mark in node.name for mark in "./")
    )


def _exclusive_range(node: exp.Expr) -> bool:
    return isinstance(node, exp.GenerateSeries) and bool(node.args.get("is_end_exclusive"))


BANS: tuple[_Ban, ...] = (
    _Ban("date_diff('week')", "differs silently on PostgreSQL: count days and divide by 7", _week_difference),
    _Ban("ignore nulls", "is dropped silently on PostgreSQL", _ignored_nulls),
    _Ban("round(double)", "halves are rounded differently: cast to decimal first", _rounded_double),
    _Ban("pivot / unpivot", "PostgreSQL has neither", _kind(exp.Pivot)),
    _Ban("asof join", "PostgreSQL has none: join on the interval", _join("ASOF")),
    _Ban("semi / anti join", "write exists", _join("SEMI", "ANTI")),
    _Ban("* exclude / replace", "name the columns", _star_with_exceptions),
    _Ban("group / order by all", "name the columns", _all_columns),
    _Ban("try_cast", "PostgreSQL has none", _kind(exp.TryCast)),
    _Ban(
        "the clock",
        "as_of comes from ops.build_parameter",
        _kind(exp.CurrentDate, exp.CurrentTime, exp.CurrentTimestamp, exp.Localtime, exp.Localtimestamp),
    ),
    _Ban("the clock", "as_of comes from ops.build_parameter", _called("now", "today", "get_current_timestamp")),
    _Ban("chance", "the same inputs must give the same table", _kind(exp.Rand, exp.Uuid)),
    _Ban("reading files", "models read ref and source only", _file),
    _Ban("reading files", "models read ref and source only", _called("read_json", "read_text", "read_json_auto")),
    _Ban("no equal in PostgreSQL", "range leaves its end out: use generate_series", _exclusive_range),
    _Ban(
        "no equal in PostgreSQL",
        "say it with portable functions",
        _kind(exp.Mode, exp.First, exp.Last, exp.Week, exp.WeekOfYear, exp.RegexpExtract, exp.Struct, exp.Lambda),
    ),
    _Ban(
        "no equal in PostgreSQL",
        "say it with portable functions",
        _called("date_sub", "datesub", "isoyear", "to_days", "yearweek", "weekday"),
    ),
)


def lint(duckdb_sql: str) -> list[Finding]:
    """Idioms in a rendered model that must not be there."""
    tree = sqlglot.parse_one(duckdb_sql, read=SOURCE)
    return [
        Finding(ban.idiom, ban.reason, node.sql(SOURCE)[:120])
        for node in tree.walk()
        for ban in BANS
        if ban.found(node)
    ]
