"""What the intrinsic functions compute. Each takes the engine's random source and its arguments."""

from __future__ import annotations

import binascii
import math
import re
from typing import TYPE_CHECKING

from shared.local.asl.errors import dumps
from shared.local.asl.json_text import JsonTextError, read_json
from shared.local.asl.names import new_uuid

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable
    from random import Random

    from shared.values import Json

MAX_RANGE = 1000
MAX_ENCODED = 10_000
_HASHES = {"MD5": "md5", "SHA-1": "sha1", "SHA-256": "sha256", "SHA-384": "sha384", "SHA-512": "sha512"}
# Escaped braces are kept as these characters until a template is filled: \{\} is no place to fill.
OPEN, CLOSE = "\ue000", "\ue001"


class WrongArgument(Exception):
    """A function cannot work with this argument."""


def _plain(value: Json) -> Json:
    return _braces(value) if isinstance(value, str) else value


def _braces(text: str) -> str:
    return text.replace(OPEN, "{").replace(CLOSE, "}")


def _shown(value: Json) -> str:
    """Return *value* as States.Format shows it: objects as Java prints a map."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}={_shown(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_shown(item) for item in value) + "]"
    return dumps(value)


def _format(_random: Random, template: Json, *values: Json) -> str:
    if not isinstance(template, str):
        raise WrongArgument("The first argument must be a string")
    parts = template.split("{}")
    if len(parts) - 1 != len(values):
        raise WrongArgument("The number of arguments do not match the occurrences of {}")
    filled = parts[0]
    for value, part in zip(values, parts[1:], strict=True):
        filled += _shown(value) + part
    return _braces(filled)


def _string_to_json(_random: Random, text: Json) -> Json:
    if not isinstance(text, str):
        raise WrongArgument("The argument must be a string")
    if not text.strip():
        return None
    try:
        return read_json(_braces(text))
    except JsonTextError as error:
        raise WrongArgument(str(error)) from None


def _array(value: Json, name: str = "array") -> list[Json]:
    if not isinstance(value, list):
        raise WrongArgument(f"The {name} argument must be an array")
    return value


def _integer(value: Json, name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise WrongArgument(f"The {name} argument must be a number")
    return math.floor(value + 0.5)


def _partition(_random: Random, given: Json, size: Json) -> list[list[Json]]:
    items, length = _array(given), _integer(size, "chunk size")
    if length <= 0:
        raise WrongArgument("The chunk size must be a positive integer")
    return [items[at : at + length] for at in range(0, len(items), length)]


def _same(left: Json, right: Json) -> bool:
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    return bool(left == right)


def _contains(_random: Random, items: Json, wanted: Json) -> bool:
    return any(_same(item, _plain(wanted)) for item in _array(items))


def _range(_random: Random, start: Json, end: Json, by: Json) -> list[int]:
    first, last, step = _integer(start, "start"), _integer(end, "end"), _integer(by, "step")
    if step == 0:
        raise WrongArgument("The step must not be 0")
    numbers = range(first, last + (1 if step > 0 else -1), step)
    if len(numbers) > MAX_RANGE:
        raise WrongArgument(f"The array must not hold more than {MAX_RANGE} items")
    return list(numbers)


def _get_item(_random: Random, given: Json, index: Json) -> Json:
    items, place = _array(given), _integer(index, "index")
    if not 0 <= place < len(items):
        raise WrongArgument("The index is out of bounds")
    return items[place]


def _unique(_random: Random, items: Json) -> list[Json]:
    kept: dict[Hashable, Json] = {}
    for item in _array(items):
        kept.setdefault(_key(item), item)
    return list(kept.values())


def _key(value: Json) -> Hashable:
    """Return what two values have in common just when they are the same."""
    if isinstance(value, dict):
        return frozenset((name, _key(item)) for name, item in value.items())
    if isinstance(value, list):
        return tuple(map(_key, value))
    return isinstance(value, bool), value  # 1 is not true


def _encode(_random: Random, text: Json) -> str:
    return binascii.b2a_base64(_encoded(_short(text)), newline=False).decode()


def _decode(_random: Random, text: Json) -> str:
    try:
        return binascii.a2b_base64(_short(text), strict_mode=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise WrongArgument("The argument is not valid Base64") from None


def _short(text: Json) -> str:
    if not isinstance(text, str):
        raise WrongArgument("The argument must be a string")
    if len(text) > MAX_ENCODED:
        raise WrongArgument(f"The argument must not exceed {MAX_ENCODED} characters")
    return _braces(text)


def _hash(_random: Random, data: Json, algorithm: Json) -> str:
    name = _HASHES.get(algorithm) if isinstance(algorithm, str) else None
    if name is None:
        raise WrongArgument(f"The algorithm must be one of {', '.join(_HASHES)}")
    text = _braces(data) if isinstance(data, str) else dumps(data)
    if len(text) > MAX_ENCODED:
        raise WrongArgument(f"The data must not exceed {MAX_ENCODED} characters")
    import hashlib  # 5 ms that few workflows need

    return hashlib.new(name, _encoded(text), usedforsecurity=False).hexdigest()


def _encoded(text: str) -> bytes:
    return text.encode(errors="replace")  # half a pair of surrogates is a question mark, as in Java


def _merge(_random: Random, left: Json, right: Json, deep: Json) -> dict[str, Json]:
    if not isinstance(left, dict) or not isinstance(right, dict):
        raise WrongArgument("The first and second arguments must be JSON objects")
    if deep is not False:
        raise WrongArgument("Deep merging is not supported")
    return {**left, **right}


def _random_number(random: Random, start: Json, end: Json, *seed: Json) -> int:
    first, last = _integer(start, "start"), _integer(end, "end")
    if seed:
        random = type(random)(_integer(seed[0], "seed"))
    if last <= first:
        raise WrongArgument("The end must be greater than the start")
    return first + math.floor(random.random() * (last - first))


def _add(_random: Random, left: Json, right: Json) -> int:
    return _integer(left, "first") + _integer(right, "second")


def _split(_random: Random, text: Json, separators: Json) -> list[str]:
    if not isinstance(text, str) or not isinstance(separators, str):
        raise WrongArgument("Both arguments must be strings")
    if not separators:
        return [text]
    return [part for part in re.split("[" + re.escape(_braces(separators)) + "]", _braces(text)) if part]


def _uuid(random: Random) -> str:
    return new_uuid(random)


# How many arguments each takes, at least and at most; the others take any number.
ARGUMENTS: dict[str, tuple[int, int]] = {
    "StringToJson": (1, 1),
    "JsonToString": (1, 1),
    "ArrayPartition": (2, 2),
    "ArrayContains": (2, 2),
    "ArrayRange": (3, 3),
    "ArrayGetItem": (2, 2),
    "ArrayLength": (1, 1),
    "ArrayUnique": (1, 1),
    "Base64Encode": (1, 1),
    "Base64Decode": (1, 1),
    "Hash": (2, 2),
    "JsonMerge": (3, 3),
    "MathRandom": (2, 3),
    "MathAdd": (2, 2),
    "StringSplit": (2, 2),
    "UUID": (0, 0),
    "Format": (1, 10_000),
}
# Those that give a text, or may.
TEXTS = frozenset({"Format", "JsonToString", "ArrayGetItem", "Base64Encode", "Base64Decode", "Hash", "UUID"})
FUNCTIONS: dict[str, Callable[..., Json]] = {
    "Format": _format,
    "StringToJson": _string_to_json,
    "JsonToString": lambda _random, value: dumps(_plain(value)),
    "Array": lambda _random, *values: [_plain(value) for value in values],
    "ArrayPartition": _partition,
    "ArrayContains": _contains,
    "ArrayRange": _range,
    "ArrayGetItem": _get_item,
    "ArrayLength": lambda _random, items: len(_array(items)),
    "ArrayUnique": _unique,
    "Base64Encode": _encode,
    "Base64Decode": _decode,
    "Hash": _hash,
    "JsonMerge": _merge,
    "MathRandom": _random_number,
    "MathAdd": _add,
    "StringSplit": _split,
    "UUID": _uuid,
}
