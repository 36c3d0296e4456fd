"""moto's STS, and its IAM users' keys, as the door knows them.

While installed, STS gives out sessions that the door lets in, instead of moto's, of which it keeps some in a table and
others nowhere, and tells who calls from what the door has found. moto's AssumeRole still makes its own record first.
"""

from __future__ import annotations

import functools
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.iam.models import iam_backends
from moto.sts.exceptions import STSValidationError
from moto.sts.responses import TokenResponse

from shared.local.door.callers import caller_of
from shared.local.door.refused import RefusedError, Wrong
from shared.local.door.sessions import Session

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from shared.local.door.callers import Caller
    from shared.local.door.sessions import Issuer

_ROOT_LONGEST = 3600
_CHAINED_LONGEST = 3600  # seconds, also of a role that says nothing (STS, AssumeRole, DurationSeconds)
_USER_USUAL, _USER_LONGEST = 12 * 3600, 36 * 3600
"""Seconds that GetSessionToken and GetFederationToken may last (AWS STS API Reference, read 2026-11-29)."""


def user_key(account: str, key_id: str) -> tuple[str, str] | None:
    """Return the ARN and the secret of the IAM user of *account* whose active key *key_id* is, None if nobody's."""
    for backend in list(iam_backends[account].values()):
        key = backend.access_keys.get(key_id)
        if key is not None and key.user_name and key.status == "Active":
            return backend.get_user(key.user_name).arn, key.secret_access_key
    return None


def user_id(caller: Caller) -> str:
    """Return the unique id of *caller*, as policies know it in ``aws:userid``."""
    backend = iam_backends[caller.account][caller.arn.split(":")[1]]
    name = caller.principal.rpartition("/")[2]
    if caller.kind == "role" and caller.session:
        role = next((role for role in backend.roles.values() if role.arn == caller.principal), None)
        return f"{role.id if role else 'AROA'}:{caller.session.name}"
    if caller.kind == "federated" and caller.session:
        return f"{caller.account}:{caller.session.name}"
    user = backend.users.get(name) if caller.kind == "user" else None
    return user.id if user else caller.account


@contextmanager
def install(issuer: Issuer) -> Iterator[None]:
    """Have moto's STS give out sessions of *issuer*'s, and know who calls, while the block lasts."""
    seams: dict[str, Callable[..., Any]] = {
        name: _issued(issuer, getattr(TokenResponse, name))
        for name in ("assume_role", "assume_role_with_saml", "assume_role_with_web_identity")
    }
    seams |= {
        "get_session_token": _get_session_token(issuer),
        "get_federation_token": _get_federation_token(issuer),
        "get_caller_identity": _get_caller_identity,
    }
    before = {name: getattr(TokenResponse, name) for name in seams}
    for name, seam in seams.items():
        setattr(TokenResponse, name, seam)
    try:
        yield
    finally:
        for name, original in before.items():
            setattr(TokenResponse, name, original)


def _issued(issuer: Issuer, original: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Wrap an AssumeRole so that what it gives out is *issuer*'s."""

    @functools.wraps(original)
    def assume(response: Any) -> Any:
        _see_that_it_ends(response)
        answer = original(response)
        role = answer.result["Credentials"]
        key = issuer.issue(
            Session(
                role.role_arn,
                role.session_name,
                int(utcnow().replace(tzinfo=UTC).timestamp()),
                int(role.expiration.replace(tzinfo=UTC).timestamp()),
                *_bounds(response),
                tags=tuple((tag["Key"], tag["Value"]) for tag in response._get_param("Tags", [])),  # noqa: SLF001  moto's own way
                source_identity=response._get_param("SourceIdentity") or "",  # noqa: SLF001  as above
            )
        )
        role.access_key_id, role.secret_access_key, role.session_token = key.id, key.secret, key.token
        return answer

    return assume


def _see_that_it_ends(response: Any) -> None:
    """Refuse a session that is to last longer than its role's may, or than one that another role's session takes."""
    seconds = response._get_int_param("DurationSeconds") or 0  # noqa: SLF001  moto's own way
    role = response._get_param("RoleArn") or ""  # noqa: SLF001  as above
    if seconds > _CHAINED_LONGEST and _caller(response).kind == "role":
        raise STSValidationError(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."
        )
    roles = iam_backends[response.current_account][response.partition].roles.values()
    found = next((each for each in list(roles) if each.arn == role), None)
    if found and seconds > int(found.max_session_duration or _CHAINED_LONGEST):
        raise STSValidationError("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")


def _bounds(response: Any) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the session policies that a request brings, as text and as ARNs."""
    policy = response._get_param("Policy")  # noqa: SLF001  moto's own way
    managed = response._get_param("PolicyArns", [])  # noqa: SLF001  as above
    return (policy,) if policy else (), tuple(each["arn"] for each in managed)


def _get_session_token(issuer: Issuer) -> Callable[[Any], Any]:
    def get_session_token(response: Any) -> Any:
        return ActionResult({"Credentials": _session(response, issuer, "GetSessionToken", "")})

    return get_session_token


def _get_federation_token(issuer: Issuer) -> Callable[[Any], Any]:
    def get_federation_token(response: Any) -> Any:
        name = response._get_param("Name")  # noqa: SLF001  moto's own way
        given = _session(response, issuer, "GetFederationToken", name)
        account = _caller(response).account
        user = {
            "FederatedUserId": f"{account}:{name}",
            "Arn": f"arn:{response.partition}:sts::{account}:federated-user/{name}",
        }
        return ActionResult({"Credentials": given, "FederatedUser": user, "PackedPolicySize": 6})

    return get_federation_token


def _session(response: Any, issuer: Issuer, call: str, name: str) -> dict[str, Any]:
    """Return the credentials that *call* gives its caller, for the federated user *name* if there is one."""
    caller = _caller(response)
    if caller.session:
        raise RefusedError(
            Wrong.FORBIDDEN, f"Cannot call {call} with session credentials", "call it with a key that stays"
        )
    now = int(utcnow().replace(tzinfo=UTC).timestamp())
    longest = _ROOT_LONGEST if caller.kind == "root" else _USER_USUAL
    seconds = min(response._get_int_param("DurationSeconds", longest), _USER_LONGEST)  # noqa: SLF001  moto's own way
    if caller.kind == "root":
        seconds = min(seconds, _ROOT_LONGEST)
    bounds = _bounds(response) if name else ((), ())
    key = issuer.issue(Session(caller.principal, name, now, now + seconds, *bounds))
    return {
        "AccessKeyId": key.id,
        "SecretAccessKey": key.secret,
        "SessionToken": key.token,
        "Expiration": datetime.fromtimestamp(now + seconds, UTC),
    }


def _get_caller_identity(response: Any) -> Any:
    caller = _caller(response)
    return ActionResult({"UserId": user_id(caller), "Account": caller.account, "Arn": caller.arn})


def _caller(response: Any) -> Caller:
    return caller_of(response.normalized_request.environ)
