"""The account's one policy that lets CloudWatch take the logs of state machines, whoever's they are.

A role that may set such a policy could let anybody write anybody's logs, and a region holds ten of them. So whoever
deploys first sets it once for all teams, and it stays when a team goes. It has no tags, because AWS offers none.

It cannot tell teams apart: log delivery writes as a service of its own, and the SourceArn that it brings is the
delivery's, not the state machine's. So the policy is limited to this account, region and prefix, as AWS's own one is.
Where a machine logs is in the machine's configuration, which plans compare and ``lanes isolation prove --deployed``
reads. Source: CloudWatch Logs user guide, "Logs sent to CloudWatch Logs", the policy
AWSLogDeliveryWrite20150319 (November 2026).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from shared.deploy.model import Call, Resource, Step
from shared.deploy.steps import created, differences, updated

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.aws.client import Aws
    from shared.config.lane import Place
    from shared.values import Json

KIND = "log delivery"
NAME = "teamlanes-states"


def desired(place: Place, tags: Mapping[str, str]) -> Resource:
    """Return the policy: deliveries of this account and region may write below /aws/vendedlogs/states/."""
    document: dict[str, Json] = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "delivery.logs.amazonaws.com"},
                "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
                "Resource": place.arn("logs", "log-group:/aws/vendedlogs/states/*"),
                "Condition": {
                    "StringEquals": {"aws:SourceAccount": place.account},
                    "ArnLike": {"aws:SourceArn": place.arn("logs", "*")},
                },
            }
        ],
    }
    return Resource(KIND, NAME, tags, {"policy": document})


def current(aws: Aws, name: str) -> Resource | None:
    """Return the policy as it is, or None."""
    for policy in aws.logs.describe_resource_policies()["resourcePolicies"]:
        if policy["policyName"] == name:
            return Resource(KIND, name, {}, {"policy": json.loads(policy["policyDocument"])})
    return None


def steps(want: Resource, have: Resource | None) -> Step:
    """Return what makes *have* into *want*."""
    document = json.dumps(want.properties["policy"])
    put = Call("logs", "put_resource_policy", {"policyName": want.name, "policyDocument": document})
    if have is None:
        return created(want, put)
    return updated(want, differences(want.properties, have.properties), put)
