"""Temporary credentials without a table: all that they say stands in their token, signed with the owner's secret.

A token is a claim and its HMAC. The id and the secret of the credentials are HMACs of the claim too. So anyone with the
owner's key can make credentials, the cloud can check them, and nobody else can do either.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from shared.aws.access_key import AccessKey

if TYPE_CHECKING:
    from collections.abc import Callable

LONGEST = 12 * 3600
"""Seconds: a role's longest session on AWS (STS, AssumeRole, DurationSeconds; read 2026-11-29)."""

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_ID_LENGTH = 20  # characters of a key's id on AWS, its prefix included
_MAC_BYTES = hashlib.sha256().digest_size


@dataclass(frozen=True, slots=True)
class Session:
    """What temporary credentials say about themselves.

    Attributes:
        principal: The ARN of the role, the user or the account's root that acts.
        name: The name of a role's session or of a federated user; else empty.
        issued: Seconds since the epoch.
        expires: Seconds since the epoch.
        policies: Session policies, as JSON text. They allow nothing, but limit what the principal may do.
        policy_arns: Managed policies that do the same.
        tags: Session tags, as pairs.
        source_identity: Who began a chain of roles, as AssumeRole was told.
        function: The ARN of the function whose code got them from Lambda; else empty.
        environment: Which of the function's execution environments got them, by its log stream; else empty.
    """

    principal: str
    name: str
    issued: int
    expires: int
    policies: tuple[str, ...] = ()
    policy_arns: tuple[str, ...] = ()
    tags: tuple[tuple[str, str], ...] = ()
    source_identity: str = ""
    function: str = ""
    environment: str = ""


def new_owner_key() -> AccessKey:
    """Return a new key for the owner of an account."""
    return AccessKey("AKIALANES" + "".join(secrets.choice(_ALPHABET) for _ in range(11)), secrets.token_urlsafe(30))


class Issuer:
    """Makes and reads temporary credentials.

    Args:
        owner: The account owner's key, which signs them.
        clock: Seconds since the epoch.
    """

    def __init__(self, owner: AccessKey, clock: Callable[[], float] = time.time) -> None:
        self.owner = owner
        self._clock = clock

    def of_role(
        self, role: str, name: str, seconds: int = LONGEST, *, function: str = "", environment: str = ""
    ) -> AccessKey:
        """Return credentials of the role with the ARN *role*, for a session called *name* that lasts *seconds*.

        *function* is the ARN of the function whose code gets them, if any, in the execution environment *environment*.
        """
        now = int(self._clock())
        return self.issue(Session(role, name, now, now + seconds, function=function, environment=environment))

    def issue(self, session: Session) -> AccessKey:
        """Return the credentials of *session*. They are the same each time."""
        claim = json.dumps(asdict(session), separators=(",", ":")).encode()
        return self._key(claim, _text(self._mac("token", claim) + claim))

    def read(self, key_id: str, token: str) -> tuple[Session, str] | None:
        """Return the session of *token* and the secret that its holder signs with; None if it was not made here.

        The session may have ended already: see :attr:`Session.expires`.
        """
        try:
            raw = base64.b64decode(token.encode("ascii"), altchars=b"-_", validate=True)
        except ValueError:
            return None
        mac, claim = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
        if not hmac.compare_digest(mac, self._mac("token", claim)) or token != _text(raw):
            return None
        told = json.loads(claim)
        listed = {name: tuple(told[name]) for name in ("policies", "policy_arns")}
        session = Session(**told | listed | {"tags": tuple((name, value) for name, value in told["tags"])})
        key = self._key(claim, token)
        return (session, key.secret) if key.id == key_id else None

    def _key(self, claim: bytes, token: str) -> AccessKey:
        letters = base64.b32encode(self._mac("id", claim)).decode()
        secret = _text(self._mac("secret", claim)).rstrip("=")
        return AccessKey(("ASIA" + letters)[:_ID_LENGTH], secret, token)

    def _mac(self, purpose: str, claim: bytes) -> bytes:
        return hmac.digest(self.owner.secret.encode(), f"lanes {purpose} ".encode() + claim, hashlib.sha256)


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode()
