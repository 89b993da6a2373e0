"""Secrets as people really have them, every way in which they may be written, and where they must not stand."""

import base64
import html
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import quote, quote_plus

import duckdb
import pyarrow.parquet as pq

TOKENS = (
    """it's "quoted"\\n+/T0ken""".replace(" ", "_"),
    "per%0acent%41&%s{0}T0ken",
    ".*[a-z]+(reg|ex)?$^\\T0ken",
    "c2VjcmV0OnRva2VuK1QwazNu+/==",
    "<b>T0ken</b>&amp;#1;--",
)
"""What a tracker may be given: visible ASCII."""

PASSWORDS = ("pässwörd-Ж漢🔑-T0ken", *TOKENS)
"""What a database or a mail server may be given: anything."""


def written(secret: str) -> set[str]:
    """A secret as addresses, JSON, HTML, Python, headers and base64 write it; longer parts give it away as well."""
    whole = {
        secret, quote(secret, safe=""), quote(secret), quote_plus(secret), json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1], html.escape(secret), repr(secret)[1:-1],
        base64.b64encode(secret.encode()).decode(), base64.urlsafe_b64encode(secret.encode()).decode(),
    }  # fmt: skip
    return whole | {secret[: len(secret) * 2 // 3], secret[len(secret) // 3 :]}


def basic(email: str, token: str) -> str:
    """What Basic authentication sends."""
    return base64.b64encode(f"{email}:{token}".encode()).decode()


def contents(folder: Path) -> Iterator[tuple[str, str]]:
    """Every file below a folder as text; compressed formats are read as what they hold."""
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        name = str(path.relative_to(folder))
        yield name, path.read_bytes().decode("utf-8", "replace")
        if path.suffix == ".parquet":
            yield f"rows of {name}", str(pq.read_table(path).to_pylist())
        # The published file is a copy of the working one.
        if path.suffix == ".duckdb" and not path.with_suffix(".working.duckdb").exists():
            with duckdb.connect(str(path), read_only=True) as connection:
                for schema, table in connection.execute(
                    "select table_schema, table_name from information_schema.tables"
                ).fetchall():
                    rows = connection.execute(f'from "{schema}"."{table}"').fetchall()
                    yield f"{name}: {schema}.{table}", str(rows)


def leaks(places: Iterable[tuple[str, str]], secrets: Iterable[str]) -> list[str]:
    """Where a secret stands; the secret itself does not belong in a test's log either."""
    every = {form for secret in secrets for form in written(secret)}
    # What holds another form within it need not be looked for.
    forms = [form for form in every if not any(other in form for other in every - {form})]
    return [name for name, text in places if any(form in text for form in forms)]
