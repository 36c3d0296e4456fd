"""EC2 security groups, known by their names: which ports are open, and to whom. Outward traffic is free."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.deploy.guard import OwnershipError
from shared.deploy.model import Call, Resource, Routine, Step
from shared.deploy.steps import compare, created, removed, updated
from shared.deploy.tags import read_tags, tag_pairs
from shared.values import as_list, as_mapping, as_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mypy_boto3_ec2.type_defs import SecurityGroupRuleTypeDef

    from shared.aws.client import Aws
    from shared.values import Json

KIND = "security group"
SERVICE = "ec2"
ARN = ("ec2", "security-group/")
MAKE = "make security group"


def desired(name: str, vpc: str, tags: Mapping[str, str], ports: Mapping[int, str]) -> Resource:
    """Return the security group called *name* in *vpc*. *ports* gives the CIDR that each open TCP port is open to."""
    return Resource(KIND, name, tags, {"vpc": vpc, "ingress": sorted(_words("tcp", p, p, c) for p, c in ports.items())})


def current(aws: Aws, name: str) -> Resource | None:
    """Return the security group as it is, or None."""
    ec2 = aws.client(SERVICE)
    groups = ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": [name]}])["SecurityGroups"]
    if not groups:
        return None
    group = groups[0]
    rules = ec2.get_paginator("describe_security_group_rules").paginate(
        Filters=[{"Name": "group-id", "Values": [group["GroupId"]]}]
    )
    inward = {
        rule["SecurityGroupRuleId"]: _words(rule["IpProtocol"], rule.get("FromPort"), rule.get("ToPort"), _source(rule))
        for page in rules
        for rule in page["SecurityGroupRules"]
        if not rule["IsEgress"]
    }
    return Resource(
        KIND,
        name,
        read_tags(group.get("Tags", ())),
        {"vpc": group["VpcId"], "ingress": sorted(inward.values()), "id": group["GroupId"], "rules": inward},
    )


def steps(want: Resource, have: Resource | None) -> Step:
    """Return what makes *have* into *want*.

    Raises:
        OwnershipError: It is in another VPC, and a group cannot move.
    """
    wanted = [as_text(words) for words in as_list(want.properties["ingress"])]
    tag_list = tag_pairs(want.tags)
    if have is None:
        params = {
            "name": want.name,
            "vpc": want.properties["vpc"],
            "tags": tag_list,
            "permissions": permissions(wanted),
        }
        return created(want, Routine(MAKE, params))
    if want.properties["vpc"] != have.properties["vpc"]:
        raise OwnershipError(
            f"security group {want.name} is in {have.properties['vpc']}, not in {want.properties['vpc']}",
            fix="lanes rendezvous destroy, then deploy: a service cannot move between networks",
        )
    changes, group = compare(want, have), have.properties["id"]
    closed = [rule for rule, words in as_mapping(have.properties["rules"]).items() if words not in wanted]
    opened = [words for words in wanted if words not in as_list(have.properties["ingress"])]
    calls = []
    if closed:
        calls.append(Call(SERVICE, "revoke_security_group_ingress", {"GroupId": group, "SecurityGroupRuleIds": closed}))
    if opened:
        rules = permissions(opened)
        calls.append(Call(SERVICE, "authorize_security_group_ingress", {"GroupId": group, "IpPermissions": rules}))
    if changes.tags:
        calls.append(Call(SERVICE, "create_tags", {"Resources": [group], "Tags": tag_list}))
    return updated(want, changes.lines, *calls)


def remove(have: Resource) -> Step:
    """Return what removes *have*."""
    return removed(have, Call(SERVICE, "delete_security_group", {"GroupId": have.properties["id"]}))


def permissions(ingress: Iterable[str]) -> list[dict[str, Json]]:
    """Return rules spelled as here (``tcp 10000 from 0.0.0.0/0``) as EC2 takes them."""
    return [
        {"IpProtocol": protocol, "FromPort": int(port), "ToPort": int(port), "IpRanges": [{"CidrIp": cidr}]}
        for protocol, port, _, cidr in map(str.split, ingress)
    ]


def _words(protocol: str, first: int | None, last: int | None, source: str) -> str:
    return f"{protocol} {first if first == last else f'{first}-{last}'} from {source}"


def _source(rule: SecurityGroupRuleTypeDef) -> str:
    group = rule.get("ReferencedGroupInfo", {}).get("GroupId")
    return str(rule.get("CidrIpv4") or rule.get("CidrIpv6") or rule.get("PrefixListId") or group)
