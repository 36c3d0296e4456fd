"""Keys of a terminal, and what a pipe stands for."""

import contextlib
import os
import termios

import pytest

from shared.cli.keys import keyboard
from shared.run.dev.loop import Enter, Quit


@pytest.fixture
def terminal():
    ours, theirs = os.openpty()
    yield ours, theirs
    for each in (ours, theirs):
        with contextlib.suppress(OSError):
            os.close(each)


@pytest.fixture
def pipe():
    theirs, ours = os.pipe()
    yield ours, theirs
    os.close(theirs)


@pytest.mark.parametrize(
    ("typed", "meant"), [(b"\r", Enter()), (b"\n", Enter()), (b"q", Quit()), (b"Q", Quit()), (b"\x04", Quit())]
)
def test_a_key_of_a_terminal_comes_at_once_and_is_not_shown(terminal, typed, meant):
    ours, theirs = terminal
    with keyboard(theirs) as keys:
        os.write(ours, typed)
        assert keys(10) == meant
        os.set_blocking(ours, False)
        with pytest.raises(BlockingIOError):
            os.read(ours, 1)


def test_other_keys_ask_for_nothing(terminal):
    ours, theirs = terminal
    with keyboard(theirs) as keys:
        os.write(ours, b"\x1b[Axyz ")
        assert keys(10) is None
        assert keys(0) is None


def test_a_terminal_is_left_as_it_was(terminal):
    _, theirs = terminal
    before = termios.tcgetattr(theirs)
    with contextlib.suppress(KeyboardInterrupt), keyboard(theirs):
        assert termios.tcgetattr(theirs) != before
        raise KeyboardInterrupt
    assert termios.tcgetattr(theirs) == before


def test_where_a_terminal_ends_its_user_has_gone(terminal):
    ours, theirs = terminal
    with keyboard(theirs) as keys:
        os.close(ours)
        assert keys(10) == Quit()
        assert keys(0) is None


def test_a_pipe_gives_its_keys_one_by_one_and_no_more_after_its_end(pipe):
    ours, theirs = pipe
    os.write(ours, b"\n\nq\n")
    os.close(ours)
    with keyboard(theirs) as keys:
        assert [keys(0) for _ in range(6)] == [Enter(), Enter(), Quit(), Enter(), None, None]


def test_without_stdin_there_are_no_keys():
    with keyboard(None) as keys:
        assert keys(0) is None
