"""What the models of all files share: frozen, no unknown key, camelCase in the file; and the words of their errors."""

from __future__ import annotations

import copy
import types
from typing import TYPE_CHECKING, Annotated, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator
from pydantic.alias_generators import to_camel

from shared.config.elsewhere import INSTEAD
from shared.config.problems import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.config.document import Document, KeyPath


class FileModel(BaseModel):
    """A part of a file. A key without a value counts as left out, as when everything below it is a comment."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, alias_generator=to_camel, defer_build=True)

    @model_validator(mode="before")
    @classmethod
    def _drop_empty(cls, data: object) -> object:
        if isinstance(data, dict):
            return {key: value for key, value in data.items() if value is not None or key not in known_keys(cls)}
        return {} if data is None else data


M = TypeVar("M", bound=FileModel)


def known_keys(model: type[BaseModel]) -> list[str]:
    """Return the keys of *model* as they stand in a file."""
    return [field.alias or name for name, field in model.model_fields.items()]


def told_keys(value: FileModel) -> list[str]:
    """Return the keys that the file gives *value*, as they stand in it."""
    fields = type(value).model_fields
    return [field.alias or name for name, field in fields.items() if name in value.model_fields_set]


_STRUCTURES = {
    "model_type": "a mapping of keys to values",
    "dict_type": "a mapping of keys to values",
    "tuple_type": "a list",
}


def parse(model: type[M], document: Document, stand_ins: Mapping[str, object] | None = None) -> M | None:
    """Return *document* as a *model*; each problem is reported with its line.

    What is wrong is left out, and the rest is read again, so that later checks also find the problems of the rest.
    *stand_ins* are used for required keys that are missing then. The result is None when the rest is no *model* either.
    """
    try:
        return model.model_validate(document.data)
    except ValidationError as error:
        rest = copy.deepcopy(document.data)
        for item in error.errors(include_url=False):
            path = tuple(item["loc"])
            what, fix = _explain(model, path, item["type"], item["msg"], item["input"])
            document.problem(path, what, fix)
            _leave_out(rest, path)
    rest = {**(stand_ins or {}), **rest} if isinstance(rest, dict) else stand_ins
    try:
        return model.model_validate(rest)
    except ValidationError as error:  # a part cannot do without what was left out: leave out all of it
        for item in error.errors(include_url=False):
            _leave_out(rest, tuple(item["loc"])[:1])
    try:
        return model.model_validate(rest)
    except ValidationError:
        return None


def _leave_out(data: object, path: KeyPath) -> None:
    """Remove what lies at *path*, if it is there."""
    for part in path[:-1]:
        if not isinstance(data, dict) or part not in data:
            return
        data = data[part]
    if isinstance(data, dict) and path:
        data.pop(path[-1], None)


def _explain(model: type[BaseModel], path: KeyPath, kind: str, message: str, value: object) -> tuple[str, str | None]:
    """Return what is wrong at *path* in our words, and the fix when there is a known one."""
    key = ".".join(str(part) for part in path) or "the file"
    if kind == "extra_forbidden":
        name = str(path[-1])
        return f"unknown key {key!r}", INSTEAD.get(name) or nearest(name, _keys_at(model, path[:-1]))
    if kind == "missing":
        return f"{key} is missing", None
    if kind == "string_type":
        return f"{key} is {value!r}, not text", "put it in quotes"
    if kind == "int_type":
        return f"{key} is {value!r}, not a whole number", None
    if wanted := _STRUCTURES.get(kind):
        return f"{key} is {value!r}, not {wanted}", f"write [{value}]" if wanted == "a list" and value else None
    message = message.removeprefix("Value error, ").removeprefix("Input ").removeprefix("String ")
    return f"{key} is {value!r}: it {message}", None


def _keys_at(model: type[BaseModel], path: KeyPath) -> list[str]:
    """Return the keys that the model reached over *path* knows."""
    current: object = model
    for part in path:
        if isinstance(current, type) and issubclass(current, BaseModel):
            fields = {field.alias or name: field.annotation for name, field in current.model_fields.items()}
            current = _bare(fields[str(part)])
        else:
            current = _bare(get_args(current)[1])  # a mapping's values
    return known_keys(current) if isinstance(current, type) and issubclass(current, BaseModel) else []


def _bare(annotation: object) -> object:
    """Return *annotation* without Annotated and without ``| None``."""
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if get_origin(annotation) in {Union, types.UnionType}:
        return next(_bare(part) for part in get_args(annotation) if part is not type(None))
    return annotation
