"""Checking Retry and Catch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.local.asl.validation import fields
from shared.local.asl.validation.expressions import (
    check_assigned,
    check_jsonata,
    check_language,
    check_reference,
    check_template,
)
from shared.local.asl.validation.numbers import check_number

if TYPE_CHECKING:
    from shared.local.asl.reading import Spec
    from shared.local.asl.validation.problems import Problems


def check_recovery(spec: Spec, problems: Problems, location: str, *, jsonata: bool) -> None:
    """Check Retry and Catch."""
    for name in ("Retry", "Catch"):
        if name not in spec:
            continue
        entries, where = spec[name], f"{location}/{name}"
        if not problems.is_a(entries, list, "Array", where):
            continue
        for place, entry in enumerate(entries):
            if problems.is_a(entry, dict, "Object", f"{where}[{place}]"):
                _check_errors(entry, problems, f"{where}[{place}]", last=place == len(entries) - 1)
                if "Comment" in entry:
                    problems.is_a(entry["Comment"], str, "String", f"{where}[{place}]/Comment")
                if name == "Retry":
                    _check_retrier(entry, problems, f"{where}[{place}]")
                else:
                    _check_catcher(entry, problems, f"{where}[{place}]", jsonata=jsonata)


def _check_errors(entry: Spec, problems: Problems, location: str, *, last: bool) -> None:
    if not problems.require(entry, ("ErrorEquals",), location):
        return
    names = entry["ErrorEquals"]
    if problems.is_a(names, list, "Array", f"{location}/ErrorEquals"):
        if not names:
            problems.add("Value cannot be empty", f"{location}/ErrorEquals")
        for place, name in enumerate(names):
            problems.is_a(name, str, "String", f"{location}/ErrorEquals[{place}]")
        if "States.ALL" in names and (len(names) > 1 or not last):
            problems.add(
                "States.ALL must appear alone in ErrorEquals, and only in the last element of the array", location
            )


def _check_retrier(entry: Spec, problems: Problems, location: str) -> None:
    problems.only(entry, fields.RETRIER, location)
    for name in ("IntervalSeconds", "MaxAttempts", "BackoffRate", "MaxDelaySeconds"):
        check_number(entry, name, problems, location, jsonata=False)
    problems.is_one_of(entry, "JitterStrategy", ("FULL", "NONE"), location)


def _check_catcher(entry: Spec, problems: Problems, location: str, *, jsonata: bool) -> None:
    check_language(entry, ({"ResultPath"}, {"Output"}), problems, location, jsonata=jsonata)
    problems.only(entry, fields.CATCHER | {"ResultPath", "Output"}, location)
    if problems.require(entry, ("Next",), location):
        problems.is_a(entry["Next"], str, "String", f"{location}/Next")
    check_assigned(entry, problems, location, jsonata=jsonata)
    if jsonata:
        for name in ("Assign", "Output"):
            check_jsonata(entry.get(name), problems, f"{location}/{name}", caught=True)
        return
    if entry.get("ResultPath") is not None:
        check_reference(entry["ResultPath"], problems, f"{location}/ResultPath")
    check_template(entry.get("Assign"), problems, f"{location}/Assign")
