"""The account itself: IAM, STS, budgets, stacks, and services whose operations' names are not their actions'."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.local.calls.call import CallNotReadError

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.local.calls.asked import Asked
    from shared.local.calls.rules.types import Exceptions, Resources


# IAM: names come without the path that is in the ARN; of what is made it is in the call, else the account knows.


def entity(kind: str, parameter: str) -> Callable[[Asked], list[str | None]]:
    """Return what finds the *kind* (role, user, group, instance-profile) that *parameter* names."""

    def found(asked: Asked) -> list[str | None]:
        name = asked.text(parameter)
        given = asked.text("Arn") or asked.text("PolicySourceArn")
        if name is None:
            return (
                [given] if given and f":{kind}/" in given else [f"arn:{asked.partition}:iam::{asked.account}:{kind}/*"]
            )
        path = asked.text("Path") if asked.call.operation.startswith("Create") else asked.facts.iam_path(kind, name)
        return [f"arn:{asked.partition}:iam::{asked.account}:{kind}{path or '/'}{name}"]

    return found


role = entity("role", "RoleName")


def policy(asked: Asked) -> list[str | None]:
    """Return the managed policy: by its ARN, or of one that is made by its path and name."""
    arn, name = asked.text("PolicyArn"), asked.text("PolicyName")
    if arn:
        return [arn]
    return [f"arn:{asked.partition}:iam::{asked.account}:policy{asked.text('Path') or '/'}{name}"] if name else [None]


def linked_role(asked: Asked) -> list[str | None]:
    """Return the service-linked role that is made: its path is the service's name (User Guide, "Using ... roles")."""
    service = asked.text("AWSServiceName")
    suffix = asked.text("CustomSuffix")
    end = f"*_{suffix}" if suffix else "*"
    return [f"arn:{asked.partition}:iam::{asked.account}:role/aws-service-role/{service}/{end}"]


def _if_given(parameter: str, where: Callable[[Asked], list[str | None]]) -> Callable[[Asked], list[str | None]]:
    return lambda asked: where(asked) if asked.all(f"{parameter}[]") else []


IAM: Exceptions = {
    # API: what is made with tags takes the right to tag it.
    "CreateRole": (("iam:CreateRole", role), ("iam:TagRole", _if_given("Tags", role))),
    "CreatePolicy": (("iam:CreatePolicy", policy), ("iam:TagPolicy", _if_given("Tags", policy))),
    "CreateUser": (
        ("iam:CreateUser", entity("user", "UserName")),
        ("iam:TagUser", _if_given("Tags", entity("user", "UserName"))),
    ),
    "CreateServiceLinkedRole": (("iam:CreateServiceLinkedRole", linked_role),),
    "GenerateServiceLastAccessedDetails": (("iam:GenerateServiceLastAccessedDetails", "${Arn}"),),
    "ListPoliciesGrantingServiceAccess": (("iam:ListPoliciesGrantingServiceAccess", "${Arn}"),),
}
IAM_RESOURCES: Resources = {
    "role": role,
    "user": entity("user", "UserName"),
    "group": entity("group", "GroupName"),
    "instance-profile": entity("instance-profile", "InstanceProfileName"),
    "policy": policy,
}


def taken(asked: Asked) -> list[str | None]:
    """Return the role that is to be taken."""
    return [asked.text("RoleArn")]


def _tagging_session(asked: Asked) -> list[str | None]:
    return taken(asked) if asked.all("Tags[]") else []


def _naming_source(asked: Asked) -> list[str | None]:
    return taken(asked) if asked.text("SourceIdentity") else []


STS: Exceptions = {
    "GetCallerIdentity": (),  # API: no permissions are required, and even a deny does not keep anyone from it
    "GetSessionToken": (),  # API: no permissions are required
    "AssumeRole": (
        ("sts:AssumeRole", taken),
        ("sts:TagSession", _tagging_session),  # User Guide, "Pass session tags in AWS STS"
        ("sts:SetSourceIdentity", _naming_source),  # User Guide, "Monitor and control actions taken with assumed roles"
    ),
    "AssumeRoleWithSAML": (("sts:AssumeRoleWithSAML", taken),),
    "AssumeRoleWithWebIdentity": (("sts:AssumeRoleWithWebIdentity", taken),),
    "GetFederationToken": (("sts:GetFederationToken", "arn:${Partition}:sts::${Account}:federated-user/${Name}"),),
}
STS_RESOURCES: Resources = {"role": taken}


# Budgets: one action to look, one to change (SAR).

_BUDGET = "arn:${Partition}:budgets::${Account}:budget/"


def budget(asked: Asked) -> list[str | None]:
    """Return the budget, ``*`` when all are listed."""
    names = asked.all("BudgetName") or asked.all("Budget.BudgetName") or asked.all("NewBudget.BudgetName") or ["*"]
    return [f"{each}{name}" for each in asked.fill(_BUDGET) for name in names]


BUDGETS: Exceptions = {
    **dict.fromkeys(
        (
            "DescribeBudget",
            "DescribeBudgets",
            "DescribeBudgetPerformanceHistory",
            "DescribeNotificationsForBudget",
            "DescribeBudgetNotificationsForAccount",
            "DescribeSubscribersForNotification",
        ),
        (("budgets:ViewBudget", budget),),
    ),
    **{
        f"{verb}{what}": (("budgets:ModifyBudget", budget),)
        for verb in ("Create", "Update", "Delete")
        for what in ("Budget", "Notification", "Subscriber")
    },
    "CreateBudget": (
        ("budgets:ModifyBudget", budget),
        ("budgets:TagResource", lambda asked: budget(asked) if asked.all("ResourceTags[]") else []),  # API
    ),
}
BUDGETS_RESOURCES: Resources = {
    "budget": lambda asked: [arn for arn in asked.all("ResourceARN") if "/action/" not in arn] or budget(asked),
}


def stack(asked: Asked) -> list[str | None]:
    """Return the stack; its ARN ends in an id that is not known by its name."""
    name = asked.text("StackName") or asked.text("StackId")
    if name is None:
        return []
    return [name if name.startswith("arn:") else asked.arn("cloudformation", f"stack/{name}/*")]


def _with_whose_rights(asked: Asked) -> list[str | None]:
    """Refuse what makes or takes away all that a template names.

    AWS does that with the rights of the caller, or of the role that the stack was given (AWS CloudFormation User Guide,
    "CloudFormation service role"); moto asks for none.

    Raises:
        CallNotReadError: Always.
    """
    raise CallNotReadError(
        f"{asked.call} is done with nobody's rights in the embedded cloud, so that no role or user may call it",
        fix="make the stack with the account's own key, or each of its resources by a call of its own",
    )


def _stacks(prefix: str, *operations: str) -> Exceptions:
    return {name: ((f"{prefix}:{name}", _with_whose_rights),) for name in operations}


CLOUDFORMATION: Exceptions = {
    "DescribeStacks": (("cloudformation:DescribeStacks", lambda asked: stack(asked) or ["*"]),),  # SAR
    **_stacks("cloudformation", "CreateStack", "UpdateStack", "DeleteStack", "ExecuteChangeSet", "UpdateStackSet"),
    **_stacks("cloudformation", "CreateStackInstances", "UpdateStackInstances", "DeleteStackInstances"),
}
SERVICE_CATALOG = _stacks(
    "servicecatalog", "ProvisionProduct", "UpdateProvisionedProduct", "TerminateProvisionedProduct"
)
CLOUDFORMATION_RESOURCES: Resources = {"stack": stack}
