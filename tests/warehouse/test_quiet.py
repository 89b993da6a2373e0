"""Standard output belongs to the commands: DuckDB draws nothing into it, wherever it runs."""

import subprocess
import sys

CODE = """
import sys
import sqlalchemy as sa
from itpm_pipeline.warehouse.engine import open_published, open_warehouse

draws = "select current_setting('enable_progress_bar') as draws"
warehouse = open_warehouse(sys.argv[1])
warehouse.prepare()
warehouse.publish()
with warehouse.reading() as conn, open_published(sys.argv[1]) as published:
    print(conn.execute(sa.text(draws)).scalar_one(), published.query(draws).to_pylist()[0]["draws"])
"""


def test_no_progress_bar_is_drawn_in_a_process_without_a_main_file(tmp_path):
    url = f"duckdb:///{tmp_path}/w.duckdb"
    done = subprocess.run([sys.executable, "-c", CODE, url], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
