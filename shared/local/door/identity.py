"""moto's STS and the keys of IAM users, as the door knows them.

While installed, STS gives out sessions that the door lets in. moto's own sessions would not do: it keeps some of them
in a table and forgets the others. STS also tells who calls, as the door found it. moto's AssumeRole still makes its
own record first.
"""

from __future__ import annotations

import functools
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.iam.models import iam_backends
from moto.sts.exceptions import STSValidationError
from moto.sts.responses import TokenResponse

from shared.local.door.callers import caller_of
from shared.local.door.refused import RefusedError, Wrong
from shared.local.door.sessions import Session
from shared.local.seams import Seam, parameter, plugged, replacing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mypy_boto3_sts.type_defs import CredentialsTypeDef

    from shared.local.door.callers import Caller
    from shared.local.door.sessions import Issuer

    Answer = Callable[[TokenResponse], ActionResult]  # a method that answers one of STS's calls

# Seconds (AWS STS API Reference, AssumeRole, GetSessionToken and GetFederationToken, DurationSeconds; read 2026-11-29).
_ROOT_LONGEST = 3600
_CHAINED_LONGEST = 3600  # of a role taken by another role; also of a role that does not say how long
_USER_USUAL, _USER_LONGEST = 12 * 3600, 36 * 3600


def user_key(account: str, key_id: str) -> tuple[str, str] | None:
    """Return the ARN and the secret of the IAM user of *account* who has the active key *key_id*, or None."""
    for backend in list(iam_backends[account].values()):
        key = backend.access_keys.get(key_id)
        if key is not None and key.user_name and key.status == "Active":
            return backend.get_user(key.user_name).arn, key.secret_access_key
    return None


def user_id(caller: Caller) -> str:
    """Return the unique id of *caller*, which policies know as ``aws:userid``."""
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
    """Have moto's STS give out the sessions of *issuer*, and know who calls, while the block lasts."""
    assumes = ("assume_role", "assume_role_with_saml", "assume_role_with_web_identity")
    seams = (
        *(Seam(TokenResponse, name, functools.partial(_issued, issuer)) for name in assumes),
        replacing(TokenResponse, "get_session_token", _get_session_token(issuer)),
        replacing(TokenResponse, "get_federation_token", _get_federation_token(issuer)),
        replacing(TokenResponse, "get_caller_identity", _get_caller_identity),
    )
    with plugged(seams):
        yield


def _issued(issuer: Issuer, original: Answer) -> Answer:
    """Wrap an AssumeRole: the credentials that it gives out are *issuer*'s."""

    @functools.wraps(original)
    def assume(response: TokenResponse) -> ActionResult:
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
                tags=tuple((tag["Key"], tag["Value"]) for tag in parameter(response, "Tags", [])),
                source_identity=parameter(response, "SourceIdentity") or "",
            )
        )
        role.access_key_id, role.secret_access_key, role.session_token = key.id, key.secret, key.token
        return answer

    return assume


def _see_that_it_ends(response: TokenResponse) -> None:
    """Refuse a session that is longer than its role allows, or longer than a role may have that a role takes."""
    seconds = int(parameter(response, "DurationSeconds", 0))
    role = parameter(response, "RoleArn", "")
    if seconds > _CHAINED_LONGEST and _caller(response).kind == "role":
        raise STSValidationError(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."
        )
    roles = iam_backends[response.current_account][response.partition].roles.values()
    found = next((each for each in list(roles) if each.arn == role), None)
    if found and seconds > int(found.max_session_duration or _CHAINED_LONGEST):
        raise STSValidationError("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")


def _bounds(response: TokenResponse) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the session policies that a request brings: those as text, and those by their ARNs."""
    policy = parameter(response, "Policy")
    managed = parameter(response, "PolicyArns", [])
    return (policy,) if policy else (), tuple(each["arn"] for each in managed)


def _get_session_token(issuer: Issuer) -> Answer:
    def get_session_token(response: TokenResponse) -> ActionResult:
        return ActionResult({"Credentials": _session(response, issuer, "GetSessionToken", "")})

    return get_session_token


def _get_federation_token(issuer: Issuer) -> Answer:
    def get_federation_token(response: TokenResponse) -> ActionResult:
        name = parameter(response, "Name")
        given = _session(response, issuer, "GetFederationToken", name)
        account = _caller(response).account
        user = {
            "FederatedUserId": f"{account}:{name}",
            "Arn": f"arn:{response.partition}:sts::{account}:federated-user/{name}",
        }
        return ActionResult({"Credentials": given, "FederatedUser": user, "PackedPolicySize": 6})

    return get_federation_token


def _session(response: TokenResponse, issuer: Issuer, call: str, name: str) -> CredentialsTypeDef:
    """Return the credentials that *call* gives its caller; for the federated user *name*, if it is not empty."""
    caller = _caller(response)
    if caller.session:
        raise RefusedError(
            Wrong.FORBIDDEN, f"Cannot call {call} with session credentials", "call it with a key that stays"
        )
    now = int(utcnow().replace(tzinfo=UTC).timestamp())
    longest = _ROOT_LONGEST if caller.kind == "root" else _USER_USUAL
    seconds = min(int(parameter(response, "DurationSeconds", longest)), _USER_LONGEST)
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


def _get_caller_identity(response: TokenResponse) -> ActionResult:
    caller = _caller(response)
    return ActionResult({"UserId": user_id(caller), "Account": caller.account, "Arn": caller.arn})


def _caller(response: TokenResponse) -> Caller:
    return caller_of(response.normalized_request.environ)
