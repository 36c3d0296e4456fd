"""Tells a function's own code from the rest of a traceback or a log, and what to do about code that fails to load."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

TASK = "/var/task/"
"""The folder in which Lambda keeps a function's code; tracebacks name it."""

_FILE = re.compile(r"""\s*File ["'](?P<path>[^"']+)["']""")
_PLACE = re.compile(rf"""File ["'](?:{TASK})?(?P<name>[^"']+)["'],? [Ll]ine (?P<line>\d+)""")
_NOT_OWN = re.compile(r"<frozen |/var/lang/|/var/runtime/|/opt/python/lib/|.*/site-packages/")
_MISSING = re.compile(r"No module named '([^']+)'")
_VARIABLE = re.compile(r"'(TABLE|BUCKET|QUEUE|TOPIC|SECRET|SETTING|FUNCTION|WORKFLOW)_([A-Z0-9_]+)'")
"""The message of a KeyError about a variable that a card's ``uses`` would set."""
_NO_VALUE = "can't find the specified secret value for staging label: AWSCURRENT"
"""What Secrets Manager says of a secret that has no value yet."""
_USES = {
    "tables": "{{{key}: read, write or readwrite}}",
    "buckets": "{{{key}: read, write or readwrite}}",
    "queues": "{{{key}: send or receive}}",
}


def own_frames(trace: object) -> tuple[str, ...]:
    """Return the frames of *trace* (Lambda's stackTrace) that are the function's own; all frames, if none is its own.

    Each frame is a line with the file, from the root of the checkout, and below it the code of that line.
    """
    frames = [str(frame).rstrip("\n") for frame in trace] if isinstance(trace, list) else []
    own = [frame for frame in frames if (found := _FILE.match(frame)) and not _NOT_OWN.match(found["path"])]
    return tuple(in_checkout(frame) for frame in own or frames)


def in_checkout(text: str) -> str:
    """Return *text* with the paths of a function's code as they are in the checkout: without ``/var/task/``."""
    return text.replace(TASK, "")


def with_places(text: str, files: Mapping[str, str]) -> str:
    """Return *text* with ``path:line`` for each place of a function's code, as a terminal of an editor opens it.

    Args:
        text: Lines of a traceback, as Python or Lambda writes them.
        files: The path of each file of the code as it is to be shown, by its name in ``/var/task``.
    """

    def place(found: re.Match[str]) -> str:
        path = files.get(found["name"])
        return f"{path}:{found['line']}" if path else found[0]

    return _PLACE.sub(place, text)


def is_noise(line: str) -> bool:
    """Say whether a log *line* is of no use to the function's author: a frame of other code, a warning to everyone."""
    frame = _FILE.match(line)
    return "LAMBDA_WARNING: " in line or bool(frame and _NOT_OWN.match(frame["path"]))


def fix_of(error: str, message: str) -> str | None:
    """Return the fix for an *error* that deployment has to do with: code that cannot be loaded, names not given.

    None for other errors.
    """
    if error == "KeyError" and (unset := _VARIABLE.fullmatch(message)):
        kind, key = f"{unset[1].lower()}s", unset[2].lower().replace("_", "-")
        told = _USES.get(kind, f"[{key}]").format(key=key)
        return f"say on the workflow's card, under uses of this function: {kind}: {told}; it sets the variable"
    if _NO_VALUE in message:
        return "lanes secret set TEAM NAME: the secret was made without a value, which no file holds"
    if error == "Runtime.ImportModuleError" and (found := _MISSING.search(message)):
        name = found[1]
        package = name.partition(".")[0]
        if package == "shared":
            return f"see that {name} exists, below shared/handlers or shared/fmi: nothing else goes into the zip"
        return (
            f"add the library that has {package} to the workflow's requirements (requirements.txt in its folder, or "
            "statemachines/WORKFLOW.requirements.txt of a shared one), and deploy"
        )
    return {
        "Runtime.HandlerNotFound": "in the workflow's card (handler:), name a function that the module has",
        "Runtime.MalformedHandlerName": "in the workflow's card, write the handler as MODULE.FUNCTION",
        "Runtime.UserCodeSyntaxError": "correct that line, and run it again",
    }.get(error)
