"""The functions of JSONata 2.0.6: all but ``$eval``, which Step Functions does not have.

Each takes the evaluator, then what its signature lets through; an argument that is not there is undefined.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
import urllib.parse
from functools import cache
from typing import TYPE_CHECKING, Any

from shared.local.asl.languages import jsonata_aws, jsonata_pictures
from shared.local.asl.languages.jsonata_frames import Native
from shared.local.asl.languages.jsonata_regex import Next, Regex, first_match, next_match
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
    normal,
    number_of,
    number_text,
    rounded,
    rounded_digits,
    text_of,
    truth,
    typed_number,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from shared.local.asl.languages.jsonata_evaluator import Evaluator

_DECIMAL = re.compile(r"-?[0-9]+(\.[0-9]+)?([Ee][-+]?[0-9]+)?")
_OTHER_BASES = re.compile(r"0[xX][0-9A-Fa-f]+|0[oO][0-7]+|0[bB][01]+")
_SPACE = re.compile(r"[ \t\n\r]+")
_ESCAPED = re.compile(r"(?:%[0-9A-Fa-f]{2})+|%")
_COMPONENT, _WHOLE_URL = "!*'()~-_.", ";/?:@&=+$,#"
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


@cache
def functions() -> Mapping[str, Function]:
    """Return the functions by name: the language's, and those that Step Functions adds."""
    table = {**_TABLE, **jsonata_aws.FUNCTIONS}
    return {name: Native(function, parsed(signature), arity) for name, (function, signature, arity) in table.items()}


# Numbers.


def _sum(_self: Evaluator, items: Any) -> Any:
    return items if items is UNDEFINED else normal(number_of(_total(items)))


def _total(items: list[float]) -> float:
    total: float = 0
    for item in items:
        total = number_of(total + number_of(item))
    return total


def _count(_self: Evaluator, items: Any) -> int:
    return 0 if items is UNDEFINED else len(items)


def _max(_self: Evaluator, items: Any) -> Any:
    return max(items) if items else UNDEFINED


def _min(_self: Evaluator, items: Any) -> Any:
    return min(items) if items else UNDEFINED


def _average(_self: Evaluator, items: Any) -> Any:
    return normal(number_of(_total(items)) / len(items)) if items else UNDEFINED


def _number(_self: Evaluator, given: Any) -> Any:
    if given is UNDEFINED or typed_number(given):
        return given
    if isinstance(given, bool):
        return int(given)
    if isinstance(given, str) and _DECIMAL.fullmatch(given) and math.isfinite(float(given)):
        return normal(float(given))
    if isinstance(given, str) and _OTHER_BASES.fullmatch(given):
        return normal(number_of(int(given, 0)))
    raise EvaluationError("D3030", value=given)


def _abs(_self: Evaluator, given: Any) -> Any:
    return given if given is UNDEFINED else abs(given)


def _floor(_self: Evaluator, given: Any) -> Any:
    return given if given is UNDEFINED or not math.isfinite(given) else math.floor(given)


def _ceil(_self: Evaluator, given: Any) -> Any:
    return given if given is UNDEFINED or not math.isfinite(given) else math.ceil(given)


def _round(_self: Evaluator, given: Any, precision: Any) -> Any:
    return given if given is UNDEFINED else rounded(given, precision or 0)


def _sqrt(_self: Evaluator, given: Any) -> Any:
    if given is UNDEFINED:
        return given
    if given < 0:
        raise EvaluationError("D3060", value=given)
    return normal(math.sqrt(given))


def _power(_self: Evaluator, given: Any, exponent: Any) -> Any:
    if given is UNDEFINED:
        return given
    try:
        result = math.pow(number_of(given), number_of(exponent))
    except (OverflowError, ValueError, TypeError):
        result = math.nan
    if not math.isfinite(result):
        raise EvaluationError("D3061", value=given, exp=exponent)
    return normal(result)


def _format_base(_self: Evaluator, given: Any, radix: Any) -> Any:
    if given is UNDEFINED:
        return given
    if not math.isfinite(number_of(given)):
        return number_text(given)
    base = 10 if radix is UNDEFINED else int(rounded(radix))
    if not 2 <= base <= len(_DIGITS):  # noqa: PLR2004  no base is smaller
        raise EvaluationError("D3100", value=base)
    left, digits = abs(int(rounded(given))), ""
    while left:
        left, digit = divmod(left, base)
        digits = _DIGITS[digit] + digits
    return ("-" if given < 0 and digits else "") + (digits or "0")


