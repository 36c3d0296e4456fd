"""The error of a state that calls what its role may not."""

from __future__ import annotations

from shared.errors import LanesError


class UngrantedError(LanesError):
    """A state calls something that no role of a lane may call, or that its card does not say."""
