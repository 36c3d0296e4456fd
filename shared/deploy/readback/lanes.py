"""The documents of all that is named like a team's in AWS, whoever made it, with managed policies attached by hand."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING

from shared.deploy.documents import resource_documents
from shared.deploy.readback.layers import layer_policies
from shared.deploy.reading import if_there
from shared.deploy.rendezvous.desired import access
from shared.deploy.resources import (
    KINDS,
    bucket,
    database,
    function,
    policy,
    queue,
    rendezvous_key,
    repository,
    role,
    secret,
    table,
    topic,
    wanted_resources,
)
from shared.deploy.sources import read_sources
from shared.isolation.proof.documents.document import Document, DocumentKind
from shared.values import as_list, as_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shared.aws.client import Aws
    from shared.config.lane import Lane
    from shared.config.platform import RendezvousService
    from shared.deploy.readback.sight import Sight
    from shared.values import Json

_SECRETS = (database.KIND, rendezvous_key.KIND, secret.KIND)
_WITH_POLICIES = (
    *(policy.KIND, role.KIND, bucket.KIND, repository.KIND, function.KIND, *_SECRETS, table.KIND),
    *(queue.KIND, topic.KIND),
)
_OF_ROLES = (DocumentKind.ROLE, DocumentKind.DEPLOYER, DocumentKind.TRUST, DocumentKind.BOUNDARY)
_GONE = "ResourceNotFoundException"


def deployed_documents(lane: Lane, aws: Aws, sight: Sight) -> Iterator[Document]:
    """Yield the documents of all that is named like *lane*'s in AWS.

    Where the caller may not list a kind, *sight* notes it, and the names that the team's file makes are read.
    """
    for kind in _WITH_POLICIES:
        for name in _names(lane, kind, aws, sight):
            with sight.looking(f"policies of {kind} {name}"):
                yield from _documents(lane, kind, name, aws, sight)
    yield from layer_policies(lane, aws, sight)


def documents_of_service(service: RendezvousService, aws: Aws, sight: Sight) -> list[Document]:
    """Return the documents of the rendezvous *service* in AWS, whoever made them.

    Not all that is named as the platform names its own is the service's: its administrators' roles may be called so,
    and that of the ledger of prepaid lanes is. They reach all teams, and are no part of it.
    """
    own = {each.name for each in access(service)}
    found = deployed_documents(service.lane, aws, sight)
    return [each for each in found if each.kind not in _OF_ROLES or each.name.partition(" ")[0] in own]


def _names(lane: Lane, kind: str, aws: Aws, sight: Sight) -> list[str]:
    what = f"{kind}: what is named {lane.team}-... and not in the team's file"
    listed = sight.list(what, lambda: KINDS[kind].names(aws, lane.team))
    if listed is not None:
        return listed
    if kind == function.KIND:
        return [each.name for each in lane.functions.values()]
    return [resource.name for resource in wanted_resources(read_sources(lane)) if resource.kind == kind]


def _documents(lane: Lane, kind: str, name: str, aws: Aws, sight: Sight) -> Iterator[Document]:
    if kind == function.KIND:
        yield from _of_function(lane, name, aws)
    elif kind in _SECRETS:
        answer = if_there(lambda: aws.client("secretsmanager").get_resource_policy(SecretId=name), _GONE) or {}
        if answer.get("ResourcePolicy"):
            yield _own(lane, name, answer["ARN"], answer["ResourcePolicy"])
    elif kind == table.KIND:
        arn = lane.place.arn("dynamodb", f"table/{name}")
        read = aws.client("dynamodb").get_resource_policy
        answer = if_there(lambda: read(ResourceArn=arn), "PolicyNotFoundException", _GONE)
        if answer:
            yield _own(lane, name, arn, answer["Policy"])
    else:
        resource = KINDS[kind].current(aws, name)
        if resource:
            yield from resource_documents(lane, resource)
            for arn in map(as_text, as_list(resource.properties.get("attached", ()))):
                with sight.looking(f"policy {arn}, attached to role {name}"):
                    body, under = managed_policy(aws, arn), as_text(resource.properties["boundary"] or "")
                    yield Document(DocumentKind.ROLE, f"{name} ({arn})", lane.team, body, lane.role_arn(name), under)


def _of_function(lane: Lane, name: str, aws: Aws) -> Iterator[Document]:
    """Yield the policies of a function, of each of its versions and of its aliases.

    Each of them may have a policy of its own, and GetPolicy without a Qualifier tells only the function's. Source:
    Lambda API reference, GetPolicy (November 2026).
    """
    own = lane.place.arn("lambda", f"function:{name}")
    arns = {"": own, **{qualifier: f"{own}:{qualifier}" for qualifier in _qualifiers(name, aws)}}
    for qualifier, arn in arns.items():
        body = _policy_of(name, qualifier, aws)
        if body:
            title = f"{name}:{qualifier}" if qualifier else name
            yield Document(DocumentKind.RESOURCE, title, lane.team, body, arn)


def _policy_of(name: str, qualifier: str, aws: Aws) -> Mapping[str, Json]:
    which = {"FunctionName": name, **({"Qualifier": qualifier} if qualifier else {})}
    answer = if_there(lambda: aws.client("lambda").get_policy(**which), _GONE)
    return dict(json.loads(answer["Policy"])) if answer else {}


def _qualifiers(name: str, aws: Aws) -> list[str]:
    """Return the versions and aliases of a function, none when it is gone."""
    client = aws.client("lambda")
    versions = partial(client.get_paginator("list_versions_by_function").paginate, FunctionName=name)
    aliases = partial(client.get_paginator("list_aliases").paginate, FunctionName=name)
    numbers = if_there(lambda: [each["Version"] for page in versions() for each in page["Versions"]], _GONE) or []
    names = if_there(lambda: [each["Name"] for page in aliases() for each in page["Aliases"]], _GONE) or []
    return [*(number for number in numbers if number != "$LATEST"), *names]


def _own(lane: Lane, name: str, arn: str, text: str) -> Document:
    return Document(DocumentKind.RESOURCE, name, lane.team, json.loads(text), arn)


def managed_policy(aws: Aws, arn: str) -> Mapping[str, Json]:
    """Return the version in force of the managed policy *arn*, as its JSON reads."""
    iam = aws.client("iam")
    version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    document: Mapping[str, Json] = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
    return document
