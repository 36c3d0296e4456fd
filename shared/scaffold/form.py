"""Whether a definition has the form that the rest of the room relies on. All else is Step Functions' to judge."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import UnionType

    from shared.config.document import Document, KeyPath
    from shared.values import Json

_KINDS: dict[str, tuple[type | UnionType, str]] = {
    **dict.fromkeys(("Type", "Resource", "Next", "Default", "QueryLanguage"), (str, "text")),
    **dict.fromkeys(("ItemReader", "ResultWriter", "ItemBatcher", "ResultSelector"), (dict, "object")),
    **dict.fromkeys(("Parameters", "Arguments", "ItemSelector"), (dict | str, "object")),
}
_MACHINES = ("ItemProcessor", "Iterator")


def check_form(machine: Json, path: KeyPath, document: Document) -> None:
    """Report what in *machine*, at *path*, is of another kind than it must be: a definition, a branch, a processor."""
    states = machine.get("States") if isinstance(machine, dict) else None
    if not isinstance(states, dict):
        document.problem(path, "this is no machine: it has no States that are an object")
        return
    for name, state in states.items():
        here = (*path, "States", name)
        if isinstance(state, dict):
            _check_state(state, here, document)
        else:
            document.problem(here, f"state {name!r} is no object")


def _check_state(state: dict[str, Json], here: KeyPath, document: Document) -> None:
    for key, (kind, word) in _KINDS.items():
        if key in state and not isinstance(state[key], kind):
            document.problem((*here, key), f"{key} is no {word}")
    for place, rule in enumerate(_list(state, "Choices", here, document)):
        _check_rule(rule, (*here, "Choices", place), document)
    for place, branch in enumerate(_list(state, "Branches", here, document)):
        check_form(branch, (*here, "Branches", place), document)
    for key in _MACHINES:
        if key in state:
            check_form(state[key], (*here, key), document)


def _check_rule(rule: Json, here: KeyPath, document: Document) -> None:
    """Check one rule of a Choice, and the rules that it is made of."""
    if not isinstance(rule, dict):
        document.problem(here, "a rule of Choices is no object")
        return
    for key in ("And", "Or"):
        for place, part in enumerate(_list(rule, key, here, document)):
            _check_rule(part, (*here, key, place), document)
    if "Not" in rule:
        _check_rule(rule["Not"], (*here, "Not"), document)


def _list(value: dict[str, Json], key: str, here: KeyPath, document: Document) -> list[Json]:
    found = value.get(key, [])
    if isinstance(found, list):
        return found
    document.problem((*here, key), f"{key} is no list")
    return []
