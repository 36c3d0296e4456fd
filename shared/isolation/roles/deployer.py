"""The role of a team's people: they deploy their functions and machines, run them, and write nothing in IAM.

The role is part of the lane's foundation, so whoever makes the lane's other roles makes this one too. It has a boundary
of its own, because the boundary of the lane's other roles lets nobody change code. Code may come from other accounts,
as a layer or an image that they publish. Such code is named one by one, so a card that names another layer needs the
platform once.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from shared.config.ecr_uri import in_ecr
from shared.isolation.roles.grants import (
    FETCH_CODE,
    FETCH_IMAGES,
    ITEMS,
    MANAGE_FUNCTIONS,
    MANAGE_LOGS,
    MANAGE_MACHINES,
    MANAGE_SCHEDULES,
    OBJECTS,
    PUSH_IMAGES,
    READ_BUCKETS,
    READ_ROLES,
    RUN_MACHINES,
    SEE_FUNCTIONS,
    SEE_LAYERS,
    SEE_NETWORKS,
    SEE_QUEUES,
    SEE_RECORDS,
    SEE_SCHEDULES,
    SEE_SECRETS,
    SEE_TABLES,
    SEE_TOPICS,
    WRITE_RECORD,
    pass_roles,
)
from shared.isolation.roles.own_names import LOGS, OwnNames
from shared.isolation.roles.policy import Policy, Statement, Trust
from shared.isolation.roles.trigger_roles import SCHEDULER
from shared.isolation.roles.uses import RECEIVE, SEND

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shared.config.access import Access
    from shared.config.lane import Lane, Place

GITHUB = "token.actions.githubusercontent.com"
"""Who signs the tokens of workflows on GitHub."""
AUDIENCE = "sts.amazonaws.com"
"""Whom such a token must be meant for."""


def deployer_policy(lane: Lane) -> Policy:
    """Return what the people of a team may do: deploy and run its functions and machines, read and write its data.

    They set the values of the secrets that cards declare. The secrets that the platform fills, they only see. Those of
    a prepaid lane start its machines and change neither these nor functions: what they run is what reserves.
    """
    functions = sorted({lane.role_arn(each.role) for each in lane.functions.values()})
    machines = sorted({lane.role_arn(each.role) for each in lane.workflows.values()})
    schedules = sorted(lane.role_arn(each.schedules.role) for each in lane.workflows.values() if each.schedules)
    secrets = sorted(map(lane.secret_arn, lane.secrets))
    layers = {arn for each in lane.functions.values() for arn in each.layers}
    passed = {"Functions": functions, "Machines": machines, "Schedules": schedules}
    own = OwnNames(lane.team, lane.place)
    return _policy(own, passed, secrets, _others_code(lane, layers), prepaid=lane.prepaid is not None)


def deployer_boundary(lane: Lane) -> Policy:
    """Return the most that the deployer's role may ever do: its policy, but with any role and secret of the team."""
    own = OwnNames(lane.team, lane.place)
    roles, secrets = [own.arn("iam", "role/")], [own.folder("secretsmanager", "secret:")]
    publishers = {arn.partition(":layer:")[0] for each in lane.functions.values() for arn in each.layers}
    passed = dict.fromkeys(_SERVICES, roles)
    others = _others_code(lane, {f"{each}:layer:*" for each in publishers})
    return _policy(own, passed, secrets, others, prepaid=lane.prepaid is not None)


def deployer_trust(team: str, place: Place, access: Access) -> Trust:
    """Let the team's own users and roles take the deployer's role, and whom its file lets in beside them.

    Users and roles are named by aws:PrincipalArn, under the account: a user who is named as the principal is kept by
    id, and none can be named that is not there yet.
    """
    own = OwnNames(team, place).arns("iam", ("role/", "user/"))
    users = [place.arn("iam", f"user/{each}") for each in access.users]
    people = (*own, *users, *(sso_roles(each, place) for each in access.permission_sets))
    by_arn = {"ArnLike": {"aws:PrincipalArn": people}}
    return Trust({"AWS": place.arn("iam", "root")}, by_arn, "OwnPeople", others=_github_trust(place, access))


def sso_roles(permission_set: str, place: Place) -> str:
    """Return a glob of the roles that IAM Identity Center makes for a permission set: one in each account.

    Sixteen digits follow the name, and a star in their place would let in the set ``team2_x`` as well as ``team2``. The
    region of Identity Center stands before the name, unless it is us-east-1. Source: IAM Identity Center user guide,
    "Referencing permission sets in resource policies" (read 2026-11-30).
    """
    return place.arn("iam", f"role/aws-reserved/sso.amazonaws.com*/AWSReservedSSO_{permission_set}_{16 * '?'}")


def _github_trust(place: Place, access: Access) -> tuple[Trust, ...]:
    """Let workflows on GitHub take the role by a token that GitHub signs for them.

    Source: GitHub Docs, "Configuring OpenID Connect in Amazon Web Services" (read 2026-11-30).
    """
    if not access.github:
        return ()
    claims = {"aud": (AUDIENCE,), "sub": tuple(each.subject for each in access.github)}
    equal: dict[str, str | tuple[str, ...]] = {f"{GITHUB}:{claim}": value for claim, value in claims.items()}
    provider = {"Federated": place.arn("iam", f"oidc-provider/{GITHUB}")}
    return (Trust(provider, {"StringEquals": equal}, "GitHub", "sts:AssumeRoleWithWebIdentity"),)


