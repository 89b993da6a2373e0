"""What SQL cannot do, on tables: the dependency graph, the critical path, forecasts.

Functions here read and write Arrow tables and know neither a database nor the models; the Python models of
``dbt_like_sql`` hand them their inputs.
"""
