"""The functions that Step Functions adds to JSONata: ``$partition $range $hash $random $uuid $parse``."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from shared.local.asl.errors import dumps
from shared.local.asl.languages.jsonata_values import UNDEFINED, EvaluationError, Sequence, normal, text_of
from shared.local.asl.names import new_uuid
from shared.local.strict_json import read_strict

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.local.asl.languages.jsonata_evaluator import Evaluator

MAX_RANGE = 1000
_HASHES = {"MD5": "md5", "SHA-1": "sha1", "SHA-256": "sha256", "SHA-384": "sha384", "SHA-512": "sha512"}
# java.util.Random: its multiplier, and the 48 bits that it keeps.
_MULTIPLIER, _MASK = 0x5DEECE66D, (1 << 48) - 1


def java_random(seed: int) -> float:
    """Return the first ``nextDouble`` of a ``java.util.Random`` of this *seed*: what ``$random`` gives on AWS."""
    state = (seed ^ _MULTIPLIER) & _MASK
    bits = []
    for width in (26, 27):
        state = (state * _MULTIPLIER + 0xB) & _MASK
        bits.append(state >> (48 - width))
    return ((bits[0] << 27) + bits[1]) / (1 << 53)


def _partition(self: Evaluator, given: Any, size: Any) -> Any:
    if given is UNDEFINED or size is UNDEFINED:
        return UNDEFINED
    length = int(size)
    if length <= 0:
        raise EvaluationError("D3137", message="The chunk size must be a positive integer")
    self.budget.spend(len(given) // length)
    return [list(given[at : at + length]) for at in range(0, len(given), length)]


def _range(_self: Evaluator, first: Any, last: Any, step: Any) -> Any:
    if UNDEFINED in (first, last, step):
        return UNDEFINED
    if step == 0:
        raise EvaluationError("D3137", message="The step must not be 0")
    count = math.floor((last - first) / step) + 1
    if count > MAX_RANGE:
        raise EvaluationError("D3137", message=f"The array must not hold more than {MAX_RANGE} items")
    return Sequence(normal(first + step * place) for place in range(max(count, 0)))


def _hash(self: Evaluator, data: Any, algorithm: Any) -> Any:
    if data is UNDEFINED or algorithm is UNDEFINED:
        return UNDEFINED
    if algorithm not in _HASHES:
        raise EvaluationError("D3137", message=f"The algorithm must be one of {', '.join(_HASHES)}")
    import hashlib  # 5 ms that few workflows need

    text = text_of(data, self.budget)
    return hashlib.new(_HASHES[algorithm], text.encode(errors="replace"), usedforsecurity=False).hexdigest()


def _random(self: Evaluator, seed: Any) -> float:
    return self.random.random() if seed is UNDEFINED else java_random(int(seed))


def _uuid(self: Evaluator) -> str:
    return new_uuid(self.random)


def _parse(self: Evaluator, text: Any) -> Any:
    if text is UNDEFINED:
        return text
    self.budget.spend(len(text) // 64)
    try:
        return read_strict(text)
    except ValueError:
        raise EvaluationError("D3137", message=f"The text is not valid JSON: {dumps(text)}") from None


# Each with its signature, and with how many arguments one that takes a function hands to it.
FUNCTIONS: dict[str, tuple[Callable[..., Any], str, int]] = {
    "partition": (_partition, "<an:a>", 2),
    "range": (_range, "<nnn:a>", 3),
    "hash": (_hash, "<xs:s>", 2),
    "random": (_random, "<n?:n>", 0),
    "uuid": (_uuid, "<:s>", 0),
    "parse": (_parse, "<s-:x>", 1),
}
