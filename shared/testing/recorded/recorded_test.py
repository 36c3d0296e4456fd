"""The files that make a test of a recorded run: the recording, and a module that replays it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from shared.errors import LanesError, UsageError
from shared.testing.suite import new_tests_folder
from shared.values import as_list, as_mapping

if TYPE_CHECKING:
    from pathlib import Path

    from shared.config.cards import Card
    from shared.config.load import Project
    from shared.values import Json

_SUCCEEDED = '''\
"""{origin}, recorded. Run with: lanes test {team} {key}"""

from pathlib import Path

RECORDED = Path(__file__).parent / "recorded/{name}.json"


def test_{name}(workflow):
    recorded = {under}.recorded(RECORDED)
    run = recorded.replay(){hint}
    assert (run.status, run.output, run.path) == ("SUCCEEDED", recorded.output, recorded.path)
'''
_FAILED = _SUCCEEDED.replace('("SUCCEEDED", recorded.output, ', '("{status}", {error}, ').replace(
    "run.status, run.output,", "run.status, run.error,"
)


def name_of_test(name: str | None, run_id: str) -> str:
    """Return what a test is called, as part of a function's name: *name*, or after the run.

    Raises:
        UsageError: It can be none.
    """
    made = re.sub(r"\W+", "_", name or f"run_{run_id}", flags=re.ASCII).strip("_").lower()
    if not made:
        raise UsageError(f"{name!r} can be no test's name", fix="write words of letters, digits, - and _")
    return made


def write_test(project: Project, workflow: tuple[str, str], name: str, origin: str, recording: str) -> list[Path]:
    """Write a test of a *recording*; return the files.

    Args:
        project: The project.
        workflow: The team, and the workflow's key in its lane.
        name: What the test is called.
        origin: What was recorded, ``Run R on AWS``.
        recording: The text of the recording's file.

    Raises:
        LanesError: There is a test of this name.
    """
    root, card = project.root, project.card(*workflow)
    folder = new_tests_folder(root, card)
    kept, module = folder / "recorded" / f"{name}.json", folder / f"test_{name}.py"
    for path in (kept, module):
        if path.exists():
            what = "it is there already, and was not changed"
            raise LanesError(what, where=str(path.relative_to(root)), fix="give another --name, or delete it")
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text(recording, encoding="utf-8")
    module.write_text(_module(workflow[0], card, name, origin, json.loads(recording)), encoding="utf-8")
    return [kept, module]


def _module(team: str, card: Card, name: str, origin: str, data: dict[str, Json]) -> str:
    """Return the module's text. What it has of the run's data is written as a text of Python's, and never as code."""
    succeeded = data["status"] == "SUCCEEDED"
    state = _of_function(data)
    hint = f"  # replay(real=[{_quoted(state)}]) runs that state's own code" if state else ""
    under = "workflow" if card.folder else f'workflow.of("{team}", "{card.key}")'
    text = _SUCCEEDED if succeeded else _FAILED
    return text.format(
        origin=origin, team=team, key=card.key, name=name, under=under, hint=hint, status=data["status"],
        error=_quoted(data.get("error")),
    )  # fmt: skip


def _quoted(value: Json) -> str:
    """Return the text *value*, or None, as Python's source has it: on one line, whatever is in it."""
    return "None" if value is None else json.dumps(value)


def _of_function(data: dict[str, Json]) -> str | None:
    """Return the first state that a function answered, None if none did."""
    calls = [as_mapping(call) for call in as_list(data["calls"])]
    answered = (
        call for call in calls if isinstance(call.get("returns"), dict) and "Payload" in as_mapping(call["returns"])
    )
    return next((str(call["state"]) for call in answered), None)
