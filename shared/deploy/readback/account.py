"""An account's users, groups and roles, and what else could reach a team. All of it is read, page by page."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING

from shared.deploy.readback.lanes import managed_policy
from shared.deploy.readback.triggers import read_triggers
from shared.deploy.reading import if_there
from shared.deploy.resources import function
from shared.iam.statements import Policy, read_identity_policy, read_resource_policy
from shared.isolation.proof.account.account import Account, Principal, ServicePolicy
from shared.isolation.proof.account.code_links import FunctionLinks
from shared.isolation.proof.account.links import Logging, Rule
from shared.values import as_list, as_mapping, as_text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from mypy_boto3_logs.type_defs import ResourcePolicyTypeDef

    from shared.aws.client import Aws
    from shared.config.lane import Lane
    from shared.deploy.readback.sight import Sight
    from shared.values import Json

_DETAILS = ("User", "Role", "Group", "LocalManagedPolicy", "AWSManagedPolicy")
NOT_READ = (
    "service and resource control policies of an organisation: they only take away, and no finding depends on them",
    "what another account lets this one's roles do, and its own users: IAM tells of one account",
    "grants inside the teams' database, and who reaches it over the network",
    "VPC endpoints' policies, session policies, and credentials that somebody holds already",
    "S3 access points: the bucket's own policy, which is read, must allow what one lets in",
    "EventBridge pipes and archives",
    "policies of SSM's advanced parameters: a lane's are standard ones, which carry none",
    "the networks of functions, and who else is in them",
    "log groups' subscription filters, buckets' replication, streams of tables",
    "keys of KMS: a lane uses none of its own",
)


def read_account(lanes: list[Lane], aws: Aws, sight: Sight, rendezvous: Collection[str] = ()) -> Account:
    """Return what was read of the account that *lanes* lie in, and all that *sight* noted as refused so far.

    *rendezvous* are the ARNs of the rendezvous' roles, if its lane is one of them.
    """
    return Account(
        teams=tuple(lane.team for lane in lanes),
        rendezvous=frozenset(rendezvous),
        principals=tuple(_principals(aws, sight)),
        policies=(*_log_policies(lanes, aws, sight), *_bus_policies(aws, sight)),
        links=(
            *_rules(aws, sight),
            *_loggings(lanes, aws, sight),
            *_functions(lanes, aws, sight),
            *read_triggers(lanes, aws, sight),
        ),
        unseen=tuple(map(str, sight.unseen)),
        limits=NOT_READ,
    )


def _principals(aws: Aws, sight: Sight) -> list[Principal]:
    pages = sight.list(
        "IAM users, groups and roles of the account",
        lambda: aws.client("iam").get_paginator("get_account_authorization_details").paginate(Filter=list(_DETAILS)),
    )
    if pages is None:
        return []
    managed = {
        each["Arn"]: read_identity_policy(each["Arn"], _in_force(each)) for page in pages for each in page["Policies"]
    }
    lists = {"user": "UserDetailList", "group": "GroupDetailList", "role": "RoleDetailList"}
    raws = [(kind, raw) for kind, key in lists.items() for page in pages for raw in page[key]]
    for arn in {arn for _, raw in raws for arn in _carried(raw)} - managed.keys():
        with sight.looking(f"policy {arn}"):
            managed[arn] = read_identity_policy(arn, managed_policy(aws, arn))
    return [_principal(kind, raw, managed) for kind, raw in raws]


def _in_force(policy: Mapping[str, Json]) -> Mapping[str, Json]:
    versions = _objects(policy["PolicyVersionList"])
    return next((as_mapping(each["Document"]) for each in versions if each["IsDefaultVersion"]), {})


def _carried(raw: Mapping[str, Json]) -> list[str]:
    """Return the ARNs of the managed policies of a user, group or role, and that of its boundary."""
    boundary = _boundary(raw)
    return [*_attached(raw), *([boundary] if boundary else [])]


def _attached(raw: Mapping[str, Json]) -> list[str]:
    return [as_text(each["PolicyArn"]) for each in _objects(raw.get("AttachedManagedPolicies"))]


def _boundary(raw: Mapping[str, Json]) -> str:
    return as_text(as_mapping(raw.get("PermissionsBoundary") or {}).get("PermissionsBoundaryArn", ""))


def _objects(told: Json) -> list[Mapping[str, Json]]:
    """Return the objects of a list that AWS tells, or leaves out."""
    return [as_mapping(each) for each in as_list(told or ())]


def _principal(kind: str, raw: Mapping[str, Json], managed: Mapping[str, Policy]) -> Principal:
    """Return a user, group or role. A managed policy that could not be read counts as empty; the sight has noted it."""
    inline = _objects(raw.get(f"{kind.capitalize()}PolicyList"))
    trust = raw.get("AssumeRolePolicyDocument")
    return Principal(
        kind=kind,
        arn=as_text(raw["Arn"]),
        path=as_text(raw["Path"]),
        policies=(
            *(read_identity_policy(as_text(each["PolicyName"]), as_mapping(each["PolicyDocument"])) for each in inline),
            *(managed.get(arn, Policy(arn, ())) for arn in _attached(raw)),
        ),
        trust=read_resource_policy("trust", as_mapping(trust)) if trust else None,
        boundary=managed.get(_boundary(raw)),
    )


def _log_policies(lanes: list[Lane], aws: Aws, sight: Sight) -> Iterator[ServicePolicy]:
    """Yield the resource policies of the region's logs, and those of the lanes' own groups.

    A group may have one of its own since 2025, told only when it is asked for. Source: CloudWatch Logs API reference,
    DescribeResourcePolicies (November 2026).
    """
    for raw in _told_log_policies(aws, sight, "log resource policies of the account", {}):
        title = f"log resource policy {raw['policyName']}"
        yield ServicePolicy(read_resource_policy(title, raw["policyDocument"]), "logs")
    for lane in lanes:
        groups = (
            *(each.log_group for each in lane.functions.values()),
            *(each.log_group for each in lane.workflows.values()),
        )
        for arn in (lane.place.arn("logs", f"log-group:{group}") for group in groups):
            asked = {"resourceArn": arn, "policyScope": "RESOURCE"}
            for raw in _told_log_policies(aws, sight, f"resource policies of {lane.team}'s log groups", asked):
                if raw.get("policyScope") == "RESOURCE":
                    title = f"resource policy of {arn.partition('log-group:')[2]}"
                    yield ServicePolicy(read_resource_policy(title, raw["policyDocument"]), "logs", arn)


def _told_log_policies(aws: Aws, sight: Sight, what: str, asked: Mapping[str, str]) -> list[ResourcePolicyTypeDef]:
    paginate = aws.client("logs").get_paginator("describe_resource_policies").paginate
    pages = sight.list(what, lambda: if_there(lambda: list(paginate(**asked)), "ResourceNotFoundException") or ())
    return [raw for page in pages or () for raw in page["resourcePolicies"]]


def _buses(aws: Aws, sight: Sight) -> list[Mapping[str, str]]:
    return sight.list("event buses", lambda: _all(aws, "list_event_buses", "EventBuses")) or []


def _bus_policies(aws: Aws, sight: Sight) -> Iterator[ServicePolicy]:
    for bus in _buses(aws, sight):
        if bus.get("Policy"):
            title = f"policy of event bus {bus['Name']}"
            yield ServicePolicy(read_resource_policy(title, bus["Policy"]), "events", bus["Arn"])


def _rules(aws: Aws, sight: Sight) -> Iterator[Rule]:
    for bus in _buses(aws, sight):
        where = {"EventBusName": bus["Name"]}
        rules = sight.list(f"rules of event bus {bus['Name']}", partial(_all, aws, "list_rules", "Rules", **where))
        for raw in rules or ():
            yield _rule(raw, bus["Name"], aws, sight)


def _rule(raw: Mapping[str, str], bus: str, aws: Aws, sight: Sight) -> Rule:
    which = {"Rule": raw["Name"], "EventBusName": bus}
    targets = sight.list(
        f"targets of rule {raw['Name']}",
        lambda: _all(aws, "list_targets_by_rule", "Targets", **which),
    )
    return Rule(
        arn=raw["Arn"],
        bus=bus,
        pattern=json.loads(raw["EventPattern"]) if raw.get("EventPattern") else None,
        targets=tuple((each["Arn"], each.get("RoleArn") or "") for each in targets or ()),
        managed_by=raw.get("ManagedBy") or "",
    )


def _all(aws: Aws, call: str, key: str, **asked: str) -> Iterator[Mapping[str, str]]:
    """Yield what a call of EventBridge lists, page by page. boto3 has no paginator for event buses."""
    token: dict[str, str] = {}
    while True:
        answer = getattr(aws.client("events"), call)(**asked, **token)
        yield from answer[key]
        if not answer.get("NextToken"):
            return
        token = {"NextToken": answer["NextToken"]}


def _loggings(lanes: list[Lane], aws: Aws, sight: Sight) -> Iterator[Logging]:
    """Yield where each state machine of the account logs: a machine of no team may log into a team's group."""
    machines = sight.list("state machines", lambda: _machines(aws))
    if machines is None:
        machines = [lane.state_machine_arn(key) for lane in lanes for key in lane.workflows]
    for arn in machines:
        with sight.looking("where state machines log that are not the caller's"):
            machine = if_there(
                partial(aws.states.describe_state_machine, stateMachineArn=arn), "StateMachineDoesNotExist"
            )
            logging = machine.get("loggingConfiguration", {}) if machine else {}
            groups = (each.get("cloudWatchLogsLogGroup", {}) for each in logging.get("destinations", ()))
            if logging.get("level") != "OFF":
                yield Logging(arn, tuple(each["logGroupArn"] for each in groups if "logGroupArn" in each))


