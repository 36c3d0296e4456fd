"""Definitions that others have published: AWS took them, so the validation must, but for what AWS refuses today.

The definitions are not ours to keep: TEAMLANES_DEFINITIONS names a folder with one JSON definition a file. What a
template fills in later (``${Name}``, ``Ref``, ``Fn::Sub``) stands here for something of the right kind.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from shared.local.asl.validation import problems_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.values import Json

FOLDER = os.environ.get("TEAMLANES_DEFINITIONS", "")
FUNCTION = "arn:aws:lambda:us-east-1:111111111111:function:published"
PLACEHOLDER = re.compile(r"\$\{(?:AWS::)?([^}]*)\}")
KNOWN = {"Partition": "aws", "Region": "us-east-1", "AccountId": "111111111111"}
NUMBERS = {"Seconds", "TimeoutSeconds", "HeartbeatSeconds", "MaxConcurrency"}
# Of all definitions so many may be refused: those that AWS itself no longer takes, each of which the report names.
REFUSED_AT_MOST = 0.1

pytestmark = pytest.mark.skipif(
    not FOLDER or not Path(FOLDER).is_dir(), reason="TEAMLANES_DEFINITIONS names no folder of published definitions"
)


def filled(value: Json, field: str = "") -> Json:
    """Return *value* with something of the right kind for each placeholder."""
    if isinstance(value, dict) and not later(value):
        return {key: filled(item, key) for key, item in value.items()}
    if isinstance(value, list):
        return [filled(item) for item in value]
    if field in NUMBERS and not isinstance(value, int):
        return 1
    if isinstance(value, dict) or (field == "Resource" and PLACEHOLDER.match(str(value))):
        return FUNCTION
    return filled_text(value) if isinstance(value, str) else value


def later(value: dict[str, Json]) -> bool:
    """Tell whether *value* is what a template fills in later."""
    return len(value) == 1 and next(iter(value)).startswith(("!", "Ref", "Fn::"))


def filled_text(value: str) -> str:
    """Return the text *value* with something for each placeholder."""
    text = PLACEHOLDER.sub(lambda match: KNOWN.get(match[1], "x"), value)
    return text.replace("arn:x:", "arn:aws:").replace(":lambda:::", ":lambda:us-east-1:111111111111:")


def refused(folder: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield each file's name and the problems of its definition."""
    for file in sorted(folder.rglob("*.json")):
        definition = filled(json.loads(file.read_text(encoding="utf-8")))
        yield file.name, [str(problem) for problem in problems_of(json.dumps(definition))]


def test_published_definitions_are_taken() -> None:
    found = dict(refused(Path(FOLDER)))
    wrong = {name: problems for name, problems in found.items() if problems}
    kinds = Counter(problem.split(" at /")[0] for problems in wrong.values() for problem in problems)
    report = [
        f"{len(found)} definitions, {len(found) - len(wrong)} taken, {len(wrong)} refused",
        *(f"{count:4} {kind}" for kind, count in kinds.most_common()),
        *("\n    ".join((name, *problems)) for name, problems in wrong.items()),
    ]
    sys.stdout.write("\n".join(report))  # shown by pytest -s

    assert len(wrong) <= REFUSED_AT_MOST * len(found)
