"""Tells of files that were saved, once they are quiet: an editor writes one in steps, and git writes many."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.run.dev.loop import Saved
from shared.run.dev.watched import differing

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from shared.run.dev.watched import Stamps


class Watcher:
    """Looks at files, and tells of changes when two looks in a row saw the same.

    Args:
        look: Returns the stamps of the files.
        shown: Returns how a file's path is shown.
    """

    def __init__(self, look: Callable[[], Stamps], shown: Callable[[str], str]) -> None:
        self._look = look
        self._shown = shown
        self._told = self._last = look()

    def saved(self) -> Saved | None:
        """Return what was saved since it was told last; None while nothing was, or while more may come."""
        now, last = self._look(), self._last
        self._last = now
        if now != last or now == self._told:
            return None
        files = differing(self._told, now)
        self._told = now
        return Saved(tuple(map(self._shown, files)))

    def watch(self, look: Callable[[], Stamps], written: Collection[str] = ()) -> None:
        """Look at other files from now on. What is new among them was no save, nor what we have *written*."""
        there, now = self._look(), look()
        kept = {path: stamp for path, stamp in self._told.items() if path in now and path not in written}
        gone = {path: stamp for path, stamp in self._told.items() if path not in now and path not in there}
        self._look, self._last, self._told = look, now, {**now, **kept, **gone}
