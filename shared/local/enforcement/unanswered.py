"""Services that the embedded cloud cannot be: it has no models, maps or price lists, and sends nobody a bill.

moto answers some of their calls with made-up results. A rehearsal would then succeed on nothing, so they are refused by
name, after AWS's own decision whether the caller may ask at all.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from shared.config.services import SERVICES
from shared.local.calls import CallNotReadError, needs
from shared.local.door.refused import RefusedError, Wrong

if TYPE_CHECKING:
    from shared.local.calls import Call

# What moto answers from lists that AWS publishes.
_ANSWERED = frozenset(
    {
        "ec2:DescribeAvailabilityZones",
        "ec2:DescribeInstanceTypes",
        "ec2:DescribeRegions",
        "polly:DescribeVoices",
    }
)
_COST_EXPLORER = "ce"
_SERVICES = frozenset(action.partition(":")[0] for action in SERVICES.keys() - _ANSWERED)


def refuse_unanswered(call: Call, account: str) -> None:
    """Refuse *call* if it asks a reviewed service that is not here, or for a bill.

    Raises:
        RefusedError: It does.
    """
    if call.service == _COST_EXPLORER:
        raise RefusedError(
            Wrong.NOT_HERE,
            f"the embedded cloud bills nobody: it has no Cost Explorer, and makes up no answer to {call.operation}",
            "ask on AWS, with --aws",
            HTTPStatus.NOT_IMPLEMENTED,
        )
    if call.service.partition("-runtime")[0] not in _SERVICES:
        return
    try:
        actions = {each.action for each in needs(call, account)}
    except CallNotReadError:
        return
    for action in sorted(actions & (SERVICES.keys() - _ANSWERED)):
        raise RefusedError(
            Wrong.NOT_HERE,
            f"the embedded cloud has no {call.service} and makes up no answer to {call.operation}",
            f"run it with --aws; in a test, give the client answers with botocore.stub.Stubber ({action} is granted)",
            HTTPStatus.NOT_IMPLEMENTED,
        )
