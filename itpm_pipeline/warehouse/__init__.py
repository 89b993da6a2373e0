"""The SQL warehouse: the only code that knows a database."""
