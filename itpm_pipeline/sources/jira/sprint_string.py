"""Sprints as older Data Center sites put them into an issue: the text of a Java object.

``com.atlassian.greenhopper.service.sprint.Sprint@21d00be2[id=225,rapidViewId=24,state=CLOSED,name=Payments, wave 2,
goal=,startDate=2017-09-19T16:07:27.697Z,endDate=…,completeDate=<null>,sequence=225]``

Names and goals hold commas, brackets and line breaks; attributes come in any order and differ by version.
"""

import re
from typing import Any

_ATTRIBUTES = (
    "id|rapidViewId|state|name|goal|startDate|endDate|completeDate|activatedDate|sequence|synced|autoStartStop"
    "|incompleteIssuesDestinationId"
)
_HEAD = re.compile(r"^[\w.$]*Sprint@[0-9a-fA-F]+\[")
_NEXT = re.compile(rf"(?:^|,)(?P<name>{_ATTRIBUTES})=")


def parse_sprint_string(text: str) -> dict[str, Any] | None:
    """The sprint in the shape of the Agile API's JSON, or None when the text is no sprint.

    Keys: ``id`` (int), ``state`` (lower case), ``name``, ``goal``, ``startDate``, ``endDate``, ``completeDate``,
    ``activatedDate``, ``originBoardId`` (int); those without a value are left out.
    """
    head = _HEAD.match(text)
    if not head or not text.endswith("]"):
        return None
    inner = text[head.end() : -1]
    marks = list(_NEXT.finditer(inner))
    found: dict[str, Any] = {}
    for position, mark in enumerate(marks):
        value = inner[mark.end() : marks[position + 1].start() if position + 1 < len(marks) else len(inner)]
        # A name may contain ",state=…": what comes first is the attribute, the rest was part of a text.
        if mark["name"] not in found:
            found[mark["name"]] = None if value in ("<null>", "") else value
    if not (found.get("id") or "").isdecimal():
        return None
    board = found.pop("rapidViewId", None)
    sprint = {
        "id": int(found["id"]),
        "state": (found.get("state") or "").lower() or None,
        "originBoardId": int(board) if board and board.isdecimal() else None,
        **{name: found.get(name) for name in ("name", "goal", "startDate", "endDate", "completeDate", "activatedDate")},
    }
    return {name: value for name, value in sprint.items() if value is not None}
