"""Checking paths, payload templates and JSONata expressions, by compiling them."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING

from shared.local.asl.languages import jsonata
from shared.local.asl.languages.intrinsic_functions import TEXTS
from shared.local.asl.languages.intrinsics import is_call
from shared.local.asl.languages.jsonpath import compile_path, compile_reference
from shared.local.asl.payload import TemplateError, compile_read, compile_template, compile_value, split_path

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from shared.local.asl.reading import Spec
    from shared.local.asl.validation.problems import Problems
    from shared.values import Json

# How long the name of a variable, or of a state, may be.
MOST_LETTERS = 80
# Texts and comments of a JSONata expression.
_QUOTED = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|/\*.*?\*/""", re.DOTALL)
INVALID_JSONATA = "INVALID_JSONATA_EXPRESSION"
UNSUPPORTED_JSONATA = "UNSUPPORTED_JSONATA_EXPRESSION"
# AWS leaves out the code that an error of the parser begins with (github.com/floci-io/floci, issue 2745).
_CODE = re.compile(r"^S\d{4}: ")
_ROOT = re.compile(r"\$\$(?![\w$])")
_ERROR_OUTPUT = re.compile(r"\$states\s*\.\s*errorOutput\b")


def check_path(value: Json, problems: Problems, location: str) -> None:
    """Check that *value* is a path into the input, the context object or a variable."""
    if not problems.is_a(value, str, "String", location):
        return
    try:
        compile_read(value)
    except ValueError:
        problems.add("Value is not a valid JSONPath.", location)


def check_reference(value: Json, problems: Problems, location: str) -> None:
    """Check that *value* is a path that names one place of the input."""
    if not problems.is_a(value, str, "String", location):
        return
    try:
        compile_path(value)
        compile_reference(value)
    except ValueError:
        problems.add("Value is not a Reference Path: Only single-node JSONPaths are allowed.", location)


def check_number_path(value: Json, problems: Problems, location: str) -> None:
    """Check that *value* is a path that names one place of the input or of a variable, not of the context object.

    AWS was seen to refuse the context object (github.com/floci-io/floci, issue 3733).
    """
    if not problems.is_a(value, str, "String", location):
        return
    source, below = split_path(value)
    try:
        compile_read(value)
        compile_reference(below)
    except ValueError:
        source = "$$"
    if source == "$$":
        problems.add("Value is not a Reference Path: Only single-node JSONPaths are allowed.", location)


def check_text_path(value: Json, problems: Problems, location: str) -> None:
    """Check that *value* is a path, or a call of an intrinsic function that gives a text, as a Fail state takes it."""
    if not problems.is_a(value, str, "String", location):
        return
    field = location.rpartition("/")[2]
    try:
        compile_value(value, field)
    except TemplateError:
        problems.add(
            f"The value for the field '{field}' must be a valid JSONPath or a valid intrinsic function call", location
        )
        return
    if is_call(value) and value[len("States.") :].split("(")[0] not in TEXTS:
        problems.add(f"The intrinsic function of the field '{field}' must return a string", location)


def check_template(value: Json, problems: Problems, location: str) -> None:
    """Check the computed fields of a JSONPath payload template."""
    if isinstance(value, dict):
        for key, item in value.items():
            if key.endswith(".$"):
                if key[:-2] in value:
                    problems.at_most_one(value, (key[:-2], key), location)
                try:
                    compile_template({key: item})
                except TemplateError as error:
                    problems.add(str(error), location, field=key)
            else:
                check_template(item, problems, f"{location}/{key}")
    elif isinstance(value, list):
        for place, item in enumerate(value):
            check_template(item, problems, f"{location}[{place}]")


def check_language(
    spec: Spec,
    only: tuple[Collection[str], Collection[str]],
    problems: Problems,
    location: str,
    *,
    jsonata: bool,
) -> None:
    """Check that *spec* has no field of the other language, of those that JSONPath alone and JSONata alone have."""
    mine, other = ("JSONata", "JSONPath") if jsonata else ("JSONPath", "JSONata")
    for name in spec:
        if name in only[0 if jsonata else 1]:
            what = f"The QueryLanguage is set to '{mine}', but field '{name}' is only supported for the '{other}'"
            problems.add(f"{what} QueryLanguage", location, field=name)


def check_assigned(spec: Spec, problems: Problems, location: str, *, jsonata: bool) -> None:
    """Check the names of the variables that *spec* assigns: what they are given is checked with the other fields.

    The rules are of the developer guide (Passing data between states with variables); AWS's words were not seen.
    """
    if "Assign" not in spec or not problems.is_a(spec["Assign"], dict, "Object", f"{location}/Assign"):
        return
    for key in spec["Assign"]:
        name = key if jsonata else key.removesuffix(".$")
        if name == "states" or len(name) > MOST_LETTERS or not name.isidentifier():
            what = f"'{name}' is not a valid variable name: a letter or _ first, then letters, digits and _, at most"
            problems.add(f"{what} {MOST_LETTERS}, and not states", f"{location}/Assign", field=key)


def check_jsonata(value: Json, problems: Problems, location: str, *, caught: bool = False) -> None:
    """Check every JSONata expression in *value*, which a catcher has if *caught*."""
    if jsonata.is_expression(value):
        for what, code in _flaws(value, caught=caught):
            problems.add(what, location, code)
    elif isinstance(value, dict):
        for key, item in value.items():
            check_jsonata(item, problems, f"{location}/{key}", caught=caught)
    elif isinstance(value, list):
        for place, item in enumerate(value):
            check_jsonata(item, problems, f"{location}[{place}]", caught=caught)


@functools.lru_cache(maxsize=2048)
def _flaws(expression: str, *, caught: bool) -> tuple[tuple[str, str], ...]:
    """Return what is wrong with *expression*, with the code of each. A hundred teams run one workflow."""
    try:
        tree = jsonata.Expression(expression, "").tree
    except jsonata.ExpressionSyntaxError as error:
        return ((_CODE.sub("", str(error)), INVALID_JSONATA),)
    named = (f"Reference to '{name}' at the top level is not supported." for name in jsonata.top_level_references(tree))
    return tuple((what, UNSUPPORTED_JSONATA) for what in (*named, *_absent(expression, caught=caught)))


def _absent(expression: str, *, caught: bool) -> Iterator[str]:
    """Yield what is wrong with what *expression* reads and AWS does not offer.

    AWS was seen to refuse ``$$``, and ``$states.errorOutput`` outside of a catcher, in these words
    (github.com/floci-io/floci, pull request 2786).
    """
    code = _QUOTED.sub("''", expression)
    if _ROOT.search(code):
        yield "Reference to '$$' is not supported."
    if not caught and _ERROR_OUTPUT.search(code):
        yield "Field '$states.errorOutput' does not exist."
