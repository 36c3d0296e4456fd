"""No text of others controls a terminal: every command prints by way of console, which shows text as it is."""

import ast
import io
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.live import Live
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from shared.cli import console
from shared.visible import visible

CLI = Path(console.__file__).parent
HOSTILE = "\x1b]0;owned\x07\x1b[31mred\x1b[0m\x1b[2J\r\x08\x7f\x9b2J\u202e\u2066\u200b\ufeff\U000e0041\u2028"
SEEN = r"\x1b]0;owned\x07\x1b[31mred\x1b[0m\x1b[2J\r\x08\x7f\x9b2J\u202e\u2066\u200b\ufeff\U000e0041\u2028"
MARKUP = "[red]x[/] [link=https://example.edu]y[/link] [/] :smile:"


@pytest.fixture
def screen():
    """A console like those of the commands, on a terminal 400 wide, and what it wrote."""
    file = io.StringIO()
    made = type(console.out)(
        file=file, force_terminal=True, width=400, soft_wrap=True, emoji=False, markup=False, highlight=False
    )
    return made, file


def test_what_steers_a_terminal_is_shown():
    assert visible(HOSTILE) == SEEN


@pytest.mark.parametrize("text", ["", "plain", "a\tb\nc", "Zoë Δ 漢字 🚀", "\u00a0\u00a0File", r"\x1b already"])
def test_all_else_is_as_it_was(text):
    assert visible(text) == text


@given(st.text())
def test_nothing_that_steers_is_left_and_showing_twice_changes_nothing(text):
    shown = visible(text)
    assert not [c for c in shown if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"} and c not in "\t\n"]
    assert visible(shown) == shown


def test_c1_that_came_as_bytes_is_shown_too():
    assert visible(b"\xc2\x9b2J".decode()) == r"\x9b2J"
    assert visible(b"\x9b2J".decode("utf-8", "surrogateescape")) == r"\udc9b2J"


def as_table(text):
    table = Table(text, title=text, caption=text)
    table.add_row(text)
    return table


WAYS = {
    "a string": lambda screen, text: screen.print(text),
    "a string with a style": lambda screen, text: screen.print(text, style="bold red"),
    "a table": lambda screen, text: screen.print(as_table(text)),
    "a text": lambda screen, text: screen.print(Text(text)),
    "several": lambda screen, text: screen.print("a", text, "b"),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("text", [HOSTILE, MARKUP])
def test_every_way_to_print_shows_it(way, text, screen):
    made, file = screen
    WAYS[way](made, text)
    wrote = file.getvalue()
    for steering in ("\x1b]", "\x1b[2J", "\x07", "\r", "\x7f", "\x9b", "\u202e", "\u200b", "\ufeff"):
        assert steering not in wrote
    if way != "a text":  # rich's own Text drops a few controls before anybody can show them
        assert (SEEN if text is HOSTILE else MARKUP) in wrote


def test_a_bar_that_moves_still_moves_and_shows_its_name(screen):
    made, file = screen
    bars = Progress(TextColumn("{task.description}", markup=False), BarColumn(), console=made)
    bars.add_task(visible(HOSTILE + MARKUP), total=1)
    with Live(bars, console=made, transient=True, refresh_per_second=100) as live:
        live.refresh()
    assert SEEN + MARKUP in file.getvalue()
    assert "\x1b[2K" in file.getvalue()  # rich's own control, which takes the bar away
    assert "\x1b]0" not in file.getvalue()


@pytest.mark.parametrize("write", [console.line, console.note, console.fail])
def test_lines_notes_and_errors_show_it(write, capfd):
    write(HOSTILE + MARKUP)
    wrote = "".join(capfd.readouterr())
    assert SEEN + MARKUP in wrote.replace("\n", "")
    assert "\x1b" not in wrote


def test_json_stays_json(capfd):
    console.print_json({"line": HOSTILE})
    wrote = capfd.readouterr().out
    assert wrote.isascii()
    assert "\\u001b]0;owned\\u0007" in wrote


PRINTERS = {"print", "echo", "secho", "from_markup", "print_exc", "print_exception", "pprint"}
STREAMS = ("sys.stdout.write", "sys.stderr.write", "sys.stdout.buffer", "sys.__stdout__", "os.write")
MAKERS = {"Console", "_Screen"}


def _names(call):
    return call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")


@pytest.mark.parametrize("path", sorted(CLI.rglob("*.py")), ids=lambda path: path.name)
def test_no_command_prints_but_by_way_of_console(path):
    """``console.out.print`` and the like are the only printers; no module has a console or a stream of its own."""
    if path.name == "console.py":
        return
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        ours = called.startswith(("console.out.", "console.err.")) or called == "where.print"  # plan_view: either
        if _names(node) in MAKERS or (_names(node) in PRINTERS and not ours):
            found.append(f"{path.name}:{node.lineno}: {called}")
        if any(each.arg == "markup" and not _is_false(each.value) for each in node.keywords):
            found.append(f"{path.name}:{node.lineno}: markup")
        if _names(node) == "TextColumn" and not any(each.arg == "markup" for each in node.keywords):
            found.append(f"{path.name}:{node.lineno}: a column with markup")
    assert not found


def _is_false(node):
    return isinstance(node, ast.Constant) and node.value is False
