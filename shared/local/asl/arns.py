"""ARNs of Step Functions as requests give them."""

from __future__ import annotations

import re
from typing import NamedTuple

from shared.local.asl.refusals import invalid_arn, invalid_request

_WHOLE = re.compile(r"arn:aws[a-z-]*:states:[a-z0-9-]+:\d{12}:([a-zA-Z]+):(.+)", re.DOTALL)
_MOST_PARTS = {"stateMachine": 2, "activity": 1, "execution": 2, "express": 3, "mapRun": 2}
_NO_LABELS = "API_DOES_NOT_SUPPORT_LABELED_ARNS"


class ResourceArn(NamedTuple):
    """An ARN, taken apart.

    Attributes:
        text: All of it.
        kind: ``stateMachine``, ``activity``, ``execution``, ``express`` or ``mapRun``.
        name: The name of the machine or the activity, with a Map state's label after a slash if there is one.
        qualifier: What comes after the name: a version, an alias, an execution's name; empty for nothing.
    """

    text: str
    kind: str
    name: str
    qualifier: str

    @property
    def owner(self) -> str:
        """The ARN without the qualifier: the machine that a version or an alias is of."""
        return self.text.removesuffix(f":{self.qualifier}") if self.qualifier else self.text


def read_arn(text: str, *kinds: str) -> ResourceArn:
    """Take apart *text*, which must be the ARN of one of *kinds*.

    Raises:
        Refused: InvalidArn, for anything else.
    """
    if not text.startswith("arn:"):
        raise invalid_arn(f"Invalid ARN prefix: {text}")
    whole = _WHOLE.fullmatch(text)
    if whole is None:
        raise invalid_arn(text)
    kind, rest = whole.groups()
    if kind not in kinds:
        raise invalid_arn(f"Resource type not valid in this context: {kind}")
    parts = rest.split(":")
    if len(parts) > _MOST_PARTS[kind] or "" in parts:
        raise invalid_arn(text)
    return ResourceArn(text, kind, parts[0], ":".join(parts[1:]))


def machine_arn(text: str) -> ResourceArn:
    """Take apart *text*, the ARN of a machine, a version or an alias.

    Raises:
        Refused: InvalidArn for anything else; ValidationException for the ARN of a Map state in a machine.
    """
    found = read_arn(text, "stateMachine")
    if "/" in found.name:
        raise invalid_request(f"This operation does not support the ARN of a Map state: '{text}'", _NO_LABELS)
    return found
