"""The functions of JSONata 2.0.6: all but ``$eval``, which Step Functions does not have.

Each takes the evaluator, then what its signature lets through; an argument that is not there is undefined.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from shared.local.asl.languages import jsonata_aws, jsonata_numbers, jsonata_pictures, jsonata_texts
from shared.local.asl.languages.jsonata_frames import Native
from shared.local.asl.languages.jsonata_sequences import append, lookup, merge_sort
from shared.local.asl.languages.jsonata_signature import parsed
from shared.local.asl.languages.jsonata_values import (
    UNDEFINED,
    EvaluationError,
    Function,
    Sequence,
    equal,
    is_number,
    is_sequence,
    number_of,
    rounded_digits,
    truth,
    typed_number,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shared.local.asl.languages.jsonata_evaluator import Evaluator


@cache
def functions() -> Mapping[str, Function]:
    """Return the functions by name: the language's, and those that Step Functions adds."""
    table = {**_OF_VALUES, **jsonata_numbers.FUNCTIONS, **jsonata_texts.FUNCTIONS, **jsonata_aws.FUNCTIONS}
    return {name: Native(function, parsed(signature), arity) for name, (function, signature, arity) in table.items()}


# What takes a function.


def _given(function: Any, *values: Any) -> list[Any]:
    """Return as many of an item, its place and the whole as *function* takes, one at least."""
    return list(values[: max(1, function.arity)])


def _map(self: Evaluator, items: Any, function: Any) -> Any:
    if items is UNDEFINED:
        return items
    found = (self.call(function, _given(function, item, place, items)) for place, item in enumerate(items))
    return Sequence(each for each in found if each is not UNDEFINED)


def _filter(self: Evaluator, items: Any, function: Any) -> Any:
    if items is UNDEFINED:
        return items
    return Sequence(
        item for place, item in enumerate(items) if truth(self.call(function, _given(function, item, place, items)))
    )


def _single(self: Evaluator, items: Any, function: Any) -> Any:
    if items is UNDEFINED:
        return items
    result, found = UNDEFINED, False
    for place, item in enumerate(items):
        if function is UNDEFINED or truth(self.call(function, _given(function, item, place, items))):
            if found:
                raise EvaluationError("D3138")
            result, found = item, True
    if not found:
        raise EvaluationError("D3139")
    return result


def _reduce(self: Evaluator, items: Any, function: Any, first: Any) -> Any:
    if items is UNDEFINED:
        return items
    if function.arity < 2:  # noqa: PLR2004  what is so far, and an item
        raise EvaluationError("D3050")
    result, start = (items[0], 1) if first is UNDEFINED and items else (first, 0)
    for place in range(start, len(items)):
        result = self.call(function, [result, items[place], place, items][: function.arity])
    return result


def _sift(self: Evaluator, given: Any, function: Any) -> Any:
    members = given if isinstance(given, dict) else {}
    if members and function is UNDEFINED:
        raise EvaluationError("T1006")
    kept = {
        key: item for key, item in members.items() if truth(self.call(function, _given(function, item, key, given)))
    }
    return kept or UNDEFINED


def _each(self: Evaluator, given: Any, function: Any) -> Any:
    members = given if isinstance(given, dict) else {}
    found = (self.call(function, _given(function, item, key, given)) for key, item in members.items())
    return Sequence(each for each in found if each is not UNDEFINED)


def _sort(self: Evaluator, items: Any, comparator: Any) -> Any:
    if items is UNDEFINED or len(items) <= 1:
        return items
    if comparator is not UNDEFINED:
        return merge_sort(items, lambda one, other: bool(truth(self.call(comparator, [one, other]))), self.budget)
    if not all(map(is_number, items)) and not all(isinstance(item, str) for item in items):
        raise EvaluationError("D3070")
    self.budget.spend(len(items))
    return sorted(items)


# Arrays and objects.


def _zip(self: Evaluator, *arrays: Any) -> Any:
    if not all(isinstance(each, list) for each in arrays):
        return []
    self.budget.spend(min(map(len, arrays)))
    return [list(each) for each in zip(*arrays, strict=False)]


def _keys(self: Evaluator, given: Any) -> Any:
    if isinstance(given, list):
        self.budget.spend(len(given))
        return Sequence(dict.fromkeys(key for item in given for key in _keys(self, item)))
    return Sequence(given if isinstance(given, dict) else ())


def _lookup(self: Evaluator, given: Any, key: Any) -> Any:
    return lookup(given, key, self.budget)


def _append(self: Evaluator, one: Any, other: Any) -> Any:
    return append(one, other, self.budget)


def _exists(_self: Evaluator, given: Any) -> bool:
    return given is not UNDEFINED


def _spread(self: Evaluator, given: Any) -> Any:
    if isinstance(given, list):
        result = Sequence()
        for item in given:
            self.budget.spend()
            spread = _spread(self, item)
            result.extend(spread if isinstance(spread, list) else () if spread is UNDEFINED else [spread])
        return result
    return Sequence({key: item} for key, item in given.items()) if isinstance(given, dict) else given


