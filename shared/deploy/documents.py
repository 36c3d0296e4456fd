"""The documents and links that the isolation proof reads of the resources that a deploy makes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from shared.config.access import NOBODY
from shared.deploy.guard import lane_tags
from shared.deploy.rendezvous.desired import access
from shared.deploy.resources import (
    bucket,
    event_source,
    notification,
    policy,
    queue,
    repository,
    role,
    schedules,
    topic,
    wanted_resources,
)
from shared.deploy.sources import read_sources
from shared.isolation.proof.account.code_links import FunctionLinks
from shared.isolation.proof.account.links import DEFAULT_BUS, Logging, Rule
from shared.isolation.proof.account.trigger_links import TriggerLinks
from shared.isolation.proof.documents.document import Document, DocumentKind
from shared.values import as_mapping, as_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shared.config.lane import Function, Lane, Place
    from shared.config.platform import RendezvousService
    from shared.deploy.model import Resource
    from shared.isolation.proof.account.links import Link
    from shared.values import Json

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
    logging = [Logging(lane.state_machine_arn(key), (group,)) for key, group in groups.items()]
    return [*logging, *functions, *_trigger_links(lane)]


def _trigger_links(lane: Lane) -> Iterator[TriggerLinks]:
    """Yield what starts the workflows of *lane*, and what each reaches, as they are wanted."""
    tags = lane_tags(lane)
    for key, workflow in lane.workflows.items():
        if workflow.schedules:
            made = schedules.desired(lane, workflow, workflow.schedules, tags)
            for name, told in as_mapping(made.properties["schedules"]).items():
                yield schedule_links(lane.place, made.name, name, as_mapping(told))
        if workflow.upload:
            function = lane.function_arn(workflow.upload.function)
            queue = lane.queue_arn(workflow.upload.queue.name)
            yield TriggerLinks(event_source.KIND, function, (queue, lane.state_machine_arn(key)))
            yield TriggerLinks(notification.KIND, lane.bucket_arn, (queue,))


def schedule_links(place: Place, group: str, name: str, told: Mapping[str, Json]) -> TriggerLinks:
    """Return what the schedule called *name* in *group* reaches, as Scheduler's calls have it."""
    target = as_mapping(told["Target"])
    queue = as_mapping(target.get("DeadLetterConfig") or {}).get("Arn")
    aims = (*_called(target), as_text(target["RoleArn"]), *([as_text(queue)] if queue else ()))
    return TriggerLinks("schedule", place.arn("scheduler", f"schedule/{group}/{name}"), tuple(dict.fromkeys(aims)))


def _called(target: Mapping[str, Json]) -> list[str]:
    """Return what a schedule's *target* is: its ARN; or, for any call of a service, the ARNs among its parameters."""
    arn = as_text(target["Arn"])
    if not arn.split(":", 5)[5].startswith("aws-sdk:"):
        return [arn]
    try:
        told = json.loads(as_text(target.get("Input") or "{}"))
    except ValueError:
        return []
    values = told.values() if isinstance(told, dict) else ()
    return [value for value in values if isinstance(value, str) and value.startswith("arn:")]


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
        guests = lane.access if name == lane.deployer else NOBODY
        yield Document(DocumentKind.TRUST, name, lane.team, as_mapping(properties["trust"]), arn, boundary, guests)
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