# Texts.


def _string(self: Evaluator, given: Any, pretty: Any) -> Any:
    return given if given is UNDEFINED else text_of(given, self.budget, pretty=pretty is True)


def _substring(_self: Evaluator, text: Any, start: Any, length: Any) -> Any:
    if text is UNDEFINED:
        return text
    if length is not UNDEFINED and length <= 0:
        return ""
    begin = 0 if start is UNDEFINED else start
    if len(text) + begin < 0:
        begin = 0
    end = None if length is UNDEFINED else int(begin + length if begin >= 0 else len(text) + begin + length)
    return text[int(begin) : end]


def _substring_before(_self: Evaluator, text: Any, part: Any) -> Any:
    return text if text is UNDEFINED or part is UNDEFINED else text.partition(part)[0] if part else ""


def _substring_after(_self: Evaluator, text: Any, part: Any) -> Any:
    if text is UNDEFINED or part is UNDEFINED or part not in text:
        return text
    return text.partition(part)[2] if part else text


def _lowercase(_self: Evaluator, text: Any) -> Any:
    return text if text is UNDEFINED else text.lower()


def _uppercase(_self: Evaluator, text: Any) -> Any:
    return text if text is UNDEFINED else text.upper()


def _length(_self: Evaluator, text: Any) -> Any:
    return text if text is UNDEFINED else len(text)


def _trim(_self: Evaluator, text: Any) -> Any:
    return text if text is UNDEFINED else _SPACE.sub(" ", text).strip(" ")


