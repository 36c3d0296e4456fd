"""The types of the rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from shared.local.calls.asked import Asked

Found = Sequence[str | None]  # ARNs; None stands for one that nobody can tell
Where = str | Callable[[Asked], Found]  # the template of an ARN, or what finds the ARNs
Exceptions = Mapping[str, tuple[tuple[str, Where], ...]]
Resources = Mapping[str, Callable[[Asked], Found]]
