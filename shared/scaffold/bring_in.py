"""Makes a workflow's folder from a state machine that is there already: template, card, stubs of handlers, a test.

Nothing is approximated: what a lane does not do is refused, all of it at once, with the line and what to use instead.
"""

from __future__ import annotations

import copy
import json
import re
from typing import TYPE_CHECKING

from shared.config.card_file import PACKAGE
from shared.config.check_card import PARAMETER_KEY
from shared.config.problems import Problems
from shared.scaffold.form import check_form
from shared.scaffold.found import Finder
from shared.scaffold.needs import Needs
from shared.scaffold.new_folder import NewFolder
from shared.scaffold.shape import Shape
from shared.scaffold.source import read_source
from shared.scaffold.steps import Steps
from shared.scaffold.written import answers, card_text, sample, steps_text, test_text

if TYPE_CHECKING:
    from pathlib import Path

    from shared.config.document import Document
    from shared.config.load import Project


def new_from(path: Path, project: Project, team: str, key: str) -> NewFolder:
    """Return the folder of a workflow called *key* of *team* from the definition in the file at *path*.

    Raises:
        UsageError: The file is not there, or holds no definition.
        ConfigError: Lists everything in the definition that a lane does not do.
    """
    problems = Problems()
    source = read_source(path, project.place, problems)
    check_form(source.definition, (), source.document)
    problems.finish()
    lane = project.lane(team)
    reserved: set[str] = set()
    while True:
        problems.found.clear()
        definition = copy.deepcopy(source.definition)
        found = Finder(lane, lane.commons, source.document, reserved).go_through(definition)
        steps = Steps(found.keys.of("functions"))
        needed = Needs(definition, steps.answer, jsonata=False).input()
        clash = set(needed.keys) & found.keys.all()
        if not clash:
            break
        reserved |= clash
    _check_input(needed, source.document)
    problems.finish()
    for name, value in found.parameters.items():
        needed.keys[name] = Shape(example=value)
    about = str(definition.get("Comment") or f"Brought in from {path.name}.")
    files = {
        "workflow.yaml": card_text(about, path.name, found, steps, needed),
        "workflow.asl.json": json.dumps(definition, indent=2) + "\n",
        "steps.py": steps_text(path.name, steps),
        "input.json": json.dumps(sample(needed), indent=2) + "\n",
        "tests/test_steps.py": test_text(team, key, steps),
    }
    return NewFolder(team, key, files, tuple(found.notes), answers(steps))


def _check_input(needed: Shape, document: Document) -> None:
    """Report an input that parameters of a card cannot make."""
    if needed.items is not None or needed.example is not None:
        document.problem((), "its whole input is a list or a plain value", "read it from a key of the input: $.items")
    for name in needed.keys:
        if not re.fullmatch(PARAMETER_KEY, name) or name == PACKAGE:
            document.problem((), f"the input's key {name!r} can be no parameter", "rename it: letters, digits, _ and -")
