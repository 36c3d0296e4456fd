"""JSONata's functions of texts."""

from __future__ import annotations

import base64
import binascii
import math
import re
import urllib.parse
from typing import TYPE_CHECKING, Any

from shared.local.asl.languages.jsonata_regex import Next, Regex, first_match, next_match
from shared.local.asl.languages.jsonata_values import (
    UNDEFINED,
    EvaluationError,
    Sequence,
    text_of,
    typed_number,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from shared.local.asl.languages.jsonata_evaluator import Evaluator

_SPACE = re.compile(r"[ \t\n\r]+")
_ESCAPED = re.compile(r"(?:%[0-9A-Fa-f]{2})+|%")
_COMPONENT, _WHOLE_URL = "!*'()~-_.", ";/?:@&=+$,#"


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


# Each with its signature, and with how many arguments one that takes a function hands to it.
FUNCTIONS: dict[str, tuple[Callable[..., Any], str, int]] = {
    "string": (_string, "<x-b?:s>", 1),
    "substring": (_substring, "<s-nn?:s>", 3),
    "substringBefore": (_substring_before, "<s-s:s>", 2),
    "substringAfter": (_substring_after, "<s-s:s>", 2),
    "lowercase": (_lowercase, "<s-:s>", 1),
    "uppercase": (_uppercase, "<s-:s>", 1),
    "length": (_length, "<s-:n>", 1),
    "trim": (_trim, "<s-:s>", 1),
    "pad": (_pad, "<s-ns?:s>", 3),
    "match": (_match, "<s-f<s:o>n?:a<o>>", 3),
    "contains": (_contains, "<s-(sf):b>", 2),
    "replace": (_replace, "<s-(sf)(sf)n?:s>", 4),
    "split": (_split, "<s-(sf)n?:a<s>>", 3),
    "join": (_join, "<a<s>s?:s>", 2),
    "base64encode": (_base64encode, "<s-:s>", 1),
    "base64decode": (_base64decode, "<s-:s>", 1),
    "encodeUrlComponent": (lambda _self, text: _encode(text, _COMPONENT, "encodeUrlComponent"), "<s-:s>", 1),
    "encodeUrl": (lambda _self, text: _encode(text, _COMPONENT + _WHOLE_URL, "encodeUrl"), "<s-:s>", 1),
    "decodeUrlComponent": (lambda _self, text: _decode(text, "", "decodeUrlComponent"), "<s-:s>", 1),
    "decodeUrl": (lambda _self, text: _decode(text, _WHOLE_URL, "decodeUrl"), "<s-:s>", 1),
}
