"""Team keys: only a team's own functions can make its pairing names, so no team meets another's ranks.

A signed name is ``{team}-{mac}-{message}``: *message* stands for run and ranks, *mac* is HMAC-SHA256 of it under the
team's key, cut to 128 bits. Every other name is open. Only the team's name is ever logged.

A team's key is itself made from one master key and the team's name. So a server holds one secret, and knows the key of
a team that is deployed tomorrow. Whoever holds a team's key can compute neither the master nor another team's key.
"""

from __future__ import annotations

import enum
import functools
import hashlib
import hmac
import os
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shared.errors import UsageError
from shared.fmi.wire.client import NAME_MAX

if TYPE_CHECKING:
    from collections.abc import Mapping

KEY_BYTES = 32  # of HMAC-SHA256: as many as the hash has, which RFC 2104 asks for at least
MASTER_VARIABLE = "FMI_MASTER_KEY"
RENEW = (
    "lanes deploy TEAM renews a team's key, lanes rendezvous deploy the service's own; FMI_TEAM_KEY, if set, goes first"
)
_PURPOSE = b"teamlanes-fmi:"
_MAC_HEX = 32  # digits, 128 bits: RFC 2104 asks for half of the hash at least
_SIGNED = re.compile(rf"([a-z][a-z0-9]{{0,31}})-([0-9a-f]{{{_MAC_HEX}}})-([0-9a-f]{{32}})")


class Judgement(enum.Enum):
    """What a server with keys finds a name to be."""

    OPEN = "open"
    VERIFIED = "verified"
    UNSIGNED = "unsigned"
    FORGED = "forged"


@functools.lru_cache(maxsize=1024)  # a server asks for each name: teams are few, and others' claims push out the oldest
def team_key(master: bytes, team: str) -> bytes:
    """Return the 32-byte key of *team* under *master*."""
    return hmac.digest(master, _PURPOSE + team.encode(), "sha256")


def read_key(text: str, where: str, fix: str = "make one with: openssl rand -hex 32") -> bytes:
    """Return the key that *text*, 64 hex digits, spells.

    Args:
        text: The digits. They never appear in an error.
        where: Where the text is from.
        fix: What to do when it is no key.

    Raises:
        UsageError: It is no key.
    """
    try:
        key = bytes.fromhex(text.strip())
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise UsageError(f"{where} does not hold {2 * KEY_BYTES} hex digits", fix=fix)
    return key


def master_of(environ: Mapping[str, str] = os.environ) -> bytes:
    """Return the master key that FMI_MASTER_KEY spells, empty when it is not set.

    Raises:
        UsageError: It is set to something else.
    """
    text = environ.get(MASTER_VARIABLE)
    return b"" if text is None else read_key(text, MASTER_VARIABLE)


@dataclass(frozen=True)
class TeamKeys:
    """What a server checks names with.

    Args:
        master: The key from which every team's key is made. Empty: every name is let in (an open server).
        allow_open: Whether names that are not signed are let in too, for old clients. These clients meet only each
            other: a name that has the form of a signed one is checked all the same.
    """

    master: bytes = field(default=b"", repr=False)
    allow_open: bool = False

    def judge(self, name: bytes) -> tuple[Judgement, str]:
        """Return what *name* is, and the team that it claims (empty for none)."""
        if not self.master:
            return Judgement.OPEN, ""
        signed = _SIGNED.fullmatch(name.decode("utf-8", "replace"))
        if signed is None:
            return (Judgement.OPEN if self.allow_open else Judgement.UNSIGNED), ""
        team, mac, message = signed.groups()
        good = hmac.compare_digest(mac, _mac(team_key(self.master, team), message))
        return (Judgement.VERIFIED if good else Judgement.FORGED), team


@dataclass(frozen=True)
class Namespace:
    """Whose ranks these are: makes the pairing names and what the handshake compares.

    Args:
        team: The team; two teams' runs of the same name never meet.
        run: The execution; empty only for scripts that run outside one.
        comm: The communicator's name within the run.
        key: The team's key, or empty for an open server.
    """

    team: str = ""
    run: str = ""
    comm: str = "fmi"
    key: bytes = field(default=b"", repr=False)

    @property
    def text(self) -> str:
        """Team, run and communicator in one line: what the handshake compares."""
        return f"{self.team}/{self.run}/{self.comm}"

    def pair_name(self, rank: int, peer: int) -> bytes:
        """Return the name under which *rank* and *peer* meet: the same bytes on both sides, at most 99.

        It is never the name that ranks of FMI's C++ library make. They would take our handshake for data.
        """
        low, high = sorted((rank, peer))
        message = f"{self.text}/{low}_{high}"
        if self.key:
            digest = hashlib.sha256(message.encode()).hexdigest()[:32]
            return f"{self.team}-{_mac(self.key, digest)}-{digest}".encode()
        if len(message.encode()) > NAME_MAX:
            return hashlib.sha256(message.encode()).hexdigest().encode()
        return message.encode()

    def cpp_name(self, rank: int, peer: int) -> bytes:
        """Return the name under which ranks of FMI's C++ library meet; empty if they cannot mean this world.

        They know no team, no run and no key. Their name can mean two pairs: ``a1`` with ranks 0 and 2 makes a10_2, as
        ``a`` with ranks 10 and 2 does.
        """
        low, high = sorted((rank, peer))
        name = f"{self.comm}{low}_{high}".encode()
        return b"" if self.team or self.run or self.key or len(name) > NAME_MAX else name


def _mac(key: bytes, message: str) -> str:
    return hmac.digest(key, message.encode(), "sha256").hex()[:_MAC_HEX]