def _merge(self: Evaluator, given: Any) -> Any:
    if given is UNDEFINED:
        return given
    result: dict[str, Any] = {}
    for item in given:
        self.budget.spend(1 + len(item) // 8)
        result.update(item)
    return result


def _reverse(self: Evaluator, given: Any) -> Any:
    if given is UNDEFINED or len(given) <= 1:
        return given
    self.budget.spend(len(given) // 8)
    return given[::-1]


def _shuffle(self: Evaluator, given: Any) -> Any:
    if given is UNDEFINED or len(given) <= 1:
        return given
    self.budget.spend(len(given))
    result = list(given)
    self.random.shuffle(result)
    return result


def _distinct(self: Evaluator, given: Any) -> Any:
    if not isinstance(given, list) or len(given) <= 1:
        return given
    result: list[Any] = Sequence() if is_sequence(given) else []
    seen: set[Any] = set()
    for item in given:
        simple = isinstance(item, str) or (typed_number(item) and number_of(item))
        key = (type(item) is str, item) if simple is not False else None
        if key is not None and key in seen:
            continue
        if key is not None:
            seen.add(key)
            result.append(item)
        elif not any(equal(item, each, self.budget) for each in result):
            result.append(item)
    return result


def _clone(self: Evaluator, given: Any) -> Any:
    self.budget.spend()
    if isinstance(given, dict):
        return {key: _clone(self, item) for key, item in given.items() if item is not UNDEFINED}
    if isinstance(given, list):
        return [_clone(self, item) for item in given]
    if isinstance(given, Function):
        return ""
    return rounded_digits(given) if typed_number(given) else given


# The rest.


def _boolean(_self: Evaluator, given: Any) -> Any:
    return given if given is UNDEFINED else truth(given)


def _not(_self: Evaluator, given: Any) -> Any:
    return given if given is UNDEFINED else not truth(given)


def _type(_self: Evaluator, given: Any) -> Any:
    if given is UNDEFINED:
        return given
    if given is None:
        return "null"
    if isinstance(given, bool):
        return "boolean"
    names = ((str, "string"), (list, "array"), (Function, "function"), ((int, float), "number"))
    return next((name for kind, name in names if isinstance(given, kind)), "object")


def _error(_self: Evaluator, message: Any) -> Any:
    raise EvaluationError("D3137", message=message or "$error() function evaluated")


def _assert(_self: Evaluator, condition: Any, message: Any) -> Any:
    if condition is not True:
        raise EvaluationError("D3141", message=message or "$assert() statement failed")
    return UNDEFINED


def _now(self: Evaluator, picture: Any, zone: Any) -> Any:
    return jsonata_pictures.from_millis(_millis(self), picture, zone)


def _millis(self: Evaluator) -> int:
    return int(self.now * 1000)


def _from_millis(_self: Evaluator, given: Any, picture: Any, zone: Any) -> Any:
    return jsonata_pictures.from_millis(given, picture, zone)


def _to_millis(_self: Evaluator, text: Any, picture: Any) -> Any:
    return jsonata_pictures.to_millis(text, picture)


# Each with its signature, and with how many arguments one that takes a function hands to it.
_OF_VALUES: dict[str, tuple[Callable[..., Any], str, int]] = {
    "boolean": (_boolean, "<x-:b>", 1),
    "not": (_not, "<x-:b>", 1),
    "map": (_map, "<af>", 2),
    "zip": (_zip, "<a+>", 0),
    "filter": (_filter, "<af>", 2),
    "single": (_single, "<af?>", 2),
    "reduce": (_reduce, "<afj?:j>", 3),
    "sift": (_sift, "<o-f?:o>", 2),
    "keys": (_keys, "<x-:a<s>>", 1),
    "lookup": (_lookup, "<x-s:x>", 2),
    "append": (_append, "<xx:a>", 2),
    "exists": (_exists, "<x:b>", 1),
    "spread": (_spread, "<x-:a<o>>", 1),
    "merge": (_merge, "<a<o>:o>", 1),
    "reverse": (_reverse, "<a:a>", 1),
    "each": (_each, "<o-f:a>", 2),
    "error": (_error, "<s?:x>", 1),
    "assert": (_assert, "<bs?:x>", 2),
    "type": (_type, "<x:s>", 1),
    "sort": (_sort, "<af?:a>", 2),
    "shuffle": (_shuffle, "<a:a>", 1),
    "distinct": (_distinct, "<x:x>", 1),
    "toMillis": (_to_millis, "<s-s?:n>", 2),
    "fromMillis": (_from_millis, "<n-s?s?:s>", 3),
    "clone": (_clone, "<(oa)-:o>", 1),
    "now": (_now, "<s?s?:s>", 2),
    "millis": (_millis, "<:n>", 0),
}
