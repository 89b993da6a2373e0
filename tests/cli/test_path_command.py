"""``itpm path``: the critical path to issues asked for, from what was published."""

import json
from collections.abc import Callable

from command_line import Place


def test_the_path_to_an_issue_is_what_the_models_tell(built: Place) -> None:
    query = (
        "select issue_key, finish_date, driver_issue_id is not null as waits from int.int_schedule_node"
        " where not is_container and not is_placeholder order by waits desc, issue_key limit 1"
    )
    (row,) = json.loads(built.ok("sql", "--format", "json", query))
    told = built.ok("path", row["issue_key"], COLUMNS="200")
    lines = [line for line in told.splitlines() if row["issue_key"] in line]
    assert len(lines) == 1
    assert row["finish_date"] in lines[0]
    assert len(told.splitlines()) > 5 if row["waits"] else True


def test_a_key_nobody_knows_is_a_wrong_question(built: Place, errors: Callable[..., list[str]]) -> None:
    told = errors("path", "NONE-1", "NONE-2", exit_code=2, in_place=built)
    assert told == ["itpm: NONE-1, NONE-2: no open issue has this key in the last build."]
