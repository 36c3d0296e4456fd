"""The roles that a command can be run as (``--as``): what they are called, and how one is taken on AWS.

On AWS, a team's own people can take its deployer role, because its trust policy lets them in. An administrator makes
the platform's role there, under a name of their choice. The role of a function trusts Lambda alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from shared.aws.client import Aws
from shared.errors import LanesError, UsageError, unknown
from shared.isolation.roles.platform_role import PLATFORM_ROLE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shared.config.lane import Lane

SESSION = "lanes"
"""The name of a session of a role. AWS's own records show it too."""
_DEPLOYER, _PLATFORM = "deployer", "platform"


def role_called(wanted: str, lanes: Sequence[Lane]) -> str:
    """Return the name in IAM of the role that ``--as`` calls *wanted*, for a command about *lanes*.

    Raises:
        UsageError: There is none of that name, or one in each of several lanes; the message lists what there is.
    """
    known = _known(lanes[0]) if len(lanes) == 1 else {_PLATFORM: PLATFORM_ROLE, **_named(lanes)}
    if wanted in known:
        return known[wanted]
    if len(lanes) > 1 and any(wanted in _known(lane) for lane in lanes):
        teams = ", ".join(lane.team for lane in lanes)
        fix = f"name one team at a time, or the role itself: --as role/{lanes[0].deployer or 'NAME'}"
        raise UsageError(f"--as {wanted} is of one team, and this is about {teams}", fix=fix)
    raise unknown("role", wanted, list(known) if len(lanes) == 1 else [_PLATFORM, "role/NAME"], where="--as")


def take_on_aws(aws: Aws, wanted: str, lanes: Sequence[Lane]) -> Aws:
    """Return clients with the credentials of the role that ``--as`` calls *wanted*, where its trust lets the caller.

    Raises:
        LanesError: It does not, or nobody can take that role on AWS.
        UsageError: As :func:`role_called`.
    """
    name = role_called(wanted, lanes)
    if wanted == _PLATFORM:
        raise LanesError(
            "the platform's role has the name that an administrator gave it there, which no file of ours tells",
            where=f"--as {wanted}, on {aws.target}",
            fix="take its credentials: --profile PROFILE in place of --as",
        )
    lane = next((each for each in lanes if each.deployer == name), None)
    if lane is None:
        raise LanesError(
            f"{name} trusts a service of AWS's alone, so nobody else can take it",
            where=f"--as {wanted}, on {aws.target}",
            fix="rehearse it on the embedded cloud: lanes up, lanes deploy TEAM, then this without --aws",
        )
    try:
        given = aws.client("sts").assume_role(RoleArn=lane.role_arn(name), RoleSessionName=SESSION)
    except (BotoCoreError, ClientError) as error:
        raise LanesError(
            f"{aws.caller} may not take it: {error}",
            where=f"role {name}",
            fix=f"it lets in users and roles of the team's own, called {lane.team}-..., once it is deployed",
        ) from error
    told = given["Credentials"]
    session = boto3.Session(
        told["AccessKeyId"],
        told["SecretAccessKey"],
        told["SessionToken"],
        region_name=aws.place.region,
        # the profile's own settings, which may say to ignore the endpoints of others
        profile_name=aws.session.profile_name if aws.session.profile_name in aws.session.available_profiles else None,
    )
    return Aws(session, aws.target, given["AssumedRoleUser"]["Arn"])


def _known(lane: Lane) -> Mapping[str, str]:
    """Return the roles of *lane*, and the platform's, by what ``--as`` calls them."""
    functions = {f"function/{key}": each.role for key, each in lane.functions.items()}
    machines = [each.role for each in lane.workflows.values()]
    machines += [each.schedules.role for each in lane.workflows.values() if each.schedules]
    named = {f"role/{name}": name for name in (*functions.values(), *machines)}
    own = {_DEPLOYER: lane.deployer, f"role/{lane.deployer}": lane.deployer} if lane.deployer else {}
    return {**own, _PLATFORM: PLATFORM_ROLE, **functions, **named}


def _named(lanes: Sequence[Lane]) -> Mapping[str, str]:
    """Return the roles of several lanes by what names each of them in one lane only: ``role/NAME``."""
    return {name: role for lane in lanes for name, role in _known(lane).items() if name.startswith("role/")}
