"""AWS::IAM: roles and their policies.

Source: AWS CloudFormation Template Reference, AWS::IAM::Role, AWS::IAM::Policy and AWS::IAM::ManagedPolicy (read
2026-11-30).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from shared.local.stacks.kinds.kind import Kind, Properties, ResourceFailed, Work, only, retag
from shared.local.stacks.kinds.missing import gone_already
from shared.local.stacks.shapes import Property, made_of, members

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from shared.values import Json

_ROLE_NAME = 64
_POLICY_NAME = 128
_TAGS = Property("iam.CreateRole.Tags")


class Role(Kind):
    """A role, with the policies that stand in it."""

    type = "AWS::IAM::Role"
    properties = {
        **members("iam", "CreateRole", "Description MaxSessionDuration PermissionsBoundary", replaces="Path RoleName"),
        "AssumeRolePolicyDocument": Property(),
        "ManagedPolicyArns": Property("lambda.CreateFunction.Layers"),  # a list of texts
        "Policies": made_of([{"PolicyName!": "string", "PolicyDocument!": "document"}]),
        "Tags": _TAGS,
    }
    required = ("AssumeRolePolicyDocument",)
    attributes = ("Arn", "RoleId")
    named_by = "RoleName"
    needs_capability = True

    def create(self, work: Work, wanted: Properties) -> str:
        """Make it with its policies; if one is refused, nothing stays."""
        name = str(wanted.get("RoleName") or work.generated(_ROLE_NAME))
        iam = work.client("iam")
        iam.create_role(
            RoleName=name,
            AssumeRolePolicyDocument=_document(wanted["AssumeRolePolicyDocument"]),
            **only(wanted, "Description", "MaxSessionDuration", "Path", "PermissionsBoundary", "Tags"),
        )
        try:
            self._give(iam, name, {}, wanted)
        except BaseException:
            self.delete(work, name, {})
            raise
        return name

    def update(self, work: Work, physical: str, have: Properties, wanted: Properties) -> None:
        """Change it in place."""
        iam = work.client("iam")
        if wanted["AssumeRolePolicyDocument"] != have.get("AssumeRolePolicyDocument"):
            document = _document(wanted["AssumeRolePolicyDocument"])
            iam.update_assume_role_policy(RoleName=physical, PolicyDocument=document)
        iam.update_role(
            RoleName=physical,
            Description=wanted.get("Description", ""),
            MaxSessionDuration=wanted.get("MaxSessionDuration", 3600),
        )
        if "PermissionsBoundary" in wanted:
            iam.put_role_permissions_boundary(RoleName=physical, **only(wanted, "PermissionsBoundary"))
        elif "PermissionsBoundary" in have:
            iam.delete_role_permissions_boundary(RoleName=physical)
        self._give(iam, physical, have, wanted)
        retag(
            have,
            wanted,
            lambda gone: iam.untag_role(RoleName=physical, TagKeys=gone),
            lambda: iam.tag_role(RoleName=physical, Tags=wanted["Tags"]),
        )

    @staticmethod
    def _give(iam: Any, name: str, have: Properties, wanted: Properties) -> None:
        """Give the role its policies, and take those that it had."""
        before, after = _listed(have), _listed(wanted)
        for arn in sorted(before - after):
            with gone_already():
                iam.detach_role_policy(RoleName=name, PolicyArn=arn)
        for arn in sorted(after - before):
            iam.attach_role_policy(RoleName=name, PolicyArn=arn)
        old, new = _inline(have), _inline(wanted)
        for policy in sorted(set(old) - set(new)):
            with gone_already():
                iam.delete_role_policy(RoleName=name, PolicyName=policy)
        for policy, document in new.items():
            if old.get(policy) != document:
                iam.put_role_policy(RoleName=name, PolicyName=policy, PolicyDocument=document)

    def delete(self, work: Work, physical: str, have: Properties) -> None:
        """Delete it, with what it carries of its own."""
        iam = work.client("iam")
        with gone_already():
            for arn in sorted(_listed(have)):
                with gone_already():
                    iam.detach_role_policy(RoleName=physical, PolicyArn=arn)
            for policy in iam.list_role_policies(RoleName=physical)["PolicyNames"]:
                if policy in _inline(have) or not have:
                    iam.delete_role_policy(RoleName=physical, PolicyName=policy)
            if not have:
                for each in iam.list_attached_role_policies(RoleName=physical)["AttachedPolicies"]:
                    iam.detach_role_policy(RoleName=physical, PolicyArn=each["PolicyArn"])
            iam.delete_role(RoleName=physical)

    def tell(self, work: Work, physical: str, have: Properties) -> Properties:
        """Return its ARN and its id."""
        told = work.client("iam").get_role(RoleName=physical)["Role"]
        return {"Arn": told["Arn"], "RoleId": told["RoleId"]}


def _document(document: Json) -> str:
    return document if isinstance(document, str) else json.dumps(document)


def _listed(properties: Properties) -> set[str]:
    arns = properties.get("ManagedPolicyArns")
    return {str(each) for each in arns} if isinstance(arns, list) else set()


def _inline(properties: Properties) -> dict[str, str]:
    policies = properties.get("Policies")
    listed = policies if isinstance(policies, list) else []
    try:
        return {str(each["PolicyName"]): _document(each["PolicyDocument"]) for each in listed}
    except (KeyError, TypeError) as error:
        raise ResourceFailed("#/Policies: each needs a PolicyName and a PolicyDocument") from error


_HOLDERS = ("Roles", "Users", "Groups")


class InlinePolicy(Kind):
    """A policy that is put into roles, users and groups."""

    type = "AWS::IAM::Policy"
    properties = {
        "PolicyName": Property("iam.PutRolePolicy.PolicyName", replaces=True),
        "PolicyDocument": Property(),
        **{name: Property("lambda.CreateFunction.Layers") for name in _HOLDERS},
    }
    required = ("PolicyName", "PolicyDocument")
    attributes = ("Id",)
    needs_capability = True

    def create(self, work: Work, wanted: Properties) -> str:
        """Put it."""
        if not any(wanted.get(each) for each in _HOLDERS):
            raise ResourceFailed("At least one of [Groups,Roles,Users] must be non-empty.")
        self._put(work, wanted)
        return work.generated(_POLICY_NAME)

    def update(self, work: Work, physical: str, have: Properties, wanted: Properties) -> None:
        """Put it anew, and take it where it is no longer wanted."""
        self._put(work, wanted)
        for call, holder, name in _held(have, "delete"):
            if (call, holder, name) not in list(_held(wanted, "delete")):
                with gone_already():
                    getattr(work.client("iam"), call)(**{holder: name}, **only(have, "PolicyName"))

    def delete(self, work: Work, physical: str, have: Properties) -> None:
        """Take it."""
        for call, holder, name in _held(have, "delete"):
            with gone_already():
                getattr(work.client("iam"), call)(**{holder: name}, **only(have, "PolicyName"))

    @staticmethod
    def _put(work: Work, wanted: Properties) -> None:
        document = _document(wanted["PolicyDocument"])
        for call, holder, name in _held(wanted, "put"):
            put: Callable[..., object] = getattr(work.client("iam"), call)
            put(**{holder: name}, PolicyDocument=document, **only(wanted, "PolicyName"))

    def tell(self, work: Work, physical: str, have: Properties) -> Properties:
        """Return its id."""
        return {"Id": physical}


def _held(properties: Properties, verb: str) -> Iterator[tuple[str, str, str]]:
    """Yield for each role, user and group the call that does *verb*, its parameter, and the name."""
    for holders in _HOLDERS:
        one = holders[:-1]
        names = properties.get(holders)
        for name in names if isinstance(names, list) else []:
            yield f"{verb}_{one.lower()}_policy", f"{one}Name", str(name)


class ManagedPolicy(Kind):
    """A policy of its own, attached to roles, users and groups."""

    type = "AWS::IAM::ManagedPolicy"
    properties = {
        **members("iam", "CreatePolicy", "", replaces="Description Path"),
        "ManagedPolicyName": Property("iam.CreatePolicy.PolicyName", replaces=True),
        "PolicyDocument": Property(),
        **{name: Property("lambda.CreateFunction.Layers") for name in _HOLDERS},
    }
    required = ("PolicyDocument",)
    attributes = ("PolicyArn",)
    named_by = "ManagedPolicyName"
    needs_capability = True

    def create(self, work: Work, wanted: Properties) -> str:
        """Make and attach it; if that is refused, nothing stays."""
        told = work.client("iam").create_policy(
            PolicyName=wanted.get("ManagedPolicyName") or work.generated(_POLICY_NAME),
            PolicyDocument=_document(wanted["PolicyDocument"]),
            **only(wanted, "Description", "Path"),
        )
        arn = str(told["Policy"]["Arn"])
        try:
            self._attach(work, arn, (), list(_held(wanted, "attach")))
        except BaseException:
            self.delete(work, arn, wanted)
            raise
        return arn

    def update(self, work: Work, physical: str, have: Properties, wanted: Properties) -> None:
        """Give it another default version, and attach it as it is wanted."""
        iam = work.client("iam")
        if wanted["PolicyDocument"] != have.get("PolicyDocument"):
            document = _document(wanted["PolicyDocument"])
            iam.create_policy_version(PolicyArn=physical, PolicyDocument=document, SetAsDefault=True)
            for each in iam.list_policy_versions(PolicyArn=physical)["Versions"]:
                if not each["IsDefaultVersion"]:
                    iam.delete_policy_version(PolicyArn=physical, VersionId=each["VersionId"])
        before, after = list(_held(have, "attach")), list(_held(wanted, "attach"))
        self._attach(work, physical, before, after)

    def delete(self, work: Work, physical: str, have: Properties) -> None:
        """Detach and delete it."""
        iam = work.client("iam")
        self._attach(work, physical, list(_held(have, "attach")), ())
        with gone_already():
            iam.delete_policy(PolicyArn=physical)

    @staticmethod
    def _attach(
        work: Work, arn: str, before: Sequence[tuple[str, str, str]], after: Sequence[tuple[str, str, str]]
    ) -> None:
        iam = work.client("iam")
        for call, holder, name in after:
            if (call, holder, name) not in before:
                getattr(iam, call)(**{holder: name}, PolicyArn=arn)
        for call, holder, name in before:
            if (call, holder, name) not in after:
                with gone_already():
                    getattr(iam, call.replace("attach", "detach"))(**{holder: name}, PolicyArn=arn)

    def tell(self, work: Work, physical: str, have: Properties) -> Properties:
        """Return its ARN."""
        return {"PolicyArn": physical}


KINDS: tuple[Kind, ...] = (Role(), InlinePolicy(), ManagedPolicy())
