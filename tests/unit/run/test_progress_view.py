"""How far a run is, off a terminal and on one."""

import io
from datetime import UTC, datetime

from rich.console import Console

from shared.run.logs import Progress
from shared.run.progress_view import live
from shared.run.watch import Snapshot

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def snapshot(ranks, expected=None):
    return Snapshot("RUNNING", "Ranks", ranks, NOW, None, None, expected)


def test_off_a_terminal_each_change_is_one_line():
    said = []
    with live(Console(file=io.StringIO()), said.append) as show:
        both = {0: Progress(0, 20, 20), 1: Progress(1, 5, 20)}
        for ranks, expected in (({}, None), ({}, None), ({0: Progress(0, 10, 20)}, None), (both, None), (both, 4)):
            show(snapshot(ranks, expected))
    assert said == [
        "RUNNING Ranks",
        "RUNNING Ranks: 10 of 20 records on 1 rank",
        "RUNNING Ranks: 25 of 40 records on 2 ranks",
        "RUNNING Ranks: 25 of about 80 records on 2 of 4 ranks",
    ]


def test_on_a_terminal_each_rank_has_a_bar():
    screen, said = Console(file=io.StringIO(), force_terminal=True, width=100), []
    with live(screen, said.append) as show:
        show(snapshot({0: Progress(0, 10, 20), 1: Progress(1, 5, 20)}))
    drawn = screen.file.getvalue()
    assert all(text in drawn for text in ("Ranks", "15/40", "rank 0", "10/20", "rank 1", "5/20"))
    assert said == []
