"""EC2 security groups, known by their names: which ports are open, and to whom. Everything may go out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.deploy.guard import OwnershipError
from shared.deploy.model import Call, Resource, Routine, Step, differences, missing_tags, pairs, summary

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from shared.aws.client import Aws

KIND = "security group"


def desired(name: str, vpc: str, tags: Mapping[str, str], ports: Mapping[int, str]) -> Resource:
    """Return the security group called *name* in *vpc*; *ports* maps each open TCP port to the CIDR it is open to."""
    return Resource(KIND, name, tags, {"vpc": vpc, "ingress": sorted(_words("tcp", p, p, c) for p, c in ports.items())})


def current(aws: Aws, name: str) -> Resource | None:
    """Return the security group as it is, or None."""
    ec2 = aws.client("ec2")
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
        {tag["Key"]: tag["Value"] for tag in group.get("Tags", ())},
        {"vpc": group["VpcId"], "ingress": sorted(inward.values()), "id": group["GroupId"], "rules": inward},
    )


def steps(want: Resource, have: Resource | None) -> Step:
    """Return what makes *have* into *want*.

    Raises:
        OwnershipError: It is in another VPC, and a group cannot move.
    """
    wanted = want.properties["ingress"]
    if have is None:
        params = {
            "name": want.name,
            "vpc": want.properties["vpc"],
            "tags": pairs(want.tags),
            "permissions": permissions(wanted),
        }
        return Step("create", KIND, want.name, summary(want.properties), (Routine("make security group", params),))
    if want.properties["vpc"] != have.properties["vpc"]:
        raise OwnershipError(
            f"security group {want.name} is in {have.properties['vpc']}, not in {want.properties['vpc']}",
            fix="lanes rendezvous destroy, then deploy: a service cannot move between networks",
        )
    changed = differences(wanted, have.properties["ingress"], "ingress")
    tags = missing_tags(want, have)
    if not (changed or tags):
        return Step("nothing", KIND, want.name)
    on = {"GroupId": have.properties["id"]}
    closed = [rule for rule, words in have.properties["rules"].items() if words not in wanted]
    opened = [words for words in wanted if words not in have.properties["ingress"]]
    calls = [
        *([Call("ec2", "revoke_security_group_ingress", {**on, "SecurityGroupRuleIds": closed})] if closed else ()),
        *(
            [Call("ec2", "authorize_security_group_ingress", {**on, "IpPermissions": permissions(opened)})]
            if opened
            else ()
        ),
        *(
            [Call("ec2", "create_tags", {"Resources": [have.properties["id"]], "Tags": pairs(want.tags)})]
            if tags
            else ()
        ),
    ]
    return Step("update", KIND, want.name, (*changed, *tags), tuple(calls))


def remove(have: Resource) -> Step:
    """Return what removes *have*."""
    delete = Call("ec2", "delete_security_group", {"GroupId": have.properties["id"]})
    return Step("delete", KIND, have.name, calls=(delete,))


def permissions(ingress: Iterable[str]) -> list[dict[str, Any]]:
    """Return rules spelled as here (``tcp 10000 from 0.0.0.0/0``) as EC2 takes them."""
    made = []
    for words in ingress:
        protocol, port, _, cidr = words.split()
        ports = {"FromPort": int(port), "ToPort": int(port)}
        made.append({"IpProtocol": protocol, **ports, "IpRanges": [{"CidrIp": cidr}]})
    return made


def _words(protocol: str, first: int | None, last: int | None, source: str) -> str:
    return f"{protocol} {first if first == last else f'{first}-{last}'} from {source}"


def _source(rule: Mapping[str, Any]) -> str:
    group = rule.get("ReferencedGroupInfo", {}).get("GroupId")
    return str(rule.get("CidrIpv4") or rule.get("CidrIpv6") or rule.get("PrefixListId") or group)
