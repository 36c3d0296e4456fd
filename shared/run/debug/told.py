"""What is shown of an error and of a function's values: the user's own frames, and no value that may be a secret."""

from __future__ import annotations

import reprlib
import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.config.variables import names_secret

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from types import FrameType, TracebackType

    from shared.values import Json

_HIDDEN = "***"
_SHORTEST = 8  # letters of a secret that is looked for in other values; a shorter one is in many words
_MOST = 120  # letters of a value
_MOST_OF_PARTS = 400  # letters of a value with all its parts


@dataclass(frozen=True, slots=True)
class Shown:
    """Shows what happened in code below *folders*; *secrets* are texts that no line may hold.

    ``root`` is the project's folder: files in it are named from there.
    """

    root: Path
    folders: tuple[Path, ...]
    secrets: tuple[str, ...]

    def owns(self, file: str) -> bool:
        """Say whether *file* is the user's own."""
        return any(file.startswith(f"{folder}/") for folder in self.folders)

    def traceback(self, error: BaseException) -> list[str]:
        """Return the lines of the traceback of *error*: the user's own frames, and what it says."""
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if self.owns(frame.filename)]
        head = ["Traceback (most recent call last):\n", *traceback.format_list(frames)] if frames else []
        first, *rest = traceback.format_exception_only(error)
        said = "".join([*head, first.removeprefix(f"{type(error).__module__}."), *rest])
        return [self.hidden(line) for line in said.replace(f"{self.root}/", "").splitlines()]

    def own_trace(self, error: BaseException) -> TracebackType | None:
        """Return the traceback of *error* from the first frame of the user's own on; None where it has none."""
        trace = error.__traceback__
        while trace is not None and not self.owns(trace.tb_frame.f_code.co_filename):
            trace = trace.tb_next
        return trace

    def own_frame(self, trace: TracebackType | None) -> tuple[FrameType, int] | None:
        """Return the innermost frame of the user's own in *trace*, with its line; None where there is none."""
        found = [(frame, line) for frame, line in traceback.walk_tb(trace) if self.owns(frame.f_code.co_filename)]
        return found[-1] if found else None

    def locals(self, error: BaseException) -> list[str]:
        """Return the local variables of the user's own frame that raised *error*, each as a line."""
        found = self.own_frame(error.__traceback__)
        if found is None:
            return []
        frame, line = found
        place = self.hidden(f"{frame.f_code.co_filename}:{line}".replace(f"{self.root}/", ""))
        shown = [f"  {name} = {self.value(name, value)}" for name, value in frame.f_locals.items() if _is_told(name)]
        return [f"locals of {frame.f_code.co_name} at {place}", *shown]

    def value(self, name: str, value: object) -> str:
        """Return the *value* of what is called *name*, shortened; of a secret, or of one of its parts, stars."""
        if names_secret(name):
            return _HIDDEN
        text = self.hidden(_SHORT.repr(_masked(value)))
        return text if len(text) <= _MOST_OF_PARTS else f"{text[:_MOST_OF_PARTS]} ..."

    def hidden(self, text: str) -> str:
        """Return *text* with stars in the place of each secret."""
        for secret in self.secrets:
            text = text.replace(secret, _HIDDEN)
        return text

    def result(self, value: Json) -> Json:
        """Return *value* as it is, but for stars in the place of each secret: it is data, and no name hides it."""
        if isinstance(value, str):
            return self.hidden(value)
        if isinstance(value, dict):
            return {self.hidden(name): self.result(inner) for name, inner in value.items()}
        return [self.result(inner) for inner in value] if isinstance(value, list) else value


def secrets_in(variables: Mapping[str, str]) -> tuple[str, ...]:
    """Return the values of those *variables* that hold secrets, the longest first."""
    found = {value for name, value in variables.items() if names_secret(name) and len(value) >= _SHORTEST}
    return tuple(sorted(found, key=len, reverse=True))


def masked(value: Json) -> Json:
    """Return *value* with stars in the place of what stands under names of secrets."""
    if isinstance(value, dict):
        return {name: _HIDDEN if names_secret(str(name)) else masked(inner) for name, inner in value.items()}
    return [masked(inner) for inner in value] if isinstance(value, list) else value


def _masked(value: object) -> object:
    """Return *value* as :func:`masked` has it, if it is made of lists and dictionaries; else as it is."""
    if type(value) is dict:
        return {name: _HIDDEN if names_secret(str(name)) else _masked(inner) for name, inner in value.items()}
    return [_masked(inner) for inner in value] if type(value) is list else value


def _is_told(name: str) -> bool:
    return not name.startswith("__")


_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = _SHORT.maxlong = _MOST
_SHORT.maxdict = _SHORT.maxlist = 12
