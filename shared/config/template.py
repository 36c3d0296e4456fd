"""State machine templates: plain Amazon States Language with ``${placeholders}``, filled from a lane.

``${<step>}`` is a function's ARN, ``${<table>}`` a table's name, ``${bucket}`` the lane's bucket, ``${state_machine}``
the machine's own ARN and ``${<parameter>}`` the team's value. A string that is one placeholder becomes the value with
its JSON type. Within a longer string, a placeholder becomes text. ``${bucket}`` is always the lane's bucket, even when
a parameter has that name.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from shared.config.problems import Problem, Problems, nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from shared.config.lane import Lane
    from shared.values import Json

OWN = ("bucket", "state_machine")
_PLACEHOLDER = re.compile(r"\$\{([^}]*)\}")


def render_definition(lane: Lane, workflow_key: str) -> dict[str, Json]:
    """Return the definition of the state machine of *workflow_key* in *lane*, every placeholder filled.

    Raises:
        ConfigError: The template is not JSON, or has a placeholder that is not known; with file and line.
    """
    workflow = lane.workflows[workflow_key]
    values = {
        **workflow.parameters,
        **{step: lane.function_arn(key) for step, key in workflow.functions.items()},
        **{name: table.name for name, table in workflow.tables.items()},
        "bucket": lane.bucket,
        "state_machine": lane.state_machine_arn(workflow_key),
    }
    problems = Problems()
    template = read_template(workflow.template, f"statemachines/{workflow.template.name}", values, problems)
    problems.finish()
    return {key: _fill(value, values) for key, value in template.items()}


def read_template(path: Path, file: str, known: Iterable[str], problems: Problems) -> dict[str, Json]:
    """Return the template at *path*, called *file* in messages; what is wrong with it goes to *problems*."""
    try:
        text = path.read_text(encoding="utf-8")
        template = json.loads(text)
    except FileNotFoundError:
        problems.add(Problem(file, 1, "there is no such file", "a workflow is a card and a template"))
        return {}
    except json.JSONDecodeError as error:
        problems.add(Problem(file, error.lineno, f"this is not JSON: {error.msg}"))
        return {}
    except RecursionError:
        problems.add(Problem(file, 1, "it is nested too deeply"))
        return {}
    except (OSError, ValueError) as error:  # of a number, too, that is longer than Python reads
        problems.add(Problem(file, 1, f"it cannot be read: {error}"))
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