def _others_code(lane: Lane, layers: set[str]) -> list[Statement]:
    """Return what takes those of *layers*, and of the images that the lane names, that are of other accounts."""
    account, functions = lane.place.account, lane.functions.values()
    layers = {arn for arn in layers if arn.split(":")[4] != account}
    images = {
        uri.repository_arn(lane.place.partition)
        for each in functions
        if each.image and each.image.uri and (uri := in_ecr(each.image.uri)) and uri.account != account
    }
    return [
        *([Statement("OthersLayers", ("lambda:GetLayerVersion",), tuple(sorted(layers)))] if layers else []),
        *([Statement("OthersImages", FETCH_IMAGES, tuple(sorted(images)))] if images else []),
    ]


def _policy(
    own: OwnNames,
    passed: Mapping[str, list[str]],
    secrets: list[str],
    others_code: list[Statement],
    *,
    prepaid: bool,
) -> Policy:
    """Return the policy; *passed* are the roles that may be handed to each of the services, *secrets* may be set."""
    code = _brief(MANAGE_FUNCTIONS), _brief(MANAGE_MACHINES), _brief(MANAGE_SCHEDULES)
    functions, machines, schedules = (SEE_FUNCTIONS, RUN_MACHINES, SEE_SCHEDULES) if prepaid else code
    handed = {} if prepaid else _SERVICES
    return Policy(
        (
            Statement("Functions", functions, (own.arn("lambda", "function:"),)),
            Statement("Machines", machines, own.arns("states", ("stateMachine:", "execution:", "mapRun:"))),
            Statement("Schedules", schedules, own.arns("scheduler", ("schedule/", "schedule-group/"))),
            *(each for to, service in handed.items() for each in pass_roles(f"PassTo{to}", passed[to], service)),
            Statement("ReadRoles", _brief(READ_ROLES), (own.arn("iam", "role/"),)),
            *_read_foundation(own),
            Statement("Logs", MANAGE_LOGS, own.arns("logs", LOGS)),
            Statement("Data", (*OBJECTS, FETCH_CODE), (own.arn("s3", ""),)),
            Statement("Tables", _brief(sorted({*ITEMS, *SEE_TABLES})), (own.arn("dynamodb", "table/"),)),
            Statement("Messages", tuple(sorted({*SEND, *RECEIVE, *SEE_QUEUES})), (own.arn("sqs", ""),)),
            Statement("Topics", ("sns:Publish", *SEE_TOPICS), (own.arn("sns", ""),)),
            *([Statement("SetSecrets", ("secretsmanager:PutSecretValue",), tuple(secrets))] if secrets else []),
            Statement("Layers", SEE_LAYERS, (own.arn("lambda", "layer:"),)),
            *others_code,
            Statement("Images", PUSH_IMAGES, (own.folder("ecr", "repository/"),)),
            Statement("Look", _LOOK, ("*",)),
        )
    )


def _read_foundation(own: OwnNames) -> list[Statement]:
    """Return what a plan reads of the foundation, to see that it does not change."""
    return [
        Statement("ReadBoundaries", _brief(_READ_POLICIES), (own.arn("iam", "policy/"),)),
        Statement("ReadBucket", READ_BUCKETS, (own.arn("s3", ""),)),
        Statement("ReadBudget", ("budgets:ViewBudget",), (own.arn("budgets", "budget/"),)),
        Statement("SeeSecret", SEE_SECRETS, (own.folder("secretsmanager", "secret:"),)),
        Statement("ReadSettings", _brief(SEE_RECORDS), (own.folder("ssm", "parameter/"), own.record("*"))),
        Statement("Record", WRITE_RECORD, (own.record("deployer"),)),
    ]


_SERVICES = {"Functions": "lambda.amazonaws.com", "Machines": "states.amazonaws.com", "Schedules": SCHEDULER}
# Each stands for making, seeing, changing and removing one thing. The boundary holds all of this file, and a managed
# policy may have 6,144 characters.
_BRIEF = (
    *("dynamodb:*Item", "lambda:*FunctionConcurrency", "lambda:*FunctionConfiguration"),
    *("lambda:*FunctionEventInvokeConfig", "scheduler:*Schedule", "ssm:GetParameter*"),
    *("iam:GetPolicy*", "iam:GetRole*", "states:*Execution", "states:*StateMachine"),
)


def _brief(actions: Sequence[str]) -> tuple[str, ...]:
    """Return *actions*, those in a glob that stands for them which have one."""
    globs = [each for each in _BRIEF if any(fnmatchcase(action, each) for action in actions)]
    return (*globs, *(action for action in actions if not any(fnmatchcase(action, each) for each in globs)))


_READ_POLICIES = ("iam:GetPolicy", "iam:GetPolicyVersion", "iam:ListPolicyVersions")
_LOOK = (
    *SEE_NETWORKS,
    "ecr:GetAuthorizationToken",
    "lambda:GetAccountSettings",
    "lambda:ListEventSourceMappings",
    "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies",
    "scheduler:ListSchedules",
    "servicequotas:ListServiceQuotas",
    "states:ListStateMachines",
    "states:ValidateStateMachineDefinition",
    "sts:GetCallerIdentity",
)
