"""All that the emulated account holds, in a form that compares.

moto does not model that AWS settles, and holds its state in this process. So the account can be laid side by side with
another state of it, down to each attribute.
"""

from __future__ import annotations

import collections
import hashlib
import json
import re
from typing import Any

_A_FILE = 100_000  # characters: code, which nothing drawn is in
# What is another every time: when it was made, what moto draws or counts, and what functions log that S3's test of a
# queue calls. And AWS's own policies, which are many.
_VARIES = re.compile(
    r"aws_managed|^rr_changes$|^changed$|delegation_set|attachments|time|date|created|creation|modified|_at$|timestamp|last_|pushed|revision|next_token|password|secret_string"
    r"|^version_id|uuid|^id$|unique_id|^_id$|policy_id|(^|_)arn_id|access_key|url|endpoint|transitions|etag|"
    r"default_version|next_version|task_number|change_id|caller_reference|^streams$|(deleted|pending)_messages",
    re.IGNORECASE,
)
_DRAWN = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\b(sgr?|eni|vpc|subnet|acl|rtb)-[0-9a-f]{8,}"
    r"|(?<=rendezvous-master-)\w{6}|(?<=rendezvous-[0-9a-f]{8}-)\w{6}|(?<=database-[0-9a-f]{8}-)\w{6}|(?<=token-[0-9a-f]{8}-)\w{6}"
    r"|\bAROA\w{17}\b|\bZ?[A-Z0-9]{21,22}\b|(?<=lanes_platform/database-)\w{6}|ecs-svc/\d+|\b[0-9a-f]{32}\b|127\.\d+\.\d+\.\d+|:\d{4,5}(?=/)|\b(v\d+|\d{10,}(\.\d+)?)\b"
    r"|(?<=task-definition/platform-rendezvous-[0-9a-f]{8}):\d+",
)


def dump(services: tuple[str, ...]) -> dict[str, Any]:
    """Return all that the emulated account holds in *services*, without what is another every time."""
    from moto.backends import get_backend  # moto finds its parts when asked

    found: dict[str, Any] = {}
    for service in services:
        for own, regions in get_backend(service).items():
            for region, backend in list(regions.items()):
                found[f"{service} {own} {region}"] = _groups(backend) if service == "ec2" else _plain(vars(backend), ())
    return found


def _groups(ec2: Any) -> dict[str, Any]:
    """Return the security groups by name: of the rest of EC2, each account has what AWS makes there."""
    groups = {group.name: group for of_vpc in ec2.groups.values() for group in of_vpc.values()}
    return {
        name: _plain([group.ingress_rules, group.egress_rules, group.get_tags()], ()) for name, group in groups.items()
    }


def _plain(value: Any, above: tuple[int, ...]) -> Any:
    """Return *value* as plain data that compares: lists without order, and no entry twice (as moto keeps tags)."""
    if isinstance(value, str | bytes):
        return _plain_text(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    if id(value) in above:
        return "above"
    above = (*above, id(value))
    if isinstance(value, dict):
        return _plain_mapping(value, above)
    if isinstance(value, list | tuple | set | frozenset | collections.deque):
        return _once([_plain(inner, above) for inner in value if not _is_test(inner)])
    return _plain_object(value, above)


def _is_test(value: Any) -> bool:
    """Whether *value* is S3's test of a queue: each time that it is told of the queue, it sends one, soon taken."""
    body = getattr(value, "body", "")
    return isinstance(body, str) and "s3:TestEvent" in body


def _plain_text(value: str | bytes) -> str:
    if isinstance(value, str) and len(value) < _A_FILE:
        return _DRAWN.sub("*", value)
    return hashlib.sha256(value.encode() if isinstance(value, str) else value).hexdigest()


def _plain_mapping(value: dict[Any, Any], above: tuple[int, ...]) -> dict[str, Any]:
    """Return *value* as plain data; what has keys that are drawn stands under one, as roles do that moto has by id."""
    found: dict[str, list[Any]] = collections.defaultdict(list)
    for key, inner in value.items():
        if getattr(inner, "stopped_reason", None):
            continue  # a task of ECS that is over, which AWS tells of for an hour: one more deployment leaves one more
        name = _DRAWN.sub("*", str(key))
        told = _algorithm(inner) if name == "encryption" else _claim(inner) if name.startswith("/teamlanes/") else inner
        found[name].append("*" if _VARIES.search(name) else _plain(told, above))
    plain = {name: each[0] if len(each) == 1 else _once(each) for name, each in found.items()}
    return {
        name: plain[name] for name in sorted(plain) if plain[name] not in ({}, [])
    }  # moto makes empty ones by reading


def _claim(versions: Any) -> Any:
    """Return what the newest of the *versions* of a deploy record claims, without when and in how many steps."""
    if not isinstance(versions, list):
        return versions
    told = json.loads(versions[-1].value)
    return {key: told[key] for key in ("wanted", "complete")}


def _algorithm(encryption: Any) -> Any:
    """Return how a bucket encrypts: with S3's own keys where it says nothing, so that both are the same on AWS."""
    if isinstance(encryption, str):
        return encryption
    return encryption["Rule"]["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] if encryption else "AES256"


def _once(entries: list[Any]) -> list[Any]:
    """Return *entries* in an order that compares, and none twice."""
    return [each for _, each in sorted({repr(each): each for each in entries}.items())]


def _plain_object(value: Any, above: tuple[int, ...]) -> Any:
    name = type(value).__name__
    if not type(value).__module__.startswith("moto.") or (name.endswith("Backend") and len(above) > 2):
        return name
    return {"is": name, **_plain_mapping(vars(value), above)} if hasattr(value, "__dict__") else name


def different(one: Any, other: Any, path: str = "") -> list[str]:
    """Return a line for each place where two dumps differ."""
    if isinstance(one, dict) and isinstance(other, dict):
        return [
            line
            for key in sorted({*one, *other})
            for line in different(one.get(key, "absent"), other.get(key, "absent"), f"{path}/{key}")
        ]
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        return [line for left, right in zip(one, other, strict=True) for line in different(left, right, f"{path}[]")]
    return [] if one == other else [f"{path}: {str(one)[:300]} -> {str(other)[:300]}"]
