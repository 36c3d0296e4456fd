"""Where a definition writes below a prefix whose uploads start it again, as far as it says so letter by letter.

What a function writes is not known here. The bucket's policy denies it to the roles of the workflow
(:mod:`shared.deploy.resources.bucket`); this tells of it before anything is made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shared.config.document import KeyPath
    from shared.values import Json

_WRITES = ("s3:putObject", "s3:copyObject", "s3:createMultipartUpload")


def own_writes(definition: Mapping[str, Json], bucket: str, prefix: str) -> Iterator[KeyPath]:
    """Yield the path of each key or prefix in *definition* that lies below *prefix* of *bucket*."""
    states = definition.get("States")
    for name, state in states.items() if isinstance(states, dict) else ():
        if isinstance(state, dict):
            yield from (("States", name, *path) for path in _of_state(state, bucket, prefix))


def _of_state(state: Mapping[str, Json], bucket: str, prefix: str) -> Iterator[KeyPath]:
    resource, writer = state.get("Resource"), state.get("ResultWriter")
    if isinstance(resource, str) and resource.endswith(_WRITES):
        yield from _below(state, "Key", bucket, prefix)
    if isinstance(writer, dict):
        yield from (("ResultWriter", *path) for path in _below(writer, "Prefix", bucket, prefix))
    for key in ("ItemProcessor", "Iterator"):
        if isinstance(inner := state.get(key), dict):
            yield from ((key, *path) for path in own_writes(inner, bucket, prefix))
    branches = state.get("Branches")
    for place, branch in enumerate(branches if isinstance(branches, list) else ()):
        if isinstance(branch, dict):
            yield from (("Branches", place, *path) for path in own_writes(branch, bucket, prefix))


def _below(told: Mapping[str, Json], key: str, bucket: str, prefix: str) -> Iterator[KeyPath]:
    for field in ("Parameters", "Arguments"):
        given = told.get(field)
        if not isinstance(given, dict) or given.get("Bucket") != bucket:
            continue
        value = given.get(key)
        if isinstance(value, str) and f"{value}/".startswith(prefix):
            yield (field, key)