def _pad(self: Evaluator, text: Any, width: Any, letters: Any) -> Any:
    if text is UNDEFINED:
        return text
    if not abs(width) > len(text):  # NaN is not
        return text
    self.budget.hold(abs(width))
    missing = int(abs(width)) - len(text)
    letters = letters or " "
    padding = (letters * (missing // len(letters) + 1))[:missing]
    return text + padding if width > 0 else padding + text


def _join(self: Evaluator, texts: Any, separator: Any) -> Any:
    if texts is UNDEFINED:
        return texts
    between = separator or ""
    self.budget.spend(len(texts) // 8)
    self.budget.hold(sum(map(len, texts)) + len(between) * len(texts))
    return between.join(texts)


def _matches(self: Evaluator, matcher: Any, text: str) -> Iterator[dict[str, Any]]:
    """Yield the matches that the function *matcher* finds in *text*."""
    regex = getattr(matcher, "function", matcher)
    found = first_match(regex, text, 0, self.budget) if isinstance(regex, Regex) else self.call(matcher, [text])
    while found is not UNDEFINED:
        if not isinstance(found, dict) or not (
            typed_number(found.get("start")) or typed_number(found.get("end")) or "groups" in found or "next" in found
        ):
            raise EvaluationError("T1010")
        yield found
        following = found.get("next")
        found = next_match(following, self.budget) if isinstance(following, Next) else self.call(following, [])


def _contains(self: Evaluator, text: Any, part: Any) -> Any:
    if text is UNDEFINED:
        return text
    if isinstance(part, str):
        return part in text
    return next(_matches(self, part, text), None) is not None


def _match(self: Evaluator, text: Any, matcher: Any, limit: Any) -> Any:
    if text is UNDEFINED:
        return text
    _check_limit(limit, "D3040")
    result = Sequence()
    if limit is UNDEFINED or limit > 0:
        for found in _matches(self, matcher, text):
            groups = found.get("groups", UNDEFINED)
            result.append({"match": found.get("match", UNDEFINED), "index": found.get("start"), "groups": groups})
            self.budget.hold(len(result) * 64)
            if limit is not UNDEFINED and len(result) >= limit:
                break
    return result


def _check_limit(limit: Any, code: str) -> None:
    if limit is not UNDEFINED and limit < 0:
        raise EvaluationError(code, value=limit)


def _replace(self: Evaluator, text: Any, pattern: Any, replacement: Any, limit: Any) -> Any:
    if text is UNDEFINED:
        return text
    if pattern == "":
        raise EvaluationError("D3010", value=pattern)
    _check_limit(limit, "D3011")
    most = -1 if limit is UNDEFINED else math.ceil(limit)
    if isinstance(pattern, str):
        count = text.count(pattern) if most < 0 else min(most, text.count(pattern))
        with_text = replacement if isinstance(replacement, str) else ""
        self.budget.hold(len(text) + count * (len(with_text) - len(pattern)))
        return text.replace(pattern, with_text, most)
    parts, place, size = [], 0, 0
    for count, found in enumerate(_matches(self, pattern, text) if most else ()):
        new = _filled_in(replacement, found) if isinstance(replacement, str) else self.call(replacement, [found])
        if not isinstance(new, str):
            raise EvaluationError("D3012", value=new)
        parts += [text[place : found["start"]], new]
        size += len(parts[-2]) + len(new)
        self.budget.hold(size)
        place = found["start"] + len(found["match"])
        if count + 1 == most:
            break
    return "".join([*parts, text[place:]])


def _filled_in(template: str, found: dict[str, Any]) -> str:
    """Return the *template* of a replacement with what ``$0``, ``$1`` and so on stand for."""
    groups = found.get("groups") or []
    digits = len(str(len(groups)))

    def filled(at: re.Match[str]) -> str:
        number = at[0][1:]
        if number == "$":
            return "$"
        if number.startswith("0"):
            return str(found["match"]) + number[1:]
        kept = number[:digits]
        if len(kept) > 1 and int(kept) > len(groups):
            kept = kept[:-1]
        group = groups[int(kept) - 1] if 0 < int(kept) <= len(groups) else UNDEFINED
        return ("" if group is UNDEFINED else str(group)) + number[len(kept) :]

    return re.sub(r"\$(?:\$|\d+)", filled, template)


def _split(self: Evaluator, text: Any, separator: Any, limit: Any) -> Any:
    if text is UNDEFINED:
        return text
    _check_limit(limit, "D3020")
    most = None if limit is UNDEFINED else math.ceil(limit)
    if isinstance(separator, str):
        self.budget.hold(8 * (text.count(separator) + 1))
        parts = text.split(separator) if separator else list(text)
        return parts[: None if limit is UNDEFINED else int(limit)]
    parts, place = [], 0
    for found in _matches(self, separator, text) if most != 0 else ():
        parts.append(text[place : found["start"]])
        place = found["end"]
        if len(parts) == most:
            return parts
    return parts if most == 0 else [*parts, text[place:]]


def _base64encode(_self: Evaluator, text: Any) -> Any:
    if text is UNDEFINED:
        return text
    return base64.b64encode(bytes(ord(letter) & 0xFF for letter in text)).decode()


def _base64decode(_self: Evaluator, text: Any) -> Any:
    if text is UNDEFINED:
        return text
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True).decode("latin-1")
    except (binascii.Error, ValueError):
        raise EvaluationError("D3137", message=f"Invalid base64: {text}") from None


def _encode(text: Any, safe: str, function: str) -> Any:
    if text is UNDEFINED:
        return text
    try:
        return urllib.parse.quote(text, safe=safe)
    except UnicodeEncodeError:
        raise EvaluationError("D3140", value=text, function_name=function) from None


def _decode(text: Any, kept: str, function: str) -> Any:
    if text is UNDEFINED:
        return text

    def decoded(found: re.Match[str]) -> str:
        if found[0] == "%":
            raise ValueError(text)
        letters = bytes.fromhex(found[0].replace("%", "")).decode()
        return "".join(urllib.parse.quote(each, safe="") if each in kept else each for each in letters)

    try:
        return _ESCAPED.sub(decoded, text)
    except ValueError:
        raise EvaluationError("D3140", value=text, function_name=function) from None


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


def _format_number(_self: Evaluator, given: Any, picture: Any, options: Any) -> Any:
    return jsonata_pictures.format_number(given, picture, options)


def _format_integer(_self: Evaluator, given: Any, picture: Any) -> Any:
    return jsonata_pictures.format_integer(given, picture)


def _parse_integer(_self: Evaluator, text: Any, picture: Any) -> Any:
    return jsonata_pictures.parse_integer(text, picture)


# Each with its signature, and with how many arguments one that takes a function hands to it.
_TABLE: dict[str, tuple[Callable[..., Any], str, int]] = {
    "sum": (_sum, "<a<n>:n>", 1), "count": (_count, "<a:n>", 1), "max": (_max, "<a<n>:n>", 1),
    "min": (_min, "<a<n>:n>", 1), "average": (_average, "<a<n>:n>", 1), "string": (_string, "<x-b?:s>", 1),
    "substring": (_substring, "<s-nn?:s>", 3), "substringBefore": (_substring_before, "<s-s:s>", 2),
    "substringAfter": (_substring_after, "<s-s:s>", 2), "lowercase": (_lowercase, "<s-:s>", 1),
    "uppercase": (_uppercase, "<s-:s>", 1), "length": (_length, "<s-:n>", 1), "trim": (_trim, "<s-:s>", 1),
    "pad": (_pad, "<s-ns?:s>", 3), "match": (_match, "<s-f<s:o>n?:a<o>>", 3), "contains": (_contains, "<s-(sf):b>", 2),
    "replace": (_replace, "<s-(sf)(sf)n?:s>", 4), "split": (_split, "<s-(sf)n?:a<s>>", 3),
    "join": (_join, "<a<s>s?:s>", 2), "formatNumber": (_format_number, "<n-so?:s>", 3),
    "formatBase": (_format_base, "<n-n?:s>", 2), "formatInteger": (_format_integer, "<n-s:s>", 2),
    "parseInteger": (_parse_integer, "<s-s:n>", 2), "number": (_number, "<(nsb)-:n>", 1),
    "floor": (_floor, "<n-:n>", 1), "ceil": (_ceil, "<n-:n>", 1), "round": (_round, "<n-n?:n>", 2),
    "abs": (_abs, "<n-:n>", 1), "sqrt": (_sqrt, "<n-:n>", 1), "power": (_power, "<n-n:n>", 2),
    "boolean": (_boolean, "<x-:b>", 1), "not": (_not, "<x-:b>", 1), "map": (_map, "<af>", 2), "zip": (_zip, "<a+>", 0),
    "filter": (_filter, "<af>", 2), "single": (_single, "<af?>", 2), "reduce": (_reduce, "<afj?:j>", 3),
    "sift": (_sift, "<o-f?:o>", 2), "keys": (_keys, "<x-:a<s>>", 1), "lookup": (_lookup, "<x-s:x>", 2),
    "append": (_append, "<xx:a>", 2), "exists": (_exists, "<x:b>", 1), "spread": (_spread, "<x-:a<o>>", 1),
    "merge": (_merge, "<a<o>:o>", 1), "reverse": (_reverse, "<a:a>", 1), "each": (_each, "<o-f:a>", 2),
    "error": (_error, "<s?:x>", 1), "assert": (_assert, "<bs?:x>", 2), "type": (_type, "<x:s>", 1),
    "sort": (_sort, "<af?:a>", 2), "shuffle": (_shuffle, "<a:a>", 1), "distinct": (_distinct, "<x:x>", 1),
    "base64encode": (_base64encode, "<s-:s>", 1), "base64decode": (_base64decode, "<s-:s>", 1),
    "encodeUrlComponent": (lambda _self, text: _encode(text, _COMPONENT, "encodeUrlComponent"), "<s-:s>", 1),
    "encodeUrl": (lambda _self, text: _encode(text, _COMPONENT + _WHOLE_URL, "encodeUrl"), "<s-:s>", 1),
    "decodeUrlComponent": (lambda _self, text: _decode(text, "", "decodeUrlComponent"), "<s-:s>", 1),
    "decodeUrl": (lambda _self, text: _decode(text, _WHOLE_URL, "decodeUrl"), "<s-:s>", 1),
    "toMillis": (_to_millis, "<s-s?:n>", 2), "fromMillis": (_from_millis, "<n-s?s?:s>", 3),
    "clone": (_clone, "<(oa)-:o>", 1), "now": (_now, "<s?s?:s>", 2), "millis": (_millis, "<:n>", 0),
}  # fmt: skip
