"""Reads a state machine that somebody else's tools deploy: JSON or YAML, with the placeholders of SAM."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.config.document import Document, read_document
from shared.config.json_document import read_json
from shared.config.problems import Problem, Problems
from shared.errors import UsageError
from shared.values import as_mapping

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from shared.config.document import KeyPath
    from shared.config.lane import Place
    from shared.values import Json

_WRAPPERS = {
    "Resources": "a CloudFormation or SAM template",
    "stepFunctions": "a serverless.yml",
    "functions": "a serverless.yml",
    "StateMachineArn": "an answer of DescribeStateMachine",
    "stateMachineArn": "an answer of DescribeStateMachine",
}
_INTRINSICS = ("Ref", "Fn::Ref", "Fn::GetAtt", "Fn::Sub")


@dataclass(frozen=True, slots=True)
class Source:
    """A definition, and the lines that its parts stand on."""

    definition: dict[str, Json]
    document: Document


def read_source(path: Path, place: Place, problems: Problems) -> Source:
    """Return the definition in the file at *path*.

    ``${AWS::Region}`` and the like become what they are at *place*. References of CloudFormation (``Ref``,
    ``Fn::GetAtt``) become placeholders.

    Raises:
        UsageError: There is no such file, or it holds something else.
        ConfigError: It is neither JSON nor YAML.
    """
    if not path.is_file():
        raise UsageError("there is no such file", where=str(path))
    read = Problems()
    document = _read(path, read)
    read.finish()
    data = document.data if document else None
    for key, what in _WRAPPERS.items():
        if isinstance(data, dict) and key in data and "States" not in data:
            fix = "take the definition out of it: the object with StartAt and States"
            raise UsageError(f"this is {what}, not a state machine's definition", where=str(path), fix=fix)
    if not isinstance(data, dict) or not isinstance(data.get("States"), dict):
        raise UsageError("this is no Amazon States Language: it has no States", where=str(path))
    lines: dict[KeyPath, int] = document.lines if document else {(): 1}
    document = Document(path.name, data, lines, problems)
    return Source(dict(as_mapping(_plain(data, (), place, document))), document)


def _read(path: Path, problems: Problems) -> Document | None:
    if path.suffix != ".json":
        return read_document(path, path.name, problems)
    try:
        return read_json(path.read_text(encoding="utf-8"), path.name, problems)
    except (OSError, ValueError) as error:
        problems.add(Problem(path.name, 1, f"it cannot be read: {error}"))
        return None


def _plain(value: object, path: KeyPath, place: Place, document: Document) -> Json:
    """Return *value* with what CloudFormation fills in replaced."""
    if isinstance(value, dict):
        if len(value) == 1 and (name := next(iter(value))) in _INTRINSICS:
            return _placeholder(value[name])
        return {str(key): _plain(item, (*path, key), place, document) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item, (*path, index), place, document) for index, item in enumerate(value)]
    if isinstance(value, str):
        return _pseudo(value, place)
    if value is None or isinstance(value, int | float):
        return value
    document.problem(path, f"{value} is read as a {type(value).__name__}, which JSON has not", "put it in quotes")
    return None


def _placeholder(target: object) -> Json:
    name = target[0] if isinstance(target, list) and target else target
    text = str(name).removesuffix(".Arn")
    return text if "${" in text else f"${{{text}}}"


def _pseudo(text: str, place: Place) -> str:
    known: Mapping[str, str] = {
        "AWS::Partition": place.partition,
        "AWS::Region": place.region,
        "AWS::AccountId": place.account,
        "AWS::URLSuffix": "amazonaws.com",
    }
    return re.sub(r"\$\{(AWS::\w+)\}", lambda match: known.get(match[1], match[0]), text)
