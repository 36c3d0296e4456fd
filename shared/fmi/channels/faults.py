"""What can be wrong with the connection to one rank. The channel makes errors with a rank's name of them."""

from __future__ import annotations


class LinkError(Exception):
    """Something is wrong with the connection to ``peer``; the channel makes a PeerLost of it."""

    def __init__(self, peer: int, reason: str) -> None:
        super().__init__(reason)
        self.peer = peer


class Gone(LinkError):
    """The connection ended without a word: the rank died, or its host did."""


class Left(Gone):
    """The rank took leave in good order."""


class Silent(LinkError):
    """Nothing came, or nothing was taken, until the deadline."""


class Aborted(LinkError):
    """The peer told that ``suspect`` is lost; not ``certain`` if it only heard nothing from it."""

    def __init__(self, peer: int, suspect: int, reason: str, *, certain: bool) -> None:
        super().__init__(peer, reason)
        self.suspect, self.certain = suspect, certain


class Mismatch(LinkError):
    """The peer sent something else than was expected here."""
