"""Team keys: a pairing name that only the team's own functions can make, so no team meets another's ranks.

A keyed name is ``{team}-{mac}-{message}``: *message* stands for run and ranks, *mac* is HMAC-SHA256 of it under the
team's key, cut to 128 bits. An open name is the message alone. Only the team's name is ever logged.
"""

from __future__ import annotations

import enum
import hashlib
import hmac
import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shared.errors import LanesError
from shared.fmi.wire.client import NAME_MAX

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_TEAM = re.compile(r"[a-z][a-z0-9]{0,31}")
_SHORTEST_KEY = 16
_MAC_HEX = 32


class Judgement(enum.Enum):
    """What a server with keys thinks of a name."""

    OPEN = "open"
    VERIFIED = "verified"
    UNSIGNED = "unsigned"
    FORGED = "forged"


@dataclass(frozen=True)
class TeamKeys:
    """The keys a server checks names with.

    Args:
        keys: Team name to its key, at least 16 bytes. Empty: every name is let in (an open server).
        allow_open: Whether names that claim no keyed team are let in too, for old clients.
    """

    keys: Mapping[str, bytes] = field(default_factory=dict)
    allow_open: bool = False

    def judge(self, name: bytes) -> tuple[Judgement, str]:
        """Return what *name* is and the team it claims (empty for none)."""
        text = name.decode("utf-8", "replace")
        team, _, rest = text.partition("-")
        key = self.keys.get(team)
        if key is None:
            return (Judgement.OPEN if self.allow_open or not self.keys else Judgement.UNSIGNED), ""
        mac, _, message = rest.partition("-")
        if len(mac) == _MAC_HEX and hmac.compare_digest(mac.encode(), _mac(key, message)):
            return Judgement.VERIFIED, team
        return Judgement.FORGED, team


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
        """Return the name under which *rank* and *peer* meet: the same bytes on both sides, at most 99."""
        low, high = sorted((rank, peer))
        scope = f"{self.team}-{self.run}-" if self.team or self.run else ""
        message = f"{scope}{self.comm}{low}_{high}"
        if self.key:
            digest = hashlib.sha256(message.encode()).hexdigest()[:32]
            return f"{self.team}-{_mac(self.key, digest).decode()}-{digest}".encode()
        if len(message.encode()) > NAME_MAX:
            return hashlib.sha256(message.encode()).hexdigest().encode()
        return message.encode()


def load_keys(path: Path) -> dict[str, bytes]:
    """Return the team keys of a JSON file ``{"team1": "<at least 32 hex digits>"}``.

    Raises:
        LanesError: The file cannot be read, or holds a name or key that cannot be one; every problem is listed.
    """
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise LanesError(f"team keys cannot be read: {error}", where=str(path), fix="give a JSON object") from error
    if not isinstance(entries, dict):
        raise LanesError("team keys are not a JSON object", where=str(path), fix='write {"team1": "<hex key>"}')
    keys: dict[str, bytes] = {}
    problems: list[str] = []
    for team, text in entries.items():
        try:
            key = bytes.fromhex(text)
        except (TypeError, ValueError):
            key = b""
        if not _TEAM.fullmatch(team):
            problems.append(f"{team!r} is no team name")
        elif len(key) < _SHORTEST_KEY:
            problems.append(f"the key of {team} is not at least {2 * _SHORTEST_KEY} hex digits")
        keys[team] = key
    if problems:
        raise LanesError("; ".join(problems), where=str(path), fix="make keys with: openssl rand -hex 32")
    return keys


def _mac(key: bytes, message: str) -> bytes:
    return hmac.new(key, message.encode(), hashlib.sha256).hexdigest()[:_MAC_HEX].encode()
