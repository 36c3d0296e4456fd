"""Who signed a request: the owner of its key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from shared.local.door.refused import RefusedError, Wrong

if TYPE_CHECKING:
    from collections.abc import Callable
    from wsgiref.types import WSGIEnvironment

    from shared.local.door.sessions import Issuer, Session

Kind = Literal["root", "user", "role", "federated"]

CALLER = "lanes.caller"
"""The key of a WSGI environ under which the door puts the :class:`Caller`."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who makes a request.

    Attributes:
        kind: The kind of caller.
        arn: The ARN that GetCallerIdentity tells. For a role's session it is the session's ARN, not the role's.
        principal: The ARN of the root, user or role whose policies count.
        account: The account of that root, user or role.
        key_id: The id of the access key.
        session: The session of temporary credentials; None for a permanent key.
        known: Whether the key is known. An open cloud also lets in unknown keys, as the owner's.
    """

    kind: Kind
    arn: str
    principal: str
    account: str
    key_id: str
    session: Session | None = None
    known: bool = True


def caller_of(environ: WSGIEnvironment) -> Caller:
    """Return who makes the request of *environ*, which came through the door."""
    caller: Caller = environ[CALLER]
    return caller


def root(account: str, key_id: str, *, known: bool = True) -> Caller:
    """Return the owner of *account*, who signs with the key *key_id*; or, not *known*, who counts as the owner."""
    arn = f"arn:aws:iam::{account}:root"
    return Caller("root", arn, arn, account, key_id, known=known)


def of_session(session: Session, key_id: str) -> Caller:
    """Return the caller who acts in *session*."""
    _, partition, _, _, account, resource = session.principal.split(":", 5)
    kind, _, path = resource.partition("/")
    prefix = f"arn:{partition}:sts::{account}"
    if kind == "role":
        arn = f"{prefix}:assumed-role/{path.rpartition('/')[2]}/{session.name}"
        return Caller("role", arn, session.principal, account, key_id, session)
    if session.name:
        arn = f"{prefix}:federated-user/{session.name}"
        return Caller("federated", arn, session.principal, account, key_id, session)
    return Caller("root" if kind == "root" else "user", session.principal, session.principal, account, key_id, session)


class Keyring:
    """Finds the owner of a key.

    Args:
        issuer: Holds the account owner's key, and reads the temporary credentials that were made from it.
        account: The account.
        clock: Seconds since the epoch.
        user_key: Returns the ARN and the secret of the IAM user who has a permanent key, by the key's id; or None.
        since: Returns when the user or role with an ARN was made, in seconds since the epoch; None if there is none.
    """

    def __init__(
        self,
        issuer: Issuer,
        account: str,
        clock: Callable[[], float],
        user_key: Callable[[str], tuple[str, str] | None],
        since: Callable[[str], float | None],
    ) -> None:
        self._issuer = issuer
        self._account = account
        self._clock = clock
        self._user_key = user_key
        self._since = since

    def find(self, key_id: str, token: str) -> tuple[Caller, str]:
        """Return who has the key *key_id*, and the secret that checks the signature.

        Args:
            key_id: The key's id.
            token: The session's token; empty for a permanent key.

        Raises:
            RefusedError: There is no such key, or it is no longer valid.
        """
        if token:
            return self._of_token(key_id, token)
        owner = self._issuer.owner
        if key_id == owner.id:
            return root(self._account, key_id), owner.secret
        user = self._user_key(key_id)
        if user is None:
            raise RefusedError(Wrong.UNKNOWN_KEY, f"this cloud knows no access key {shown(key_id)}")
        arn, secret = user
        return Caller("user", arn, arn, arn.split(":")[4], key_id), secret

    def _of_token(self, key_id: str, token: str) -> tuple[Caller, str]:
        found = self._issuer.read(key_id, token)
        if found is None:
            raise RefusedError(
                Wrong.WRONG_TOKEN,
                f"the session token of {shown(key_id)} was not made by this cloud, or not for that key",
            )
        session, secret = found
        if session.expires <= self._clock():
            raise RefusedError(Wrong.EXPIRED_TOKEN, f"the session of {shown(key_id)} is over")
        caller = of_session(session, key_id)
        if caller.kind != "root":
            self._see_that_it_is_there(session)
        return caller, secret

    def _see_that_it_is_there(self, session: Session) -> None:
        """Refuse a session of a user or role that was deleted since. One of the same name, made later, is another."""
        since = self._since(session.principal)
        if since is None or session.issued < int(since):
            raise RefusedError(
                Wrong.WRONG_TOKEN,
                f"{session.principal} does not exist any more, or was made anew since this session began",
                "begin a new session",
            )


def shown(told: str) -> str:
    """Return *told*, which a stranger sent, in a form that is safe to show."""
    return repr(told[:128])
