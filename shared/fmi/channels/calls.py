"""Which call of the program a rank is at, and what it calls there: by it, ranks notice that they are not in step.

All ranks call the same operations in the same order, so a number names a call. Its signature is a short text of all
that must be alike on every rank. A frame's mark carries the number and a digest of the signature under the session, so
no byte of another call, another operator or another session is read as this one's.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from shared.fmi.wire.frames import MARK, SESSION, operation_name

if TYPE_CHECKING:
    from shared.fmi.data import Dtype
    from shared.fmi.operators import Op
    from shared.fmi.wire.frames import Operation

_NUMBERS = 1 << 16
_KEPT = 64
"""Signatures that are kept, to answer a rank that finds out late. Our choice: more calls lie in no kernel's buffers."""


class Signed(NamedTuple):
    """A call: its mark, its signature, its session."""

    mark: bytes
    text: str
    session: bytes


class Calls:
    """The calls of one rank. Call 0 joins the world: then there is no session yet."""

    def __init__(self, size: int) -> None:
        self.session = bytes(SESSION)
        self.number = 0
        self._kept = [sign(0, f"a world of {size} ranks", self.session)]
        self.send_mark = self._kept[0].mark
        """What marks a message of send and recv, which are no collective's."""

    @property
    def now(self) -> Signed:
        """The call that is under way, or was last."""
        return self._kept[self.number % _KEPT]

    def open(self, session: bytes) -> None:
        """Let all that follows belong to *session*."""
        self.session = session
        self.send_mark = sign(0, "send", session).mark

    def begin(self, text: str) -> bytes:
        """Go on to the next call, which has the signature *text*; return its mark."""
        self.number += 1
        signed = sign(self.number % _NUMBERS, text, self.session)
        if self.number < _KEPT:
            self._kept.append(signed)
        else:
            self._kept[self.number % _KEPT] = signed
        return signed.mark

    def is_later(self, call: int) -> bool:
        """Say whether *call*, a number on the wire, is one that this rank has not come to."""
        return 0 < (call - self.number) % _NUMBERS < _NUMBERS // 2

    def find(self, call: int) -> Signed | None:
        """Return what this rank called at *call*, a number on the wire; None if it is not kept or not yet called."""
        back = (self.number - call) % _NUMBERS
        return self._kept[(self.number - back) % _KEPT] if back < min(_KEPT, self.number + 1) else None


@lru_cache(maxsize=512)
def _digest(text: str, session: bytes) -> bytes:
    return hashlib.blake2b(text.encode(errors="replace"), key=session, digest_size=MARK - 2).digest()


def sign(number: int, text: str, session: bytes) -> Signed:
    """Return the call *number* with the signature *text*."""
    return Signed(number.to_bytes(2, "big") + _digest(text, session), text, session)


@lru_cache(maxsize=512)
def signature(
    operation: Operation,
    operator: str = "",
    root: int | None = None,
    dtype: Dtype | None = None,
    shape: tuple[int, ...] = (),
) -> str:
    """Return the text of a call, as messages show it: ``reduce(sum, root 0) of float64[3]``."""
    inside = [*([operator] if operator else []), *([] if root is None else [f"root {root}"])]
    name = operation_name(operation) + (f"({', '.join(inside)})" if inside else "")
    return name if dtype is None else f"{name} of {dtype}{list(shape)}"


def operator(op: Op) -> str:
    """Return what messages call *op*, with all that ranks must have alike."""
    if op.ufunc is not None:
        return op.name
    return f"{op.name}, {'' if op.commutative else 'not '}commutative, {'' if op.associative else 'not '}associative"
