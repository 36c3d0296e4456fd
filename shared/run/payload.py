"""Makes an execution's input, and checks before anything starts that the lane and the account can carry it out."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from shared.config.parameters import coerce_all, is_reference, over_defaults, read_value
from shared.config.template import render_definition
from shared.config.worlds import MEETS, beyond, ranks_of
from shared.deploy.concurrency import mapped_functions
from shared.errors import LanesError, UsageError
from shared.handlers.payload import Reader
from shared.run.by_reference import check_size
from shared.values import as_mapping

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from shared.aws.client import Aws
    from shared.config.lane import Lane, Parameter, Workflow
    from shared.values import Json

_SCALARS = ("integer", "number", "string", "boolean")


def build_payload(workflow: Workflow, given: Json, options: Mapping[str, str | list[str]] | None = None) -> Json:
    """Return the execution's input: what was *given* over the team's parameters, checked by the workflow's card.

    A workflow whose card declares no parameters takes any JSON, as it is.

    Args:
        workflow: Whose input it is.
        given: The input as the user has it.
        options: Parameters by the names of their options, which go before those in *given*.

    Raises:
        UsageError: Names every parameter that is unknown, and every part of one that is of another type or out of
            bounds; or the input is no object.
    """
    where = f"workflow {workflow.key}"
    told = options or {}
    if workflow.takes_any:
        if told:
            named = ", ".join(f"--{option_of(name)}" for name in told)
            what = f"its card declares no parameters, so {named} is none"
            raise UsageError(what, where=where, fix="give the input by --input")
        return given
    if not isinstance(given, dict):
        what = f"the payload is not a JSON object of the parameters of {workflow.key}, but {kind_of(given)}"
        raise UsageError(what, where="--input", fix=f'write {{"{workflow.specs[0].name}": ..., ...}}')
    checked = coerce_all(workflow.specs, {**given, **_named(workflow, told)}, where=where)
    return over_defaults(workflow.specs, workflow.parameters, checked)


def option_of(parameter: str) -> str:
    """Return the option of *parameter*, without its hyphens in front: ``world-size``."""
    return parameter.replace("_", "-")


def kind_of(value: Json) -> str:
    """Return what *value* is, in a word of JSON's."""
    names = {dict: "an object", list: "an array", str: "a text", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")


def _named(workflow: Workflow, options: Mapping[str, str | list[str]]) -> dict[str, Json]:
    """Return *options* by the names of the parameters that they give, the items of an array or an object together.

    An array of texts, numbers or booleans may be given as an option for each item, or as JSON as any other array. An
    object of any keys may be given as KEY=VALUE for each, or as JSON.

    Raises:
        UsageError: An option is given twice, and its parameter is neither; or a key is given twice.
    """
    by_option = {option_of(spec.name): spec for spec in workflow.specs}
    named: dict[str, Json] = {}
    for name, value in options.items():
        spec = by_option.get(option_of(name))
        if spec is None:
            named[name] = value
            continue
        texts = value if isinstance(value, list) else [value]
        if spec.type == "object" and not spec.properties and not _is_json(spec, texts):
            named[spec.name] = _pairs(f"--{option_of(name)}", texts)
            continue
        if spec.words:
            named[spec.name] = " ".join(texts)
            continue
        listed = spec.type == "array" and spec.items is not None and spec.items.type in _SCALARS
        if len(texts) > 1 and not listed:
            what = f"--{option_of(name)} is given {len(texts)} times"
            raise UsageError(what, where=f"workflow {workflow.key}", fix="give it once")
        if listed and spec.items and not (len(texts) == 1 and _is_whole(spec, spec.items, texts[0])):
            named[spec.name] = [_item(spec.items, text) for text in texts]
        else:
            named[spec.name] = texts[0]
    return named


def _is_json(spec: Parameter, texts: Sequence[str]) -> bool:
    """Whether one text is given, and is meant as JSON of all of an object, or of null in its place."""
    text = texts[0].strip()
    return len(texts) == 1 and (text.startswith(("{", "[")) or (text == "null" and spec.default is None))


def _pairs(option: str, texts: Sequence[str]) -> dict[str, Json]:
    """Return the object of *texts*, each KEY=VALUE; the values are texts.

    Raises:
        UsageError: One is something else, or a key is there twice.
    """
    pairs: dict[str, Json] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or not key or key.lstrip().startswith(("{", "[")):
            raise UsageError(f"{option} is {key!r}, not KEY=VALUE", fix=f"{option} KEY=VALUE, once for each key")
        if key in pairs:
            raise UsageError(f"{option} gives {key} twice", fix="give it once")
        pairs[key] = value
    return pairs


def _is_whole(spec: Parameter, item: Parameter, text: str) -> bool:
    """Whether *text* is JSON of all of an array, or of null in its place; "null" may be an *item* that is text."""
    return text.lstrip().startswith("[") or (text == "null" and spec.default is None and item.type != "string")


def _item(spec: Parameter, text: str) -> Json:
    """Return what *text* spells; *text* itself where that is nothing that *spec* wants, to be told as such."""
    value, wrong = read_value(spec, text)
    return text if wrong else value


def check_payload(lane: Lane, workflow: str, payload: Json) -> None:
    """Check that the team's lane can carry out *payload*. Of one that may be any JSON, only the size is known.

    Raises:
        UsageError: It has more than 256 KB, lacks a file that the workflow runs, names another bucket than the team's,
            or asks for ranks that cannot all run at once. Where several are so, it tells all.
    """
    found = refusals(lane, workflow, payload)
    if len(found) == 1:
        raise found[0]
    if found:
        told = "; ".join(f"{each.what} ({each.fix})" if each.fix else each.what for each in found)
        raise UsageError(told, where=f"workflow {workflow} of {lane.team}")


def refusals(lane: Lane, workflow: str, payload: Json) -> list[LanesError]:
    """Return each reason why the team's lane cannot carry out *payload*, as :func:`check_payload` raises them."""
    checks: list[Callable[[], None]] = [partial(check_size, lane, workflow, payload)]
    if not lane.workflows[workflow].takes_any and isinstance(payload, dict):
        checks += [
            partial(check_files, lane.workflows[workflow], payload),
            partial(check_bucket, lane, workflow, payload),
            partial(check_together, lane, workflow, payload),
        ]
    found: list[LanesError] = []
    for check in checks:
        try:
            check()
        except LanesError as error:
            found.append(error)
    return found


class MissingFilesError(UsageError):
    """An input lacks files that the workflow runs; ``parameters`` are those that name them."""

    def __init__(self, workflow: str, parameters: list[str]) -> None:
        self.parameters = parameters
        options = " ".join(f"--{option_of(name)} FILE" for name in parameters)
        super().__init__(f"{workflow} has nothing to run: {', '.join(parameters)} is missing", fix=f"add {options}")


def check_files(workflow: Workflow, payload: Mapping[str, Json]) -> None:
    """Refuse a *payload* that lacks a file which the workflow runs.

    Raises:
        MissingFilesError: Names the option that gives it.
    """
    if lacking := [spec.name for spec in workflow.specs if spec.upload and not payload.get(spec.name)]:
        raise MissingFilesError(workflow.key, lacking)


def check_bucket(lane: Lane, workflow: str, payload: Mapping[str, Json]) -> None:
    """Refuse a *payload* that names another bucket than the team's, with the same error as the workflow's first step.

    A reference that was given by hand names a bucket, too. Shared data is let in if a function of the workflow may read
    it.

    Raises:
        BadInput: It names another bucket.
    """
    reader = Reader(payload, payload)
    keys = lane.workflows[workflow].functions.values()
    commons = {name for key in keys for name in lane.functions[key].uses.commons}
    reader.own_bucket(lane.bucket, ("bucket", "data_bucket"), commons)
    for spec in lane.workflows[workflow].specs:
        value = payload.get(spec.name)
        bucket = as_mapping(value)["bucket"] if spec.by_reference and is_reference(value) else lane.bucket
        if bucket not in {lane.bucket, *commons}:
            reached = ", ".join((lane.bucket, *sorted(commons)))
            reader.problems.append(f"{spec.name} refers to {bucket!r}, and this team's functions reach {reached}")
    reader.finish()


def check_together(lane: Lane, workflow: str, payload: Mapping[str, Json]) -> None:
    """Check that ranks which wait for each other can all run at once: those of a function that is told the rendezvous.

    Raises:
        UsageError: Such a function has reserved concurrency for fewer ranks than there are, or the rendezvous does not
            carry so many.
    """
    if found := beyond(lane, lane.workflows[workflow], payload):
        raise UsageError(found.what, where=f"workflow {workflow} of {lane.team}", fix=found.fix)
    ranks = ranks_of(lane.workflows[workflow], payload)
    if ranks is None or not payload.get("fmi_enabled", True):
        return
    for key in lane.workflows[workflow].functions.values():
        function = lane.functions[key]
        reserved = function.reserved_concurrency
        if MEETS in function.environment and reserved is not None and reserved < ranks:
            raise UsageError(
                f"{ranks} ranks wait for each other, and only {reserved} of {key} may run at once",
                where=f"teams/{lane.team}.yaml",
                fix=f"lower --world-size, or raise reservedConcurrency of {key}",
            )


def check_account(aws: Aws, lane: Lane, workflow: str, payload: Json) -> str:
    """Check that the account can run as many ranks at once as *payload* asks for, of functions without a reservation.

    Returns:
        What to tell the user where there is less room than ranks and these do not wait for each other; else "".

    Raises:
        UsageError: There is less room than ranks, and the ranks wait for each other, so that none would ever end.
    """
    if not isinstance(payload, dict):
        return ""
    ranks = ranks_of(lane.workflows[workflow], payload)
    if ranks is None or ranks == 1:
        return ""
    mapped = mapped_functions(lane, render_definition(lane, workflow))
    open_to_all = [function for function in mapped if function.reserved_concurrency is None]
    if not open_to_all:
        return ""
    room = aws.lambda_.get_account_settings()["AccountLimit"]["UnreservedConcurrentExecutions"]
    if ranks <= room:
        return ""
    what = f"{ranks} ranks, and the account runs {room} functions at once that have no reservation"
    if any(MEETS in function.environment for function in open_to_all) and payload.get("fmi_enabled", True):
        raise UsageError(
            f"{what}; the ranks wait for each other, so none would end",
            where=f"account {lane.place.account}, {lane.place.region}",
            fix=f"lower --world-size to {room}, or ask AWS for more (Concurrent executions of AWS Lambda)",
        )
    return f"{what}: AWS refuses the others for a while, and they are tried again"
