"""docs/dependencies.md: its questions, asked of the demo company, have the answers that stand there."""

import re
from pathlib import Path

import pytest
from whole_pipeline import Published

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "dependencies.md").read_text(encoding="utf-8")
QUESTION = re.compile(r"### (\d+)\. (.+?)\n\n```sql\n(.+?)\n```\n\n((?:\|[^\n]*\n)+)", re.DOTALL)
QUESTIONS = [(f"{number}. {words}", sql, answer) for number, words, sql, answer in QUESTION.findall(PAGE)]


def shown(value: object) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def test_there_are_ten() -> None:
    assert [question.split(".")[0] for question, _, _ in QUESTIONS] == [str(number) for number in range(1, 11)]


@pytest.mark.parametrize(("question", "sql", "answer"), QUESTIONS, ids=[question for question, _, _ in QUESTIONS])
@pytest.mark.parametrize(
    "published", [pytest.param("small", marks=pytest.mark.xdist_group("truth-small"))], indirect=True, scope="session"
)
def test_answer(published: Published, question: str, sql: str, answer: str) -> None:
    names, _, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in answer.strip().split("\n")]
    found = published.rows(sql)
    assert found, question
    assert list(found[0]) == names
    assert [[shown(value) for value in row.values()] for row in found] == rows
