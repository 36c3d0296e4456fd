"""What looks at a handler that is called here: pdb, an editor's debugpy, nobody."""

import io
import sys
from types import SimpleNamespace

import pytest

from shared.cli.debuggers import Editor, Nobody, Terminal, breakpoints_of
from shared.errors import LanesError
from shared.run.debug.told import Shown

SOURCE = """\
import json

def handler(event, context):
    text = event["text"]
    return parse(text)

def parse(text):
    size = len(text)
    return json.loads(text), size
"""


@pytest.fixture
def handler(tmp_path):
    path = tmp_path / "work.py"
    path.write_text(SOURCE)
    names = {}
    exec(compile(SOURCE, str(path), "exec"), names)
    return names["handler"]


@pytest.fixture
def shown(tmp_path):
    return Shown(tmp_path, (tmp_path,), ("hunter2hunter2",))


@pytest.fixture
def typed(monkeypatch):
    """Return a function that types lines at the debugger."""
    return lambda *lines: monkeypatch.setattr(sys, "stdin", io.StringIO("".join(f"{line}\n" for line in lines)))


def raised(handler, event):
    try:
        handler(event, None)
    except ValueError as error:
        return error
    raise AssertionError


def test_after_an_error_it_stands_in_the_users_own_frame(handler, shown, typed, capsys):
    typed("p size", "u", "p event", "q")
    Terminal(shown, breaks=False).stopped(raised(handler, {"text": "{"}))
    told = capsys.readouterr()
    assert "work.py(9)parse()" in told.out
    assert "-> return json.loads(text), size" in told.out
    assert "(Pdb) 1" in told.out
    assert "{'text': '{'}" in told.out
    assert 'File "work.py", line 9, in parse' in told.err
    assert "json/decoder.py" not in told.err


def test_without_a_frame_of_the_users_it_only_prints(shown, typed, capsys):
    typed()
    Terminal(shown, breaks=False).stopped(ModuleNotFoundError("No module named 'x'"))
    assert "ModuleNotFoundError: No module named 'x'" in capsys.readouterr().err


def test_with_break_it_stands_at_the_first_line(handler, shown, typed, capsys):
    typed("n", "p text", "c")
    assert Terminal(shown, breaks=True).call(handler, {"text": "[]"}, None) == ([], 2)
    told = capsys.readouterr().out
    assert '-> text = event["text"]' in told
    assert "(Pdb) '[]'" in told
    assert sys.gettrace() is None or "pdb" not in repr(sys.gettrace())


def test_leaving_it_is_told_apart_from_an_end(handler, shown, typed):
    from bdb import BdbQuit

    typed("q")
    with pytest.raises(BdbQuit):
        Terminal(shown, breaks=True).call(handler, {"text": "[]"}, None)


def test_nobody_gets_the_variables_and_no_breakpoint(handler, shown, capsys):
    nobody = Nobody(shown)
    nobody.stopped(raised(handler, {"text": "{hunter2hunter2"}))
    told = capsys.readouterr().err
    assert "locals of parse at work.py:9\n  text = '{***'\n  size = 15\n" in told
    assert breakpoints_of(nobody) == {"PYTHONBREAKPOINT": "0"}
    assert breakpoints_of(Terminal(shown, breaks=False)) == {}


class FakeDebugpy(SimpleNamespace):
    """What debugpy has of what is used, and what it was asked for."""

    def __init__(self, *, taken=False):
        super().__init__(asked=[], taken=taken)

    def listen(self, address):
        if self.taken:
            raise RuntimeError("Can't listen for client connections: [Errno 98] Address already in use")
        self.asked.append(("listen", address))
        return address[0], address[1] or 40_000

    def wait_for_client(self):
        self.asked.append("wait")

    def breakpoint(self):
        self.asked.append("breakpoint")


@pytest.fixture
def debugpy(monkeypatch):
    fake = FakeDebugpy()
    monkeypatch.setitem(sys.modules, "debugpy", fake)
    monkeypatch.setitem(sys.modules, "pydevd", SimpleNamespace(get_global_debugger=lambda: None))
    return fake


def test_an_editor_attaches_on_the_loopback_alone_and_is_told_how(debugpy, shown, handler, capsys):
    editor = Editor(shown, breaks=True, port=0)
    editor.wait()
    told = capsys.readouterr().err
    assert debugpy.asked == [("listen", ("127.0.0.1", 0)), "wait"]
    assert '"request": "attach"' in told
    assert '"port": 40000' in told
    assert "every user of this machine can connect there and run code as you" in told
    assert editor.call(handler, {"text": "[]"}, None) == ([], 2)
    assert debugpy.asked[-1] == "breakpoint"


def test_an_editor_of_another_user_ends_it(debugpy, shown):
    with pytest.raises(
        LanesError, match="another user of this machine has connected to port 40000; nothing was called"
    ):
        Editor(shown, breaks=False, port=0).wait(lambda port: port == 40_000)


def test_a_port_that_is_taken_says_what_to_do(debugpy, shown):
    debugpy.taken = True
    with pytest.raises(LanesError, match="port 5678 cannot be listened to") as error:
        Editor(shown, breaks=False, port=5678)
    assert error.value.fix == "--listen with another port"


def test_without_debugpy_the_command_that_installs_it_is_named(shown, monkeypatch):
    monkeypatch.setitem(sys.modules, "debugpy", None)
    with pytest.raises(LanesError, match="an editor needs debugpy, which is not installed") as error:
        Editor(shown, breaks=False, port=0)
    assert "pip install 'teamlanes[debug]'" in error.value.fix


def test_the_error_is_given_to_the_editor_with_the_users_frames(debugpy, shown, handler, monkeypatch, capsys):
    seen = []
    server = SimpleNamespace(
        set_additional_thread_info=lambda thread: SimpleNamespace(is_tracing=0),
        stop_on_unhandled_exception=lambda server, thread, info, raised: seen.append(raised),
    )
    fake = SimpleNamespace(get_global_debugger=lambda: server, stoptrace=lambda: seen.append("detached"))
    monkeypatch.setitem(sys.modules, "pydevd", fake)
    error = raised(handler, {"text": "{"})
    Editor(shown, breaks=False, port=0).stopped(error)
    (kind, told, trace), end = seen
    assert (kind, told, trace.tb_frame.f_code.co_name, end) == (type(error), error, "handler", "detached")
    assert "JSONDecodeError" in capsys.readouterr().err
