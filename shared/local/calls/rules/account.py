"""The account itself: IAM, STS, budgets, stacks, and services whose actions are not called like their operations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.local.calls.call import CallNotReadError

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.local.calls.asked import Asked
    from shared.local.calls.rules.types import Exceptions, Resources


# IAM: a call names a thing without the path that is in its ARN. A call that makes it gives the path; else the account
# knows it.


def entity(kind: str, parameter: str) -> Callable[[Asked], list[str | None]]:
    """Return what finds the thing of a *kind* (role, user, group, instance-profile) that *parameter* names."""

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
    """Return the managed policy: by its ARN, or by its path and name if the call makes it."""
    arn, name = asked.text("PolicyArn"), asked.text("PolicyName")
    if arn:
        return [arn]
    return [f"arn:{asked.partition}:iam::{asked.account}:policy{asked.text('Path') or '/'}{name}"] if name else [None]


def linked_role(asked: Asked) -> list[str | None]:
    """Return the service-linked role to make; its path names the service (User Guide, "Using ... roles")."""
    service = asked.text("AWSServiceName")
    suffix = asked.text("CustomSuffix")
    end = f"*_{suffix}" if suffix else "*"
    return [f"arn:{asked.partition}:iam::{asked.account}:role/aws-service-role/{service}/{end}"]


def _if_given(parameter: str, where: Callable[[Asked], list[str | None]]) -> Callable[[Asked], list[str | None]]:
    return lambda asked: where(asked) if asked.all(f"{parameter}[]") else []


IAM: Exceptions = {
    # API: making something with tags also needs the right to tag it.
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
    """Return the role that the call takes."""
    return [asked.text("RoleArn")]


def _tagging_session(asked: Asked) -> list[str | None]:
    return taken(asked) if asked.all("Tags[]") else []


def _naming_source(asked: Asked) -> list[str | None]:
    return taken(asked) if asked.text("SourceIdentity") else []


STS: Exceptions = {
    "GetCallerIdentity": (),  # API: it needs no permissions, and even a deny does not forbid it
    "GetSessionToken": (),  # API: it needs no permissions
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


# Budgets: one action to read, one to change (SAR).

_BUDGET = "arn:${Partition}:budgets::${Account}:budget/"


def budget(asked: Asked) -> list[str | None]:
    """Return the budget; ``*`` if all are listed."""
    names = (
        asked.texts("BudgetName") or asked.texts("Budget.BudgetName") or asked.texts("NewBudget.BudgetName") or ["*"]
    )
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
    "budget": lambda asked: [arn for arn in asked.texts("ResourceARN") if "/action/" not in arn] or budget(asked),
}


def billing_view(asked: Asked) -> list[str | None]:
    """Return the view of the bill that is asked for: the whole account's unless one is named (API)."""
    return [asked.text("BillingViewArn") or "*"]


COST_EXPLORER: Exceptions = {"GetCostAndUsage": (("ce:GetCostAndUsage", billing_view),)}


def stack(asked: Asked) -> list[str | None]:
    """Return the stack. Its ARN ends in an id that its name does not tell."""
    name = asked.text("StackName") or asked.text("StackId")
    if name is None:
        return []
    return [name if name.startswith("arn:") else asked.arn("cloudformation", f"stack/{name}/*")]


def _with_whose_rights(asked: Asked) -> list[str | None]:
    """Refuse a call that makes or deletes everything in a template.

    AWS does that with the rights of the caller, or of the role that the stack was given (AWS CloudFormation User Guide,
    "CloudFormation service role"). moto checks no rights.

    Raises:
        CallNotReadError: Always.
    """
    raise CallNotReadError(
        f"the embedded cloud checks nobody's rights in {asked.call}, so no role or user may call it",
        fix="make the stack with the account's own key, or each of its resources by a call of its own",
    )


def _stacks(prefix: str, *operations: str) -> Exceptions:
    return {name: ((f"{prefix}:{name}", _with_whose_rights),) for name in operations}


CLOUDFORMATION: Exceptions = {
    "DescribeStacks": (("cloudformation:DescribeStacks", lambda asked: stack(asked) or ["*"]),),  # SAR
}
SERVICE_CATALOG = _stacks(
    "servicecatalog", "ProvisionProduct", "UpdateProvisionedProduct", "TerminateProvisionedProduct"
)
CLOUDFORMATION_RESOURCES: Resources = {"stack": stack}
