"""Progress in a cell of Jupyter, and off it."""

import io
from datetime import UTC, datetime

from rich.console import Console

from shared.notebook.html import headline, whole
from shared.notebook.progress import Bar, InJupyter, InLines, kernel_shell, progress_here
from shared.notebook.table import Table
from shared.run.logs import Progress
from shared.run.watch import Snapshot

NOW = datetime(2026, 1, 2, tzinfo=UTC)


class Cell:
    """The output of a cell: one view that changes."""

    def __init__(self):
        self.shown = []

    def display(self, data):
        self.shown.append(data)
        return self

    def update(self, data, raw):
        assert raw
        self.shown.append(data)

    @property
    def html(self):
        return self.shown[-1]["text/html"]


def snapshot(ranks, state="Ranks"):
    return Snapshot("RUNNING", state, ranks, NOW, None, None)


def test_a_cell_has_one_view_that_changes_and_ends_without_bars():
    cell = Cell()
    progress = InJupyter(cell.display)
    progress.note("deployed <team2>")
    with progress.following() as show:
        show(snapshot({0: Progress(0, 10, 20), 1: Progress(1, 20, 20)}))
        assert '<td>rank 0</td><td><progress value="10" max="20"></progress></td><td>10 of 20</td>' in cell.html
        assert "RUNNING Ranks: 30 of 40 records on 2 ranks" in cell.html
        count = len(cell.shown)
        show(snapshot({0: Progress(0, 10, 20), 1: Progress(1, 20, 20)}))
        assert len(cell.shown) == count  # nothing new, so nothing is sent
    assert "<progress" not in cell.html
    assert "deployed &lt;team2&gt;" in cell.html
    assert cell.shown[-1]["text/plain"] == "deployed <team2>"


def test_many_ranks_have_one_bar():
    cell = Cell()
    with InJupyter(cell.display).following() as show:
        show(snapshot({rank: Progress(rank, 1, 2) for rank in range(25)}))
        assert cell.html.count("<progress") == 1
        assert "<td>all ranks</td>" in cell.html


def test_a_state_that_others_named_is_no_html_and_steers_nothing():
    cell = Cell()
    with InJupyter(cell.display).following() as show:
        show(snapshot({}, "<script>\x1b[2J"))
        assert "RUNNING &lt;script&gt;\\x1b[2J" in cell.html


def test_prices_and_formulas_of_others_are_not_typeset():
    cell = Cell()
    InJupyter(cell.display).note(r"$0.01 and $\href{javascript:alert(1)}{x}$")
    table = Table(("text",), [{"text": "$0.01 and $0.02"}])
    for shown in (cell.html, table._repr_html_(), whole(headline("SUCCEEDED", "$0.01 of $0.02"))):
        assert shown.startswith('<div class="tex2jax_ignore mathjax_ignore">')
        assert "$0.01" in shown


def test_a_sweep_shows_its_last_lines_and_how_many_runs_are_done():
    cell = Cell()
    progress = InJupyter(cell.display)
    for number in range(1, 16):
        progress.bar(Bar("runs", number, 20))
        progress.note(f"run {number} of 20")
    assert "3 lines before<br>run 4 of 20<br>" in cell.html
    assert '<progress value="15" max="20">' in cell.html
    progress.bar(None)
    assert "<progress" not in cell.html


def test_off_jupyter_lines_go_to_a_stream():
    file = io.StringIO()
    progress = InLines(Console(file=file, width=200))
    progress.note("on \x1b AWS [bold]")
    progress.bar(Bar("runs", 1, 2))
    with progress.following() as show:
        show(snapshot({0: Progress(0, 10, 20)}))
    assert file.getvalue().splitlines() == ["on \\x1b AWS [bold]", "RUNNING Ranks: 10 of 20 records on 1 rank"]


def test_a_script_is_no_kernel():
    assert kernel_shell() is None
    assert isinstance(progress_here(), InLines)
