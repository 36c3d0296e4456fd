"""What can be wrong with the connection to one rank. The channel turns each into an error that names a rank."""

from __future__ import annotations


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


class Aborted(LinkError):
    """The peer says that ``suspect`` is lost. It is not ``certain`` if it only heard nothing from it."""

    def __init__(self, peer: int, suspect: int, reason: str, *, certain: bool) -> None:
        super().__init__(peer, reason)
        self.suspect, self.certain = suspect, certain


class Mismatch(LinkError):
    """The peer sent something that does not fit here."""
