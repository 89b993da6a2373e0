"""The warehouse in a PostgreSQL database. Needs the extra ``postgres`` (psycopg)."""
