"""Credentials of any role of the embedded cloud, made from its owner's key. A role's trust policy is not asked.

On AWS only Lambda takes a function's role, and only people whom an administrator allows take the platform's. Here the
holder of the owner's key may act as each of them, and the cloud decides what each may do.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from shared.aws.access_key import AccessKey
from shared.aws.client import Aws, endpoint_session
from shared.aws.take_role import SESSION
from shared.errors import LanesError
from shared.isolation.roles.platform_role import PLATFORM_ROLE
from shared.isolation.roles.policy import Trust
from shared.local.door.sessions import Issuer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.config.lane import Place
    from shared.isolation.roles.policy import Policy


def take_role(owner: Aws, name: str) -> Aws:
    """Return clients with credentials of the role called *name*, made from those of the cloud's *owner*.

    Raises:
        LanesError: There is no such role.
    """
    if not _is_there(owner, name):
        raise LanesError(
            f"there is no role {name} in this cloud",
            fix="lanes up, then lanes deploy TEAM, which makes it; then this again",
        )
    place = owner.place
    key = _issuer(owner).of_role(place.arn("iam", f"role/{name}"), SESSION)
    caller = f"arn:{place.partition}:sts::{place.account}:assumed-role/{name}/{SESSION}"
    return Aws(endpoint_session(place.region, key), owner.target, caller, owner)


def function_key(owner: Aws, role: str, name: str, function: str) -> AccessKey:
    """Return credentials of a *role*, an ARN, as the function called *name* with the ARN *function* holds them."""
    return _issuer(owner).of_role(role, name, function=function)


def _issuer(owner: Aws) -> Issuer:
    held = owner.session.get_credentials()
    if held is None:
        raise LanesError("the cloud's owner has no credentials", fix="lanes up again")
    return Issuer(AccessKey(held.access_key, held.secret_key))


def make_platform_role(owner: Aws, policies: Mapping[str, Policy]) -> None:
    """Make the platform's role if it does not exist, with *policies* by their names. On AWS an administrator does."""
    if _is_there(owner, PLATFORM_ROLE):
        return
    trust = Trust({"AWS": owner.place.arn("iam", "root")})
    owner.iam.create_role(RoleName=PLATFORM_ROLE, AssumeRolePolicyDocument=json.dumps(trust.document()))
    for name, policy in policies.items():
        owner.iam.create_policy(PolicyName=name, PolicyDocument=json.dumps(policy.document()))
        owner.iam.attach_role_policy(RoleName=PLATFORM_ROLE, PolicyArn=_policy_arn(owner.place, name))


def _policy_arn(place: Place, name: str) -> str:
    return place.arn("iam", f"policy/{name}")


def _is_there(owner: Aws, name: str) -> bool:
    try:
        owner.iam.get_role(RoleName=name)
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchEntity":
            raise
        return False
    return True
