"""What may stand in a model, and how it is said in PostgreSQL."""

import pytest

from itpm_pipeline.errors import ModelError
from itpm_pipeline.modeling.dialects import lint, transpile


@pytest.mark.parametrize(
    ("sql", "idiom"),
    [
        ("select date_diff('week', a, b) from t", "date_diff('week')"),
        ("select datediff('weeks', a, b) from t", "date_diff('week')"),
        ("select last_value(a ignore nulls) over (order by b) from t", "ignore nulls"),
        ("select last_value(a) ignore nulls over (order by b) from t", "ignore nulls"),
        ("select * from (pivot t on a using sum(b))", "pivot / unpivot"),
        ("select * from t asof join u on t.a >= u.a", "asof join"),
        ("select * from t semi join u on t.a = u.a", "semi / anti join"),
        ("select * from t anti join u on t.a = u.a", "semi / anti join"),
        ("select * exclude (a) from t", "* exclude / replace"),
        ("select t.* exclude (a) from t", "* exclude / replace"),
        ("select * replace (1 as a) from t", "* exclude / replace"),
        ("select now()", "the clock"),
        ("select current_date", "the clock"),
        ("select today()", "the clock"),
        ("select current_timestamp", "the clock"),
        ("select get_current_timestamp()", "the clock"),
        ("select random()", "chance"),
        ("select uuid()", "chance"),
        ("select try_cast(a as int) from t", "try_cast"),
        ("select a, count(*) from t group by all", "group / order by all"),
        ("select a from t order by all", "group / order by all"),
        ("select round(a, 2) from t", "round(double)"),
        ("select round(a::double) from t", "round(double)"),
        ("select * from read_csv('x.csv')", "reading files"),
        ("select * from read_parquet('x')", "reading files"),
        ("select * from 'x.parquet'", "reading files"),
        ("select mode(a) from t", "no equal in PostgreSQL"),
        ("select date_sub('day', a, b) from t", "no equal in PostgreSQL"),
        ("select * from range(3)", "no equal in PostgreSQL"),
        ("select isoyear(a) from t", "no equal in PostgreSQL"),
        ("select regexp_extract(a, 'x') from t", "no equal in PostgreSQL"),
        ("select list_transform(a, x -> x + 1) from t", "no equal in PostgreSQL"),
        ("select first(a) from t", "no equal in PostgreSQL"),
    ],
)
def test_idioms_that_do_not_travel_are_found(sql, idiom):
    assert idiom in [finding.idiom for finding in lint(sql)]


@pytest.mark.parametrize(
    "sql",
    [
        "select date_diff('day', a, b), count(*) filter (where c) from t",
        "select round(a::decimal(18, 4), 2), round(cast(a as numeric(9, 2))) from t",
        "select *, row_number() over (partition by a order by b) from t qualify row_number() over (order by a) = 1",
        "select t.* from t left join u on t.a = u.a where not exists (select 1 from u where u.a = t.a) order by t.a",
        "select quantile_cont(a, 0.5), quantile_disc(a, 0.5), median(a), stddev_samp(a) from t",
        "select last_value(a) over (order by b) from t group by a, b",
    ],
)
def test_ordinary_sql_passes(sql):
    assert lint(sql) == []


@pytest.mark.parametrize(
    ("duckdb", "postgres"),
    [
        (
            "select arg_max(a, b) from t",
            "SELECT (ARRAY_AGG(a ORDER BY b DESC) FILTER(WHERE a IS NOT NULL AND b IS NOT NULL))[1] FROM t",
        ),
        (
            "select min_by(a, b) from t",
            "SELECT (ARRAY_AGG(a ORDER BY b ASC) FILTER(WHERE a IS NOT NULL AND b IS NOT NULL))[1] FROM t",
        ),
        ("select any_value(a) from t", "SELECT (ARRAY_AGG(a) FILTER(WHERE a IS NOT NULL))[1] FROM t"),
        ("select unnest(string_split(a, ',')) from t", "SELECT UNNEST(STRING_TO_ARRAY(a, ',')) FROM t"),
        ("select make_date(1, 2, 3)", "SELECT MAKE_DATE(1, 2, 3)"),
        ("select dayofweek(a) from t", "SELECT CAST(EXTRACT(DOW FROM a) AS BIGINT) FROM t"),
    ],
)
def test_rewrites(duckdb, postgres):
    assert transpile(duckdb, "postgres") == postgres


def test_duckdb_is_left_alone():
    assert transpile("select  1", "duckdb") == "select  1"


def test_what_cannot_be_said_is_an_error():
    with pytest.raises(ModelError, match="postgres"):
        transpile("select * from (pivot t on a using sum(b))", "postgres")
