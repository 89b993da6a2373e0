"""Progress in log files, and text from trackers on its way to a terminal."""

import io

from rich.console import Console

from itpm_pipeline.cli.progress import Lines
from itpm_pipeline.cli.terminal import printable


def test_a_line_when_a_piece_of_work_ends() -> None:
    out = io.StringIO()
    lines = Lines(Console(file=out))
    lines.started(None, "acme:[bold]PAY")
    lines.started(2, "models")
    lines.started(1, "loading")
    lines.advanced("acme:[bold]PAY", 1500)
    lines.advanced("models")
    lines.advanced("loading")
    lines.finished("loading")
    lines.finished("acme:[bold]PAY")
    lines.advanced("models")
    lines.finished("models")
    lines.started(None, "simulating")
    lines.finished("simulating")
    assert out.getvalue().splitlines() == ["acme:[bold]PAY: 1,500", "models: 2", "simulating"]


def test_control_characters_are_not_printed() -> None:
    assert printable("a\x1b[31mb\rc\u202ed\x9be") == "a?[31mb?c?d?e"
    assert printable("Überfällig: 期限切れ") == "Überfällig: 期限切れ"
