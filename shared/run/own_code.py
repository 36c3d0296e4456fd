"""What a function's error says of the function's own code: its frames, with paths as in the checkout, and a fix."""

from __future__ import annotations

import re
from typing import Any

TASK = "/var/task/"
"""Where Lambda has a function's code, and so every traceback of AWS's."""

_FILE = re.compile(r"""\s*File ["'](?P<path>[^"']+)["']""")
_NOT_OWN = re.compile(r"<frozen |/var/lang/|/var/runtime/|/opt/python/lib/|.*/site-packages/")
_MISSING = re.compile(r"No module named '([^']+)'")


def own_frames(trace: Any) -> tuple[str, ...]:
    """Return the frames of *trace*, Lambda's stackTrace, that are the function's own; all, if none is.

    Each is a line with the file, from the root of the checkout, and the code of that line below it.
    """
    frames = [str(frame).rstrip("\n") for frame in trace] if isinstance(trace, list) else []
    own = [frame for frame in frames if (found := _FILE.match(frame)) and not _NOT_OWN.match(found["path"])]
    return tuple(in_checkout(frame) for frame in own or frames)


def in_checkout(text: str) -> str:
    """Return *text* with the paths of a function's code as they are in the checkout."""
    return text.replace(TASK, "")


def is_noise(line: str) -> bool:
    """Say whether a log *line* tells a reader of the function nothing: a frame of others, a warning to all."""
    frame = _FILE.match(line)
    return "LAMBDA_WARNING: " in line or bool(frame and _NOT_OWN.match(frame["path"]))


def fix_of(error: str, message: str) -> str | None:
    """Return what to do about an *error* that Lambda's Python runtime has for code it cannot load; None for others."""
    if error == "Runtime.ImportModuleError" and (found := _MISSING.search(message)):
        name = found[1]
        if name.partition(".")[0] == "shared":
            return f"see that {name} is there, and below shared/handlers or shared/fmi: nothing else goes into the zip"
        return (
            f"add what brings {name.partition('.')[0]} to chalice_app/requirements.txt, and deploy; "
            "for a rehearsal it must be installed here, too (pip install), or add --packaged"
        )
    return {
        "Runtime.HandlerNotFound": "name in the workflow's card (handler:) a function that the module has",
        "Runtime.MalformedHandlerName": "write the handler in the workflow's card as MODULE.FUNCTION",
        "Runtime.UserCodeSyntaxError": "correct that line, and run it again",
    }.get(error)
