"""Forms that were sent and did not start a run: shown again with what was written, at an address of their own."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_MOST = 30  # a form has a megabyte at the most


@dataclass(frozen=True, slots=True)
class Draft:
    """A form as it was sent.

    Attributes:
        key: The form's, which becomes the id of the run that it starts.
        texts: What stands in each field, by the parameter's name.
        files: The name and the bytes of each file that was chosen, by the parameter's name.
        json: The whole input as it was written, where it was sent in this way; else None.
        refused: Whether a run was asked for, and not only what it would be.
        unnamed: Why it was refused beside what stands in it; "" for nothing.
        notes: What to know of how it was filled in.
    """

    key: str
    texts: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, tuple[str, bytes]] = field(default_factory=dict)
    json: str | None = None
    refused: bool = False
    unnamed: str = ""
    notes: tuple[str, ...] = ()


class Drafts:
    """The newest of them, by an id."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: dict[str, Draft] = {}

    def keep(self, draft: Draft) -> str:
        """Keep *draft*, and return its id."""
        made = secrets.token_hex(8)
        with self._lock:
            self._kept[made] = draft
            while len(self._kept) > _MOST:
                del self._kept[next(iter(self._kept))]
        return made

    def get(self, made: str) -> Draft | None:
        """Return the draft of this id; None where there is none, or it was forgotten."""
        with self._lock:
            return self._kept.get(made)
