"""Names for the card: ``${GetDataFunctionArn}`` becomes ``get-data``."""

from __future__ import annotations

import keyword
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_ENDINGS = re.compile(
    r"(?i)(?<=.)[-_]?(lambda[-_]?function|lambda|function|state-?machine|table|queue|topic|parameter|bucket|s3)?[-_]?(arn|name|url)?$"
)
_LONGEST = 24  # of a key, so that names of AWS's with team, workflow and hash around it stay short enough


def base_name(value: str) -> str:
    """Return a card's key for what *value* names: a placeholder, an ARN, a URL or a name."""
    text = value.removeprefix("${").removesuffix("}")
    text = re.split(r"[:/]", text.rstrip("/"))[-1].removesuffix(".Arn")
    text = (
        text.rpartition(".")[0].rpartition(".")[2] or text.rpartition(".")[2]
    )  # Terraform: aws_lambda_function.get.arn
    words = re.sub(r"([a-z0-9])([A-Z])|([A-Z])(?=[A-Z][a-z])", r"\1\3-\2", _ENDINGS.sub("", text) or text)
    key = re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")
    while len(key) > _LONGEST and "-" in key:  # the end of a long name says more than its beginning
        key = key.partition("-")[2]
    key = key[:_LONGEST]
    return key if key[:1].isalpha() else f"x-{key}".rstrip("-")


def function_name(key: str) -> str:
    """Return what the handler of the step *key* is called in Python."""
    name = key.replace("-", "_")
    return f"{name}_step" if keyword.iskeyword(name) or name in {"json", "print"} else name


class Keys:
    """Gives each thing one key, and no two the same. *reserved* are kept for something else."""

    def __init__(self, reserved: Iterable[str] = ()) -> None:
        self._keys: dict[tuple[str, str], str] = {}
        self._reserved = {"bucket", "state_machine", *reserved}

    def key(self, kind: str, value: str) -> str:
        """Return the key of the thing of *kind* that *value* names: the same at each call."""
        if (kind, value) not in self._keys:
            base = base_name(value)
            taken = {*self._keys.values(), *self._reserved}
            tries = (base, f"{base}-{kind.removesuffix('s')}", *(f"{base}-{number}" for number in range(2, 100)))
            self._keys[kind, value] = next(each for each in tries if each not in taken)
        return self._keys[kind, value]

    def of(self, kind: str) -> dict[str, str]:
        """Return all keys of *kind*, each with what it stands for."""
        return {key: value for (known, value), key in self._keys.items() if known == kind}

    def items(self) -> Iterable[tuple[tuple[str, str], str]]:
        """Return the kind and the value of each thing, with its key."""
        return self._keys.items()

    def all(self) -> set[str]:
        """Return the keys of everything."""
        return set(self._keys.values())
