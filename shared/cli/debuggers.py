"""What looks at a handler that is called here: Python's own debugger at a terminal, an editor, or nobody."""

from __future__ import annotations

import importlib
import json
import os
import pdb  # noqa: T100  the command is a debugger
import sys
import threading
from typing import TYPE_CHECKING, Any

from shared.cli import console
from shared.errors import LanesError
from shared.local.lambda_runtime.peer import others_at
from shared.run.debug.again import NoDebugger

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType, ModuleType, TracebackType

    from shared.local.handler import Context, Handler
    from shared.run.debug.again import Debugger
    from shared.run.debug.told import Shown
    from shared.values import Json

LOOPBACK = "127.0.0.1"


class Nobody(NoDebugger):
    """Prints what a handler raised, and the local variables of the user's own frame."""

    def __init__(self, shown: Shown) -> None:
        self._shown = shown

    def stopped(self, error: BaseException) -> None:
        """Print *error*."""
        for line in (*self._shown.traceback(error), *self._shown.locals(error)):
            console.err.print(line)


class Terminal:
    """Python's debugger, where the handler raised; with *breaks*, at its first line too."""

    def __init__(self, shown: Shown, *, breaks: bool) -> None:
        self._shown = shown
        self._breaks = breaks

    def call(self, handler: Handler, event: Json, context: Context) -> object:
        """Return what *handler* returns."""
        if not self._breaks:
            return handler(event, context)
        console.note("n goes on by a line, s into a call, c to the end, p NAME shows a value, q leaves")
        debugger = pdb.Pdb()
        debugger.reset()
        sys.settrace(debugger.trace_dispatch)
        try:
            return handler(event, context)  # runcall would hide that it was left with q
        finally:
            sys.settrace(None)

    def stopped(self, error: BaseException) -> None:
        """Print *error*, and stop in the innermost of the user's own frames, if there is one."""
        for line in self._shown.traceback(error):
            console.err.print(line)
        trace = self._shown.own_trace(error)
        if trace is None:
            return
        console.note("p NAME shows a value, ll the function, u and d go to other frames, q leaves")
        debugger = _PostMortem(self._shown)
        debugger.reset()
        debugger.interaction(None, trace)


class _PostMortem(pdb.Pdb):
    """Python's debugger after an error, at first in the user's own frame and not in a library's."""

    def __init__(self, shown: Shown) -> None:
        super().__init__()
        self._shown = shown

    def get_stack(
        self, frame: FrameType | None, trace: TracebackType | None
    ) -> tuple[list[tuple[FrameType, int]], int]:
        """Return the frames with their lines, and which of them is looked at first."""
        stack, chosen = super().get_stack(frame, trace)
        own = [number for number, (each, _) in enumerate(stack) if self._shown.owns(each.f_code.co_filename)]
        return stack, own[-1] if own else chosen


class Editor:
    """An editor that has attached to debugpy. It stops at its own breakpoints, and where the handler raised.

    Args:
        shown: Shows errors.
        breaks: Stop before the handler is called.
        port: Where to listen, on the loopback; 0 for any free port.

    Raises:
        LanesError: debugpy is not installed, or the port is taken.
    """

    def __init__(self, shown: Shown, *, breaks: bool, port: int) -> None:
        self._shown = shown
        self._breaks = breaks
        self._debugpy = _debugpy()
        try:
            _, self._port = self._debugpy.listen((LOOPBACK, port))
        except (OSError, RuntimeError) as error:
            raise LanesError(f"port {port} cannot be listened to: {error}", fix="--listen with another port") from error

    def wait(self, others: Callable[[int], bool] = others_at) -> None:
        """Say how an editor attaches, and wait for one; *others* says whether another user is connected to a port.

        Raises:
            LanesError: Another user of the machine has attached.
        """
        attach = {
            "name": "lanes debug",
            "type": "debugpy",
            "request": "attach",
            "connect": {"host": LOOPBACK, "port": self._port},
            "justMyCode": False,
        }
        console.note(f"waits for an editor on {LOOPBACK}:{self._port}; in VS Code, put this into .vscode/launch.json:")
        console.err.print(json.dumps({"version": "0.2.0", "configurations": [attach]}, indent=2))
        console.note(
            "debugpy asks for no password: every user of this machine can connect there and run code as you; on a "
            "machine that others use, debug at the terminal"
        )
        self._debugpy.wait_for_client()
        if others(self._port):
            raise LanesError(
                f"another user of this machine has connected to port {self._port}; nothing was called",
                fix="debug at the terminal: leave out --editor and --listen",
            )

    def call(self, handler: Handler, event: Json, context: Context) -> object:
        """Return what *handler* returns."""
        if self._breaks:
            self._debugpy.breakpoint()
        return handler(event, context)  # step into it

    def stopped(self, error: BaseException) -> None:
        """Let the editor look at *error*, where it stops at uncaught exceptions; then print it."""
        pydevd: Any = importlib.import_module("pydevd")  # debugpy brings it along
        server, thread = pydevd.get_global_debugger(), threading.current_thread()
        if server is not None:
            info = server.set_additional_thread_info(thread)
            raised = (type(error), error, self._shown.own_trace(error) or error.__traceback__)
            info.is_tracing += 1
            try:
                server.stop_on_unhandled_exception(server, thread, info, raised)
            finally:
                info.is_tracing -= 1
                pydevd.stoptrace()  # else it stops at the end of the command, too
        for line in self._shown.traceback(error):
            console.err.print(line)


def at_terminal() -> bool:
    """Say whether somebody can type commands."""
    return sys.stdin.isatty()


def breakpoints_of(debugger: Debugger) -> dict[str, str]:
    """Return the variable that turns the user's ``breakpoint()`` off where nobody could go on from it."""
    return {"PYTHONBREAKPOINT": "0"} if isinstance(debugger, Nobody) else {}


def _debugpy() -> ModuleType:
    os.environ.setdefault("PYDEVD_DISABLE_FILE_VALIDATION", "1")  # it warns of files of Python's own that it cannot see
    try:
        return importlib.import_module("debugpy")
    except ModuleNotFoundError as error:
        raise LanesError(
            "an editor needs debugpy, which is not installed",
            fix="pip install 'teamlanes[debug]', or pip install debugpy",
        ) from error
