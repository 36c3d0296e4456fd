"""Requests as botocore's own serializers write them, with parameters made up for every shape from a seed."""

import datetime as dt
from urllib.parse import urlsplit

from botocore.awsrequest import create_request_object, prepare_request_dict
from botocore.serialize import create_serializer

from shared.local.calls.request import Request

WHEN = dt.datetime(2026, 11, 29, 12, 30, 15, tzinfo=dt.UTC)
TEXTS = ("plain", "with space", "a/b", "ü=&+%?#", "x:y", "tilde~")


def value_of(shape, random, depth=0, *, plain=False):
    """A value for *shape*; *plain* ASCII for a header."""
    if shape.type_name == "structure":
        if getattr(shape, "is_tagged_union", False) and shape.members:
            name = random.choice(sorted(shape.members))
            return {name: value_of(shape.members[name], random, depth + 1)}
        return structure(shape, random, depth)
    if shape.type_name == "list":
        return [value_of(shape.member, random, depth + 1, plain=plain) for _ in range(random.randint(1, 2))]
    if shape.type_name == "map":
        keys = getattr(shape.key, "enum", None) or ("alpha", "beta")
        return {key: value_of(shape.value, random, depth + 1, plain=plain) for key in keys[:2]}
    return scalar(shape, random, plain=plain)


def scalar(shape, random, *, plain):
    texts = getattr(shape, "enum", None) or (TEXTS[:1] if plain else TEXTS)
    made = {
        "timestamp": WHEN,
        "integer": random.randint(1, 900),
        "long": random.randint(1, 900),
        "float": random.randint(1, 900) / 4,
        "double": random.randint(1, 900) / 4,
        "boolean": random.choice((True, False)),
        "blob": b"\x00bytes\xff",
    }
    return made.get(shape.type_name, random.choice(texts))


def structure(shape, random, depth=0):
    """Members of *shape*: all that are required, and others unless it is deep."""
    made = {}
    for name, member in shape.members.items():
        if name not in shape.required_members and (depth > 2 or random.random() < 0.4):
            continue
        plain = member.serialization.get("location") in {"header", "headers"}
        made[name] = value_of(member, random, depth + 1, plain=plain)
    return made


def without_empties(value):
    """*value* without its empty parts, which a form cannot express."""
    if isinstance(value, dict):
        kept = {key: without_empties(each) for key, each in value.items()}
        return {key: each for key, each in kept.items() if each not in ({}, [], None)}
    if isinstance(value, list):
        return [each for each in map(without_empties, value) if each not in ({}, [], None)]
    return value


def request_of(operation, parameters, protocol, endpoint="http://127.0.0.1:5000"):
    """The request that a client of boto3 sends."""
    made = create_serializer(protocol, include_validation=False).serialize_to_request(parameters, operation)
    prepare_request_dict(made, endpoint_url=endpoint, user_agent="test", context={})
    sent = create_request_object(made).prepare()
    url, body = urlsplit(sent.url), sent.body or b""
    headers = {
        name.lower(): text.decode() if isinstance(text, bytes) else str(text) for name, text in sent.headers.items()
    }
    return Request(sent.method, url.path, url.query, headers, body.encode() if isinstance(body, str) else body)
