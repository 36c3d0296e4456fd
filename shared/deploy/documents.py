"""The documents and links that the isolation proof reads of the resources that a deploy makes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.deploy.rendezvous.desired import access
from shared.deploy.resources import bucket, policy, queue, repository, role, topic, wanted_resources
from shared.deploy.sources import read_sources
from shared.isolation.proof.account.code_links import FunctionLinks
from shared.isolation.proof.account.links import DEFAULT_BUS, Logging, Rule
from shared.isolation.proof.documents.document import Document, DocumentKind
from shared.values import as_mapping, as_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.config.lane import Function, Lane
    from shared.config.platform import RendezvousService
    from shared.deploy.model import Resource
    from shared.isolation.proof.account.links import Link

_WITH_ARN = {queue.KIND: "sqs", topic.KIND: "sns"}  # the service in the ARN, which ends with the name


def lane_documents(lane: Lane) -> list[Document]:
    """Return every document that decides what *lane* may do and who may come in.

    Raises:
        ConfigError: A template cannot be rendered.
        UngrantedError: A workflow calls something that a team may not call.
    """
    resources = wanted_resources(read_sources(lane))
    return [document for resource in resources for document in resource_documents(lane, resource)]


def service_documents(service: RendezvousService) -> list[Document]:
    """Return every document that decides what the rendezvous *service* may do and who may take its roles."""
    return [document for resource in access(service) for document in resource_documents(service.lane, resource)]


def lane_links(lane: Lane) -> list[Link]:
    """Return where the state machines of *lane* are to log, and what ties its functions to others."""
    groups = {key: lane.place.arn("logs", f"log-group:{each.log_group}:*") for key, each in lane.workflows.items()}
    functions = [_function_links(lane, key, each) for key, each in lane.functions.items()]
    return [*(Logging(lane.state_machine_arn(key), (group,)) for key, group in groups.items()), *functions]


def _function_links(lane: Lane, key: str, function: Function) -> FunctionLinks:
    told, image = function.asynchronous, function.image
    return FunctionLinks(
        lane.function_arn(key),
        function.layers,
        (image.uri or "") if image else "",
        tuple(arn for arn in (told.on_success, told.on_failure) if arn) if told else (),
    )


def service_links(service: RendezvousService) -> list[Link]:
    """Return the rules of the rendezvous *service*: they run on a schedule and see no event."""
    lane = service.lane
    return [
        Rule(lane.place.arn("events", f"rule/{name}"), DEFAULT_BUS, None, ((lane.function_arn(key), ""),))
        for key, name in service.rules.items()
    ]


def resource_documents(lane: Lane, resource: Resource) -> Iterator[Document]:
    """Yield the documents in one of the lane's resources, as wanted or as found in AWS."""
    name, properties = resource.name, resource.properties
    if resource.kind == role.KIND:
        arn = lane.role_arn(name)
        boundary = as_text(properties["boundary"] or "")
        yield Document(DocumentKind.TRUST, name, lane.team, as_mapping(properties["trust"]), arn, boundary)
        for body in as_mapping(properties["policies"]).values():
            kind = DocumentKind.DEPLOYER if name == lane.deployer else DocumentKind.ROLE
            yield Document(kind, name, lane.team, as_mapping(body), arn, boundary)
    elif resource.kind == policy.KIND:
        document = as_mapping(properties["document"])
        yield Document(DocumentKind.BOUNDARY, name, lane.team, document, as_text(properties["arn"]))
    elif resource.kind == bucket.KIND:
        document = as_mapping(properties["policy"] or {})
        yield Document(DocumentKind.BUCKET, name, lane.team, document, lane.place.arn("s3", name))
    elif resource.kind in _WITH_ARN and properties["policy"]:
        document = as_mapping(properties["policy"])
        arn = lane.place.arn(_WITH_ARN[resource.kind], name)
        yield Document(DocumentKind.RESOURCE, name, lane.team, document, arn)
    elif resource.kind == repository.KIND and properties["policy"]:  # one without a policy lets nobody in
        document = as_mapping(properties["policy"])
        yield Document(DocumentKind.REPOSITORY, name, lane.team, document, as_text(properties["arn"]))
