"""What can be wrong with the connection to one rank. ``mesh`` finds out whose fault it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shared.fmi.wire.frames import Word


class LinkError(Exception):
    """Something is wrong with the connection to ``peer``."""

    def __init__(self, peer: int, reason: str) -> None:
        super().__init__(reason)
        self.peer = peer


class Gone(LinkError):
    """The connection ended and nothing was said: the rank died, or its host did."""


class Left(Gone):
    """The rank took leave in good order."""


class Silent(LinkError):
    """Nothing came, or nothing was taken, until the deadline."""


class Heard(LinkError):
    """The peer said a ``word`` about who is to blame."""

    def __init__(self, peer: int, word: Word) -> None:
        super().__init__(peer, word.text)
        self.word = word


class Mismatch(LinkError):
    """The peer sent something that does not fit here."""


class Differs(Mismatch):
    """The peer called something else than this rank did at ``call``: which of the two is wrong, the others know."""

    def __init__(self, peer: int, call: int) -> None:
        super().__init__(peer, "called something else")
        self.call = call
