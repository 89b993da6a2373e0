"""All rows of all core tables, for comparisons."""

from pathlib import Path

import duckdb


def core_tables(file: Path, without: str = "") -> dict[str, list[str]]:
    """Rows of each core table as sorted text, with all columns but those named."""
    leave = f"exclude ({without})" if without else ""
    with duckdb.connect(str(file), read_only=True) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        names = [name for (name,) in connection.execute(
            "select table_name from information_schema.tables where table_schema = 'core'"
        ).fetchall()]  # fmt: skip
        return {
            name: sorted(str(row) for row in connection.execute(f'select * {leave} from core."{name}"').fetchall())
            for name in names
        }
