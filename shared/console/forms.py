"""What a browser sends to start a run, and what fills a form before: drafts, from requests and from earlier runs."""

from __future__ import annotations

import hashlib
import json
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from shared.console.drafts import Draft
from shared.errors import LanesError, UsageError
from shared.hidden import hide, hide_text
from shared.run.form import read_fields, read_json, texts_for
from shared.run.payload import build_payload

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from werkzeug.datastructures import FileStorage

    from shared.config.lane import Workflow
    from shared.run.find import Found
    from shared.run.form import Filled
    from shared.values import Json

FIELD, FILE, KEPT = "p.", "file.", "keep."
"""How the names of a form's fields begin that are a parameter's text, its file, and the file of the draft before."""
JSON = "payload"
"""The field with the whole input as JSON."""
_LONGEST_NAME = 255  # bytes of a file's name that this machine takes


def draft_sent(
    workflow: Workflow, form: Mapping[str, str], files: Iterable[tuple[str, FileStorage]], before: Draft | None
) -> Draft:
    """Return what a *form* says.

    Args:
        workflow: What it starts.
        form: Its fields.
        files: The files in it, by field.
        before: The draft that it was filled from, which keeps the files that were sent with it.

    Raises:
        UsageError: It has fields that the workflow does not.
    """
    texts = {name.removeprefix(FIELD): text for name, text in form.items() if name.startswith(FIELD)}
    kept = {name.removeprefix(KEPT) for name in form if name.startswith(KEPT)}
    chosen = {name: file for name, file in (before.files if before else {}).items() if name in kept}
    for name, file in files:
        if name.startswith(FILE) and file.filename:
            chosen[name.removeprefix(FILE)] = _plain_name(file.filename), file.read()
    takes = {spec.name for spec in workflow.specs}
    uploads = {spec.name for spec in workflow.specs if spec.upload}
    if other := sorted((texts.keys() - takes) | (chosen.keys() - uploads)):
        raise UsageError(f"the form asks for {', '.join(other)}, and the card does not", fix="open the form again")
    return Draft(form.get("key", ""), texts, chosen, form.get(JSON))


def draft_of_run(workflow: Workflow, found: Found, key: str) -> Draft:
    """Return a form filled from the input of an earlier run; as JSON where the fields cannot say the same."""
    value: Json = json.loads(found.input)
    notes: list[str] = []
    if isinstance(value, dict):
        kept = {name: each for name, each in value.items() if hide({name: each}) == {name: each}}
        notes += [
            f"{hide_text(name)} of the run is a secret, and is not filled in" for name in value if name not in kept
        ]
        value = kept
    elif hide(value) != value:
        notes.append("the input of the run has a secret, and is not filled in")
        value = {}
    if not workflow.takes_any and isinstance(value, dict):
        texts = texts_for(workflow, value)
        if _same(workflow, read_fields(workflow, texts), value):
            return Draft(key, texts, notes=tuple(notes))
        notes.append("the fields cannot say the same as the input of the run, so it stands below as JSON")
    return Draft(key, json=json.dumps(value, ensure_ascii=False, indent=1), notes=tuple(notes))


def filled_of(workflow: Workflow, draft: Draft, paths: Mapping[str, str] | None = None) -> Filled:
    """Return what *draft* says of a run of *workflow*.

    Args:
        workflow: What it starts.
        draft: What was sent.
        paths: Where its files lie on this machine; their names alone unless given.
    """
    if draft.json is not None or workflow.takes_any:
        return read_json(draft.json or "")
    names = {name: file for name, (file, _) in draft.files.items()}
    return read_fields(workflow, draft.texts, names if paths is None else paths)


def digest_of(draft: Draft) -> str:
    """Return what tells two drafts apart that ask for different runs."""
    files = {name: [file, hashlib.sha256(body).hexdigest()] for name, (file, body) in draft.files.items()}
    told = json.dumps([dict(draft.texts), files, draft.json], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()


def _same(workflow: Workflow, filled: Filled, value: Json) -> bool:
    """Say whether what was *filled* in makes the same input as *value* does."""
    try:
        return not filled.problems and build_payload(workflow, filled.given, filled.options) == build_payload(
            workflow, value
        )
    except LanesError:
        return False


def _plain_name(name: str) -> str:
    """Return the last part of *name*, which comes from a browser and may be anything.

    Raises:
        LanesError: It is none that a file can have.
    """
    plain = PurePosixPath(name.replace("\\", "/")).name
    if plain in {"", ".", ".."} or "\0" in plain or len(plain.encode()) > _LONGEST_NAME:
        raise LanesError(f"a file cannot be called {plain[:40]!r}", fix="give it another name")
    return plain
