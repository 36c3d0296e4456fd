"""Dynamic references: texts of a template that name a value in Systems Manager or Secrets Manager.

Source: AWS CloudFormation User Guide, "Get values stored in other services using dynamic references" (read 2026-11-30).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from shared.local.stacks.refusals import ValidationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from shared.values import Json

_REFERENCE = re.compile(r"\{\{resolve:([a-z-]+):([^}]*)\}\}")
_DONE = frozenset({"ssm", "secretsmanager"})


def unknown_references(value: Json) -> Iterator[str]:
    """Yield the dynamic references in *value* that are not done here."""
    if isinstance(value, str):
        yield from (f"{{{{resolve:{kind}:...}}}}" for kind, _ in _REFERENCE.findall(value) if kind not in _DONE)
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from unknown_references(each)
    elif isinstance(value, list):
        for each in value:
            yield from unknown_references(each)


def resolved(value: Json, client: Callable[[str], Any]) -> Json:
    """Return *value* with its dynamic references replaced; *client* asks the services.

    Raises:
        ValidationError: What a reference names is not there.
    """
    if isinstance(value, str):
        return _REFERENCE.sub(lambda found: _looked_up(found[1], found[2], client), value)
    if isinstance(value, Mapping):
        return {name: resolved(each, client) for name, each in value.items()}
    if isinstance(value, list):
        return [resolved(each, client) for each in value]
    return value


def _looked_up(kind: str, rest: str, client: Callable[[str], Any]) -> str:
    if kind == "ssm":
        return str(client("ssm").get_parameter(Name=rest)["Parameter"]["Value"])
    return _of_secret(rest, client)


def _of_secret(rest: str, client: Callable[[str], Any]) -> str:
    """Return the text of a secret, or one key of it: ``ID:SecretString:KEY:STAGE:VERSION``, where ID may be an ARN."""
    name, _, more = rest.partition(":SecretString")
    key, stage, version = [*more.removeprefix(":").split(":"), "", "", ""][:3]
    told = {"VersionStage": stage, "VersionId": version}
    answer = client("secretsmanager").get_secret_value(
        SecretId=name, **{each: told[each] for each in told if told[each]}
    )
    text = str(answer["SecretString"])
    if not key:
        return text
    try:
        return str(json.loads(text)[key])
    except (ValueError, KeyError, TypeError) as error:
        raise ValidationError(f"Could not find a value associated with JSONKey in SecretString: {key}") from error
