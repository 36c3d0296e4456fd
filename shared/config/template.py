"""State machine templates: plain Amazon States Language with ``${placeholders}``, filled from a lane.

A template is JSON, or YAML with the same keys. ``${<step>}`` is a function's ARN, ``${<table>}`` a table's name,
``${<queue>}`` a queue's URL, ``${<topic>}`` a topic's ARN. A further bucket, a secret and a setting are their names.
``${bucket}`` is the lane's bucket, ``${state_machine}`` the machine's own ARN and ``${<parameter>}`` the team's value.
``${<workflow>}`` is the ARN of another machine of the lane, which the card names in ``workflows`` of its own ``uses``.
A string that is one placeholder becomes the value with its JSON type. Within a longer string, a placeholder becomes
text. ``${bucket}`` is always the lane's bucket, even when a parameter has that name. ``${children}`` is STANDARD or
EXPRESS, where the card has ``children``.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.config.card_file import CHILDREN
from shared.config.document import read_document
from shared.config.express import CHILDREN_FIX, EXPRESS_SECONDS, FIX, lacking_in_children, lacking_in_express
from shared.config.json_document import read_json
from shared.config.problems import Problem, Problems, nearest
from shared.config.variables import RENDEZVOUS_VARIABLES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from shared.config.document import Document, KeyPath
    from shared.config.lane import Function, Lane, Workflow
    from shared.values import Json

OWN = ("bucket", "state_machine")
JSON, YAML = TEMPLATES = (".asl.json", ".asl.yaml")
"""How the files of templates end."""
_PLACEHOLDER = re.compile(r"\$\{([^}]*)\}")


@dataclass(frozen=True, slots=True)
class Template:
    """A template as it was read, and its document for the lines."""

    data: dict[str, Json]
    document: Document

    def filled(self, values: Mapping[str, Json]) -> dict[str, Json]:
        """Return the definition: *values* stand in place of the placeholders that these name."""
        return {key: _fill(item, values) for key, item in self.data.items()}

    def unfilled(self, values: Mapping[str, Json]) -> set[KeyPath]:
        """Return the paths of texts with placeholders that are none of *values*."""
        return {path for path, name in _named(self.data, ()) if name not in values}


def render_definition(lane: Lane, workflow_key: str) -> dict[str, Json]:
    """Return the definition of the state machine of *workflow_key* in *lane*, every placeholder filled.

    Raises:
        ConfigError: The template is not JSON, has a placeholder that is not known, or is of an express workflow and has
            a state that AWS gives standard ones alone; with file and line.
    """
    workflow = lane.workflows[workflow_key]
    values = placeholders(lane, workflow_key)
    problems = Problems()
    template = read_template(workflow.template, workflow.file, values, problems)
    definition = template.filled(values) if template else {}
    if template and workflow.type == "express":
        for path, why in lacking_in_express(definition):
            template.document.problem(path, f"state {path[-1]} {why}", FIX)
    elif template:
        for path, why in lacking_in_children(definition, unfit_for_express(lane, workflow)):
            template.document.problem(path, f"state {path[-1]} {why}", CHILDREN_FIX)
    problems.finish()
    return definition


def placeholders(lane: Lane, workflow_key: str) -> dict[str, Json]:
    """Return what stands for each placeholder of the template of *workflow_key* in *lane*."""
    workflow = lane.workflows[workflow_key]
    started = [key for key, each in lane.workflows.items() if each.name in workflow.uses.machines]
    return {
        **{key: lane.state_machine_arn(key) for key in started},
        **workflow.parameters,
        **{step: lane.function_arn(key) for step, key in workflow.functions.items()},
        **{name: table.name for name, table in workflow.tables.items()},
        **{name: lane.queue_url(queue.name) for name, queue in workflow.queues.items()},
        **{name: lane.topic_arn(topic.name) for name, topic in workflow.topics.items()},
        **workflow.buckets,
        **workflow.secrets,
        **{name: setting.name for name, setting in workflow.settings.items()},
        "bucket": lane.bucket,
        "state_machine": lane.state_machine_arn(workflow_key),
        **({CHILDREN: workflow.children.upper()} if workflow.children else {}),
    }


def may_have_express_children(lane: Lane, workflow_key: str) -> bool:
    """Say whether the card offers express children, and nothing that the standard ones do rules them out."""
    workflow = lane.workflows[workflow_key]
    if workflow.children != "standard":
        return False
    definition = render_definition(lane, workflow_key)
    return not lacking_in_children(definition, unfit_for_express(lane, workflow), offered=True)


def unfit_for_express(lane: Lane, workflow: Workflow) -> dict[str, str]:
    """Return why functions of *workflow* cannot be called by an express child, by their ARNs."""
    return {lane.function_arn(key): why for key in workflow.functions.values() if (why := _unfit(lane.functions[key]))}


def _unfit(function: Function) -> str:
    if function.timeout_seconds > EXPRESS_SECONDS:
        longest = f"may take {function.timeout_seconds} s, and an express child lasts {EXPRESS_SECONDS}"
        return f"calls {function.key}, which {longest}"
    if function.environment.keys() & set(RENDEZVOUS_VARIABLES):
        return f"calls {function.key}, whose ranks meet: an express child may begin twice, and a rank must not"
    return ""


def read_template(path: Path, file: str, known: Iterable[str] | None, problems: Problems) -> Template | None:
    """Return the template at *path*, called *file* in messages, or None when it is no object in JSON or YAML.

    What is wrong with it goes to *problems*, also placeholders that are not *known*, if it is known which there are.
    """
    document = _read(path, file, problems)
    if document is None:
        return None
    data = _json(document.data, (), document)
    if not isinstance(data, dict):
        problems.add(Problem(file, 1, "this is not a JSON object"))
        return None
    _check_keys(data, (), document)
    if known is not None:
        _check_placeholders(data, document, sorted(known))
    return Template(data, document)


def _read(path: Path, file: str, problems: Problems) -> Document | None:
    if path.name.endswith(YAML):
        return read_document(path, file, problems)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        problems.add(Problem(file, 1, "there is no such file", "a workflow is a card and a template"))
    except (OSError, ValueError) as error:
        problems.add(Problem(file, 1, f"it cannot be read: {error}"))
    else:
        return read_json(text, file, problems)
    return None


def _check_placeholders(template: Json, document: Document, names: Sequence[str]) -> None:
    for path, name in _named(template, ()):
        if name not in names:
            document.problem(path, f"unknown placeholder ${{{name}}}", nearest(name, names))


def _check_keys(value: Json, path: KeyPath, document: Document) -> None:
    if isinstance(value, dict):
        for key, item in value.items():
            if match := _PLACEHOLDER.search(key):
                what = f"{match[0]} stands in a key, where nothing is filled in"
                document.problem((*path, key), what, "write the key out")
            _check_keys(item, (*path, key), document)
    elif isinstance(value, list):
        for place, item in enumerate(value):
            _check_keys(item, (*path, place), document)


def _named(value: Json, path: KeyPath) -> Iterator[tuple[KeyPath, str]]:
    """Yield the path of each text in *value* that holds a placeholder, and the placeholder's name."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _named(item, (*path, key))
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from _named(item, (*path, place))
    elif isinstance(value, str):
        yield from ((path, match[1]) for match in _PLACEHOLDER.finditer(value))


def _json(value: object, path: KeyPath, document: Document) -> Json:
    """Return *value* of a YAML file, in which dates are the only values that JSON does not have."""
    if isinstance(value, dict):
        return {str(key): _json(item, (*path, key), document) for key, item in value.items()}
    if isinstance(value, list):
        return [_json(item, (*path, place), document) for place, item in enumerate(value)]
    if value is None or isinstance(value, str | int | float):
        return value
    document.problem(path, f"{value} is read as a {type(value).__name__}, which JSON has not", "put it in quotes")
    return None


def _fill(value: Json, values: Mapping[str, Json]) -> Json:
    if isinstance(value, dict):
        return {key: _fill(item, values) for key, item in value.items()}
    if isinstance(value, list):
        return [_fill(item, values) for item in value]
    if not isinstance(value, str):
        return value
    whole = _PLACEHOLDER.fullmatch(value)
    return values.get(whole[1], value) if whole else _PLACEHOLDER.sub(_as_text(values), value)


def _as_text(values: Mapping[str, Json]) -> Callable[[re.Match[str]], str]:
    def replace(match: re.Match[str]) -> str:
        value = values.get(match[1], match[0])
        return value if isinstance(value, str) else json.dumps(value)

    return replace
