"""What becomes of data, and of those who use a resource, when it is made what a team's file says. Pure.

A plan shows which settings change. This says what follows from that for a resource that somebody made by hand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.config.lane import SCRATCH
from shared.deploy.resources import (
    bucket,
    budget,
    function,
    log_group,
    notification,
    queue,
    setting,
    state_machine,
    table,
    topic,
)
from shared.values import as_list, as_mapping

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from shared.deploy.model import Resource
    from shared.values import Json

_DAY = 86_400  # seconds


def side_effects(want: Resource, have: Resource) -> Iterator[str]:
    """Yield what follows for data and users when *have* becomes *want*, a line each."""
    tell = _TOLD.get(want.kind)
    if tell:
        yield from tell(want, have)


def _of_bucket(want: Resource, have: Resource) -> Iterator[str]:
    new, old = want.properties, have.properties
    if new["lifecycle"] != old["lifecycle"]:
        rules = as_mapping(new["lifecycle"])
        days = as_mapping(as_mapping(rules["old-versions"])["NoncurrentVersionExpiration"])["NoncurrentDays"]
        yield f"what was overwritten or deleted more than {days} days ago is removed for good"
        if "scratch" in rules:
            after = as_mapping(as_mapping(rules["scratch"])["Expiration"])["Days"]
            yield f"objects under {SCRATCH} that are older than {after} days are deleted: a lane's runs write there"
    if str(old["encryption"]).startswith("aws:kms"):
        yield "objects that a KMS key encrypts stay so, and no role of the lane may use that key"
    if old["policy"] is not None and new["policy"] != old["policy"]:
        yield "its policy is replaced: whom it let in comes in no more"


def _of_log_group(want: Resource, have: Resource) -> Iterator[str]:
    days, kept = want.properties["retention_days"], have.properties["retention_days"]
    if _shorter(days, kept):
        yield f"events older than {days} days are deleted"


def _of_table(want: Resource, have: Resource) -> Iterator[str]:
    new, old = want.properties, have.properties
    if new["ttl"] and new["ttl"] != old["ttl"]:
        yield f"items whose {new['ttl']} lies in the past are deleted"
    gone = sorted(as_mapping(old["indexes"]).keys() - as_mapping(new["indexes"]).keys())
    if gone:
        yield f"its indexes {', '.join(gone)} are removed; the items stay"


def _of_queue(want: Resource, have: Resource) -> Iterator[str]:
    seconds, kept = want.properties["kept_seconds"], have.properties["kept_seconds"]
    if isinstance(seconds, int) and _shorter(seconds, kept):
        yield f"messages older than {seconds // _DAY} days are deleted"
    if have.properties["policy"] and want.properties["policy"] != have.properties["policy"]:
        yield "its policy is replaced: whom it let in comes in no more"


def _of_function(want: Resource, have: Resource) -> Iterator[str]:
    if want.properties["code_sha256"] != have.properties["code_sha256"]:
        save = f"aws lambda get-function --function-name {want.name} --query Code.Location"
        yield f"its code is replaced; until then, what {save} prints has it"


def _of_state_machine(want: Resource, have: Resource) -> Iterator[str]:
    if want.properties["definition"] != have.properties["definition"]:
        save = f"aws stepfunctions describe-state-machine --state-machine-arn {want.properties['arn']}"
        yield f"its definition is replaced; until then {save} prints it, and what runs goes on by it"


def _of_setting(want: Resource, have: Resource) -> Iterator[str]:
    if want.properties["value"] != have.properties["value"]:
        yield "its value is replaced: SSM keeps the old one as an older version"


def _of_budget(_want: Resource, _have: Resource) -> Iterator[str]:
    yield "it is made anew, to count what carries the lane's tags; AWS counts the month's cost by itself"


def _of_topic(want: Resource, have: Resource) -> Iterator[str]:
    others = [
        each
        for each in as_list(have.properties["subscriptions"])
        if each not in as_list(want.properties["subscriptions"])
    ]
    if others:
        yield f"{', '.join(map(str, others))} get no more messages"


def _of_notification(want: Resource, have: Resource) -> Iterator[str]:
    if want.properties["configuration"] != have.properties["configuration"]:
        yield "whatever else it told is told no more"


def _shorter(new: Json, old: Json) -> bool:
    """Whether *new* is a shorter time than *old*; None is for ever."""
    return isinstance(new, int) and (not isinstance(old, int) or new < old)


_TOLD: dict[str, Callable[[Resource, Resource], Iterator[str]]] = {
    bucket.KIND: _of_bucket,
    log_group.KIND: _of_log_group,
    table.KIND: _of_table,
    queue.KIND: _of_queue,
    function.KIND: _of_function,
    state_machine.KIND: _of_state_machine,
    setting.KIND: _of_setting,
    budget.KIND: _of_budget,
    topic.KIND: _of_topic,
    notification.KIND: _of_notification,
}