def _functions(lanes: list[Lane], aws: Aws, sight: Sight) -> Iterator[FunctionLinks]:
    """Yield what ties each function to others that is named like one of the *lanes*'."""
    for lane in lanes:
        names = sight.list(
            f"functions named {lane.team}-... and not in the team's file",
            partial(function.names, aws, lane.team),
        )
        for name in [each.name for each in lane.functions.values()] if names is None else names:
            with sight.looking(f"layers, image and destinations of function {name}"):
                yield from _function(lane, name, aws)


def _function(lane: Lane, name: str, aws: Aws) -> Iterator[FunctionLinks]:
    client = aws.client("lambda")
    found = if_there(partial(client.get_function, FunctionName=name), "ResourceNotFoundException")
    if found is None:
        return
    pages = client.get_paginator("list_function_event_invoke_configs").paginate(FunctionName=name)
    told = if_there(
        lambda: [each for page in pages for each in page["FunctionEventInvokeConfigs"]], "ResourceNotFoundException"
    )
    ends = [end for each in told or () for end in (each.get("DestinationConfig") or {}).values()]
    yield FunctionLinks(
        lane.place.arn("lambda", f"function:{name}"),
        tuple(each["Arn"] for each in found["Configuration"].get("Layers", ())),
        found["Code"].get("ImageUri", ""),
        tuple(end["Destination"] for end in ends if end.get("Destination")),
    )


def _machines(aws: Aws) -> Iterator[str]:
    for page in aws.states.get_paginator("list_state_machines").paginate():
        yield from (machine["stateMachineArn"] for machine in page["stateMachines"])
