"""Whether the runs that a trigger starts have the input that their workflow needs. Problems are reported.

Nobody looks at a run that starts at night. What a schedule or an upload gives it is known before, so what must fail its
first state is told where the card is checked, as what goes by reference and lies in no bucket.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.config.parameters import is_reference
from shared.config.triggers import OBJECT, OBJECTS
from shared.run.undeclared import lacking_inputs
from shared.values import as_mapping

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from shared.config.document import Document, KeyPath
    from shared.config.lane import Workflow
    from shared.values import Json

_OBJECT: dict[str, Json] = {"bucket": "bucket", "key": "key", "size": 0, "etag": ""}


def check_inputs(
    workflow: Workflow, definition: Mapping[str, Json], card: Document, told: Collection[str] = ()
) -> None:
    """Report on the *card* of *workflow* what the runs that its triggers start would lack of what *definition* reads.

    What is wrong with the inputs in *told*, by their names, is told already.
    """
    for path, given in _inputs(workflow):
        for place, name in lacking_inputs(definition, given):
            if name.partition(".")[0] in told:
                continue
            what = f"{'.'.join(map(str, place))} reads {name} of the input, which no run that this starts would have"
            card.problem(path, what, _fix(workflow, path, name))
        for spec in workflow.specs:
            value = as_mapping(given).get(spec.name)
            if spec.by_reference and value is not None and not is_reference(value):
                what = f"{spec.name} goes by reference, and only lanes run puts a value into the bucket"
                card.problem(path, what, 'name an object that lies there: {"bucket": ..., "key": ...}')


def _inputs(workflow: Workflow) -> Iterator[tuple[KeyPath, Json]]:
    """Yield where the card says what starts *workflow*, and the input of a run that is started so."""
    if workflow.schedules:
        for key, schedule in workflow.schedules.by_key.items():
            yield ("schedule", key), schedule.payload
    if upload := workflow.upload:
        told: dict[str, Json] = {OBJECTS: [_OBJECT]} if upload.window_seconds else {OBJECT: _OBJECT}
        yield ("on", "bucket"), {**workflow.parameters, **told}


def _fix(workflow: Workflow, path: KeyPath, name: str) -> str:
    if path[0] == "schedule":
        return f"give it in the schedule's payload{'' if workflow.takes_any else ', and declare it as a parameter'}"
    first, _, rest = name.partition(".")
    if first == OBJECT and rest:
        return f"an object has {', '.join(_OBJECT)}"
    return f"declare {first} under parameters:, with a default"
