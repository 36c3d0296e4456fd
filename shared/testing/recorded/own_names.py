"""Names that a run's data holds and that are others on another account or after a rename: placeholders in a recording.

``${lane.bucket}`` stands for the team's bucket, ``${lane.function.word-count-split}`` for the name of a function. A
text may hold several; ARNs and URLs are made of names, the account's number and the region.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from shared.errors import LanesError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from shared.config.lane import Lane
    from shared.values import Json

_PLACEHOLDER = re.compile(r"\$\{lane\.([^}]+)\}")


class OwnNames:
    """The names of a lane and of one of its runs, by their placeholders.

    Args:
        lane: The lane.
        run_id: The run's id, which is its execution's name.
    """

    def __init__(self, lane: Lane, run_id: str) -> None:
        self._by_key = {"run": run_id, **dict(_names(lane))}
        self._by_name = {name: key for key, name in reversed(self._by_key.items())}  # of two, the first one's
        self._account = lane.place.account
        longest_first = sorted(self._by_name, key=len, reverse=True)
        self._pattern = re.compile("|".join(self._as_pattern(name) for name in longest_first))

    def hidden(self, value: Json) -> Json:
        """Return *value* with placeholders for names.

        Raises:
            LanesError: It holds what looks like a placeholder already.
        """
        return _map_texts(value, self._hide)

    def shown(self, value: Json) -> Json:
        """Return *value* with names for placeholders.

        Raises:
            LanesError: It has a placeholder of something that the lane has not.
        """
        return _map_texts(value, self._show)

    def _as_pattern(self, name: str) -> str:
        pattern = re.escape(name)
        return rf"(?<!\d){pattern}(?!\d)" if name == self._account else pattern

    def _hide(self, text: str) -> str:
        if match := _PLACEHOLDER.search(text):
            raise LanesError(f"the run's data holds the text {match[0]!r}, which a recording uses for names")
        return self._pattern.sub(lambda match: f"${{lane.{self._by_name[match[0]]}}}", text)

    def _show(self, text: str) -> str:
        return _PLACEHOLDER.sub(self._name, text)

    def _name(self, match: re.Match[str]) -> str:
        if match[1] not in self._by_key:
            fix = "record a run again: lanes test TEAM WORKFLOW --record RUN"
            raise LanesError(f"the recording has {match[0]}, and the lane has no such thing any more", fix=fix)
        return self._by_key[match[1]]


def _names(lane: Lane) -> Iterator[tuple[str, str]]:
    yield from (("account", lane.place.account), ("region", lane.place.region), ("bucket", lane.bucket))
    for key, function in lane.functions.items():
        yield f"function.{key}", function.name
    for key, workflow in lane.workflows.items():
        yield f"workflow.{key}", workflow.name
        yield from ((f"table.{key}.{each}", table.name) for each, table in workflow.tables.items())
        yield from ((f"queue.{key}.{each}", queue.name) for each, queue in workflow.queues.items())
        yield from ((f"topic.{key}.{each}", topic.name) for each, topic in workflow.topics.items())
        yield from ((f"bucket.{key}.{each}", bucket) for each, bucket in workflow.buckets.items())
        yield from ((f"secret.{key}.{each}", secret) for each, secret in workflow.secrets.items())
        yield from ((f"setting.{key}.{each}", setting.name) for each, setting in workflow.settings.items())


def _map_texts(value: Json, change: Callable[[str], str]) -> Json:
    """Return *value* with each text in it changed, keys included."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {change(key): _map_texts(item, change) for key, item in value.items()}
    if isinstance(value, list):
        return [_map_texts(item, change) for item in value]
    return value
