"""The documents that the isolation proof reads: of the resources that a deploy makes, or of those that are there."""

from __future__ import annotations

import json
from itertools import chain
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from shared.config.template import render_definition
from shared.deploy.desired import foundation
from shared.deploy.rendezvous.desired import access
from shared.deploy.resources import KINDS
from shared.errors import code_of
from shared.isolation.documents import Document, Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from shared.config.lane import Lane
    from shared.config.platform import RendezvousService
    from shared.deploy.aws import Aws
    from shared.deploy.model import Resource


def lane_documents(lane: Lane) -> list[Document]:
    """Return every document that decides what *lane* may do and who may come in.

    Raises:
        ConfigError: A template cannot be rendered.
        UngrantedError: A workflow calls something that a team may not call.
    """
    definitions = {key: render_definition(lane, key) for key in lane.workflows}
    return [document for resource in foundation(lane, definitions) for document in resource_documents(lane, resource)]


def service_documents(service: RendezvousService) -> list[Document]:
    """Return every document that decides what the rendezvous *service* may do and who may take its roles."""
    return [document for resource in access(service) for document in resource_documents(service.lane, resource)]


def deployed_documents(lane: Lane, aws: Aws) -> Iterator[Document]:
    """Yield the documents of all that is named like *lane*'s in AWS, whoever made it, managed policies by hand too."""
    for kind in ("policy", "role", "bucket", "repository"):
        for name in KINDS[kind].names(aws, f"{lane.team}-"):
            resource = KINDS[kind].current(aws, name)
            if resource:
                yield from resource_documents(lane, resource)
                for arn in resource.properties.get("attached", ()):
                    body = _managed(aws, arn)
                    boundary = resource.properties["boundary"] or ""
                    yield Document(Kind.ROLE, f"{name} ({arn})", lane.team, body, lane.role_arn(name), boundary)
    for name, arn, text in _own_policies(aws, f"{lane.team}-"):
        yield Document(Kind.RESOURCE, name, lane.team, json.loads(text), arn)


def _own_policies(aws: Aws, prefix: str) -> Iterator[tuple[str, str, str]]:
    """Yield (name, ARN, policy) of the functions, secrets and tables of a team that have a policy of their own."""
    dynamodb, manager = aws.client("dynamodb"), aws.client("secretsmanager")
    for name in KINDS["function"].names(aws, prefix):
        found = _policy_or_none("ResourceNotFoundException", aws.lambda_.get_policy, FunctionName=name)
        if found:
            yield name, aws.place.arn("lambda", f"function:{name}"), found["Policy"]
    for name in chain(KINDS["database"].names(aws, prefix), KINDS["rendezvous key"].names(aws, prefix)):
        found = manager.get_resource_policy(SecretId=name)
        if found.get("ResourcePolicy"):
            yield name, found["ARN"], found["ResourcePolicy"]
    for name in KINDS["table"].names(aws, prefix):
        arn = aws.place.arn("dynamodb", f"table/{name}")
        found = _policy_or_none("PolicyNotFoundException", dynamodb.get_resource_policy, ResourceArn=arn)
        if found:
            yield name, arn, found["Policy"]


def _policy_or_none(absent: str, ask: Callable[..., Any], **params: str) -> Any:
    """Return what *ask* answers, or None where its error's code is *absent*."""
    try:
        return ask(**params)
    except ClientError as error:
        if code_of(error) != absent:
            raise
        return None


def _managed(aws: Aws, arn: str) -> Any:
    version = aws.iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    return aws.iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]


def resource_documents(lane: Lane, resource: Resource) -> Iterator[Document]:
    """Yield the documents in one of the lane's resources, as wanted or as found in AWS."""
    properties = resource.properties
    if resource.kind == "role":
        arn = lane.role_arn(resource.name)
        boundary = properties["boundary"] or ""
        yield Document(Kind.TRUST, resource.name, lane.team, properties["trust"], arn, boundary)
        for body in properties["policies"].values():
            kind = Kind.DEPLOYER if resource.name == lane.deployer else Kind.ROLE
            yield Document(kind, resource.name, lane.team, body, arn, boundary)
    elif resource.kind == "policy":
        yield Document(Kind.BOUNDARY, resource.name, lane.team, properties["document"], properties["arn"])
    elif resource.kind == "bucket":
        arn = lane.place.arn("s3", resource.name)
        yield Document(Kind.BUCKET, resource.name, lane.team, properties["policy"] or {}, arn)
    elif resource.kind == "repository" and properties["policy"]:  # one without lets nobody in
        yield Document(Kind.REPOSITORY, resource.name, lane.team, properties["policy"], properties["arn"])
