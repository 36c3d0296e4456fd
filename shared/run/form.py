"""A workflow's parameters as the fields of a form, and what was written into them as the words of ``lanes run``.

A field shows the team's value. What is left as it was is not given, as an option that is left out; so a form starts
the same run as the command that it tells.
"""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from shared.config.exact_json import InexactJsonError, read_exact
from shared.config.parameters import is_reference, read_value, shape_text
from shared.run.payload import option_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.config.lane import Parameter, Workflow
    from shared.values import Json

Kind: TypeAlias = Literal["number", "choice", "json", "text", "lines"]

_OWN_OPTIONS = frozenset(
    {"input", "output", "parquet", "json", "aws", "profile", "endpoint", "as", "speed", "show-output", "help"}
)
"""The options of ``lanes run`` itself: a parameter of such a name goes by --input."""
_LONGEST_WORD = 100_000
"""Bytes of one word of a command that every system takes (Linux: MAX_ARG_STRLEN, 131,072)."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the values that a field may have: what is sent, and what is shown."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Field:
    """One parameter, as a form asks for it.

    Attributes:
        name: The parameter's.
        kind: How it is asked for: a number, a choice, JSON, a text of one line, or one of several.
        description: What the card says of it.
        words: Its type, its bounds and its default, for people.
        base: The team's value as text; "" for none.
        choices: What may be chosen; for ``choice`` alone.
        minimum: The least number; for ``number`` alone, as the next.
        maximum: The largest number.
        whole: Whether only whole numbers are right.
        needed: Whether it must not be empty.
        upload: Whether a file may stand for it.
    """

    name: str
    kind: Kind
    description: str
    words: str
    base: str
    choices: tuple[Choice, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    whole: bool = False
    needed: bool = False
    upload: bool = False


@dataclass(frozen=True, slots=True)
class Filled:
    """A form as it was sent, read.

    Attributes:
        given: What goes as JSON: the input itself, or what no option can say.
        options: What goes as options, by the parameters' names with underscores.
        problems: What is wrong, by the name of the field; "" for what is wrong with the JSON as a whole.
    """

    given: Json
    options: Mapping[str, str | list[str]]
    problems: Mapping[str, tuple[str, ...]]


def fields_of(workflow: Workflow) -> list[Field]:
    """Return a field for each parameter of *workflow*, in the order of its card."""
    followers = {spec.instead_of: spec.name for spec in workflow.specs if spec.instead_of}
    return [_field(spec, workflow.parameters.get(spec.name), followers.get(spec.name)) for spec in workflow.specs]


def text_of(spec: Parameter, value: Json) -> str:
    """Return *value* as the field of *spec* shows it; "" for null."""
    if value is None:
        return ""
    if spec.words and isinstance(value, list) and all(isinstance(each, str) for each in value):
        return shlex.join(str(each) for each in value)
    if isinstance(value, str) and spec.type not in {"object", "array"}:
        return value
    return json.dumps(value, ensure_ascii=False, indent=1 if isinstance(value, dict | list) and value else None)


def read_fields(workflow: Workflow, texts: Mapping[str, str], files: Mapping[str, str] | None = None) -> Filled:
    """Return what was written into the fields of *workflow*.

    Args:
        workflow: Whose they are.
        texts: What stands in each field, by the parameter's name; one that is not there is left as it was.
        files: The path of the file that was chosen for a field, which goes before its text.
    """
    given: dict[str, Json] = {}
    options: dict[str, str | list[str]] = {}
    problems: dict[str, tuple[str, ...]] = {}
    for spec in workflow.specs:
        base = _as_sent(text_of(spec, workflow.parameters.get(spec.name)))
        text = _as_sent(texts.get(spec.name, base))
        if files and spec.name in files:
            options[spec.name.replace("-", "_")] = files[spec.name]
            continue
        if text == base:
            continue
        value, wrong = read_value(spec, _sent(spec, text))
        if wrong:
            problems[spec.name] = tuple(each.what for each in wrong)
        if _sent(spec, text) is None or is_reference(value) or option_of(spec.name) in _OWN_OPTIONS:
            given[spec.name] = value
        else:
            options[spec.name.replace("-", "_")] = text
    return Filled(given, options, problems)


def read_json(text: str) -> Filled:
    """Return what was written as JSON of a whole input; nothing is the empty object."""
    try:
        return Filled(read_exact(text) if text.strip() else {}, {}, {})
    except InexactJsonError as error:
        return Filled({}, {}, {"": (str(error),)})


def texts_for(workflow: Workflow, given: Mapping[str, Json]) -> dict[str, str]:
    """Return what stands in the fields of *workflow* for an input that is *given*; of another parameter, nothing."""
    return {spec.name: text_of(spec, given[spec.name]) for spec in workflow.specs if spec.name in given}


def command_of(team: str, workflow: str, filled: Filled, where: str = "") -> str:
    """Return the command that starts the same run, as a shell takes it.

    Args:
        team: Whose workflow it is.
        workflow: Its key.
        filled: What was asked for.
        where: The options that say where it runs, with a space before each.
    """
    words = ["lanes", "run", team, workflow]
    if filled.given != {}:
        text = json.dumps(filled.given, ensure_ascii=False, separators=(",", ":"))
        words += ["--input", text if len(text.encode(errors="surrogatepass")) <= _LONGEST_WORD else "payload.json"]
    for name, value in filled.options.items():
        for each in value if isinstance(value, list) else [value]:
            option = f"--{option_of(name)}"
            words += [f"{option}={each}"] if each.startswith("-") else [option, each]
    return shlex.join(words) + where


def _as_sent(text: str) -> str:
    """Return *text* with the ends of lines that a browser changes as they were."""
    return text.replace("\r\n", "\n")


def _sent(spec: Parameter, text: str) -> str | None:
    """Return what *text* in the field of *spec* says: None where it is empty and the parameter may be left out."""
    return None if not text and spec.default is None else text


def _field(spec: Parameter, value: Json, follower: str | None) -> Field:
    base = text_of(spec, value)
    choices = _choices(spec)
    kind = _kind(spec, base)
    number = kind == "number"
    return Field(
        spec.name,
        kind,
        f"{spec.description} (by reference)" if spec.by_reference else spec.description,
        _words(spec, value, follower),
        base,
        choices,
        spec.minimum if number else None,
        spec.maximum if number else None,
        whole=spec.type == "integer",
        needed=spec.default is not None and kind in {"number", "json"},
        upload=spec.upload is not None,
    )


def _kind(spec: Parameter, base: str) -> Kind:
    if _choices(spec):
        return "choice"
    if spec.type in {"integer", "number"}:
        return "number"
    if spec.words:
        return "text"
    if spec.type in {"object", "array"}:
        return "json"
    return "lines" if "\n" in base else "text"


def _choices(spec: Parameter) -> tuple[Choice, ...]:
    """Return what may be chosen for *spec*; nothing where anything may be written."""
    if spec.type in {"object", "array"}:
        return ()
    texts = (
        ["true", "false"]
        if spec.type == "boolean" and not spec.choices
        else [text_of(spec, each) for each in spec.choices]
    )
    if texts and spec.default is None and "" not in texts:
        texts = ["", *texts]
        return tuple(Choice(text, text or "left out") for text in texts)
    return tuple(Choice(text, text or "empty") for text in texts)


def _words(spec: Parameter, value: Json, follower: str | None) -> str:
    """Return the type, the bounds and the default of *spec*, whose value in the team's file is *value*."""
    parts = [shape_text(spec), _bounds(spec)]
    if spec.words:
        parts.append("split as a shell does")
    if spec.instead_of:
        parts.append(f"{spec.instead_of} follows from it where that is left as it is")
    if follower:
        parts.append(f"follows from {follower} where that is given and this is left as it is")
    if value is None:
        parts.append("left out where empty")
    else:
        whose = "the card" if value == spec.default else "the team's file"
        parts.append(f"{_short(spec, value)} by {whose}")
    return "; ".join(part for part in parts if part)


def _bounds(spec: Parameter) -> str:
    what = {"string": " characters", "object": " keys", "array": " items"}.get(spec.type, "")
    if spec.minimum == 1 and spec.maximum is None:
        what = what.removesuffix("s")
    match spec.minimum, spec.maximum:
        case None, None:
            return ""
        case None, most:
            return f"at most {most:,.10g}{what}"
        case least, None:
            return f"at least {least:,.10g}{what}"
        case least, most:
            return f"{least:,.10g} to {most:,.10g}{what}"


def _short(spec: Parameter, value: Json) -> str:
    most = 60
    text = text_of(spec, value) or "empty"
    if isinstance(value, list | dict) and not spec.words:
        text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= most else f"{text[:most]}..."
