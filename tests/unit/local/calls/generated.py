"""Parameters for every shape, from a seed: what a property test sends through botocore's own serializers."""

import datetime as dt

WHEN = dt.datetime(2026, 11, 29, 12, 30, 15, tzinfo=dt.UTC)
TEXTS = ("plain", "with space", "a/b", "ü=&+%?#", "x:y", "tilde~")


def value_of(shape, random, depth=0, *, plain=False):
    """A value that *shape* takes; *plain* where the wire is a header, which takes no more than ASCII."""
    kind = shape.type_name
    if kind == "structure":
        if getattr(shape, "is_tagged_union", False) and shape.members:
            name = random.choice(sorted(shape.members))
            return {name: value_of(shape.members[name], random, depth + 1)}
        return structure(shape, random, depth)
    if kind == "list":
        return [value_of(shape.member, random, depth + 1, plain=plain) for _ in range(random.randint(1, 2))]
    if kind == "map":
        keys = ("alpha", "beta") if not getattr(shape.key, "enum", None) else shape.key.enum[:2]
        return {key: value_of(shape.value, random, depth + 1, plain=plain) for key in keys}
    if kind == "timestamp":
        return WHEN
    if kind in {"integer", "long"}:
        return random.randint(1, 900)
    if kind in {"float", "double"}:
        return random.randint(1, 900) / 4
    if kind == "boolean":
        return random.choice((True, False))
    if kind == "blob":
        return b"\x00bytes\xff"
    if getattr(shape, "enum", None):
        return random.choice(shape.enum)
    return random.choice(TEXTS[:1] if plain else TEXTS)


def structure(shape, random, depth=0):
    """Members of *shape*: all that are required, and others while it is not deep."""
    made = {}
    for name, member in shape.members.items():
        if name not in shape.required_members and (depth > 2 or random.random() < 0.4):
            continue
        plain = member.serialization.get("location") in {"header", "headers"}
        made[name] = value_of(member, random, depth + 1, plain=plain)
    return made


def without_empties(value):
    """*value* less what is empty in it: a form cannot say those."""
    if isinstance(value, dict):
        kept = {key: without_empties(each) for key, each in value.items()}
        return {key: each for key, each in kept.items() if each not in ({}, [], None)}
    if isinstance(value, list):
        return [each for each in map(without_empties, value) if each not in ({}, [], None)]
    return value
