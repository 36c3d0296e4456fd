"""State machine templates: plain Amazon States Language with ``${placeholders}``, filled from a lane.

A template is JSON, or YAML with the same keys. ``${<step>}`` is a function's ARN, ``${<table>}`` a table's name,
``${<queue>}`` a queue's URL, ``${<topic>}`` a topic's ARN. A further bucket, a secret and a setting are their names.
``${bucket}`` is the lane's bucket, ``${state_machine}`` the machine's own ARN and ``${<parameter>}`` the team's value.
A string that is one placeholder becomes the value with its JSON type. Within a longer string, a placeholder becomes
text. ``${bucket}`` is always the lane's bucket, even when a parameter has that name.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from shared.config.document import read_document
from shared.config.express import FIX, lacking_in_express
from shared.config.problems import Problem, Problems, nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from shared.config.document import Document, KeyPath
    from shared.config.lane import Lane, Workflow
    from shared.values import Json

OWN = ("bucket", "state_machine")
JSON, YAML = TEMPLATES = (".asl.json", ".asl.yaml")
"""How the files of templates end."""
_PLACEHOLDER = re.compile(r"\$\{([^}]*)\}")


def render_definition(lane: Lane, workflow_key: str) -> dict[str, Json]:
    """Return the definition of the state machine of *workflow_key* in *lane*, every placeholder filled.

    Raises:
        ConfigError: The template is not JSON, has a placeholder that is not known, or is of an express workflow and has
            a state that AWS gives standard ones alone; with file and line.
    """
    workflow = lane.workflows[workflow_key]
    values = {
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
    }
    problems = Problems()
    template = read_template(workflow.template, workflow.file, values, problems)
    problems.finish()
    definition = {key: _fill(value, values) for key, value in template.items()}
    if workflow.type == "express":
        _check_express(workflow, definition, problems)
        problems.finish()
    return definition


def _check_express(workflow: Workflow, definition: Mapping[str, Json], problems: Problems) -> None:
    """Report, with their lines, the states that an express workflow cannot have."""
    text = workflow.template.read_text(encoding="utf-8")
    for state, why in lacking_in_express(definition):
        declared = re.search(rf"""^[\s{{]*["']?{re.escape(state)}["']?\s*:""", text, re.MULTILINE)
        line = text.count("\n", 0, declared.end()) + 1 if declared else 1
        problems.add(Problem(workflow.file, line, f"state {state} {why}", FIX))


def read_template(path: Path, file: str, known: Iterable[str], problems: Problems) -> dict[str, Json]:
    """Return the template at *path*, called *file* in messages; what is wrong with it goes to *problems*."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        problems.add(Problem(file, 1, "there is no such file", "a workflow is a card and a template"))
        return {}
    except (OSError, ValueError) as error:
        problems.add(Problem(file, 1, f"it cannot be read: {error}"))
        return {}
    before = len(problems.found)
    template = _parse_yaml(path, file, problems) if path.name.endswith(YAML) else _parse_json(text, file, problems)
    if len(problems.found) > before:
        return {}
    if not isinstance(template, dict):
        problems.add(Problem(file, 1, "this is not a JSON object"))
        return {}
    names = sorted(known)
    for match in _PLACEHOLDER.finditer(text):
        if match[1] not in names:
            line = text.count("\n", 0, match.start()) + 1
            problems.add(Problem(file, line, f"unknown placeholder {match[0]}", nearest(match[1], names)))
    return template


def _parse_json(text: str, file: str, problems: Problems) -> Json:
    try:
        template: Json = json.loads(text)
    except json.JSONDecodeError as error:
        problems.add(Problem(file, error.lineno, f"this is not JSON: {error.msg}"))
    except RecursionError:
        problems.add(Problem(file, 1, "it is nested too deeply"))
    except ValueError as error:  # of a number that is longer than Python reads
        problems.add(Problem(file, 1, f"it cannot be read: {error}"))
    else:
        return template
    return None


def _parse_yaml(path: Path, file: str, problems: Problems) -> Json:
    document = read_document(path, file, problems)
    return _json(document.data, (), document) if document else None


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
    return values[whole[1]] if whole else _PLACEHOLDER.sub(_as_text(values), value)


def _as_text(values: Mapping[str, Json]) -> Callable[[re.Match[str]], str]:
    def replace(match: re.Match[str]) -> str:
        value = values[match[1]]
        return value if isinstance(value, str) else json.dumps(value)

    return replace
