"""What a call in a notebook raises where the kernel was interrupted while it waited."""

from __future__ import annotations


class Interrupted(KeyboardInterrupt):
    """The kernel was interrupted. The message says what goes on, and how to come back to it."""

    def _render_traceback_(self) -> list[str]:
        """Return what IPython shows of it: the message, and not where in our code it was raised."""
        return [f"{type(self).__name__}: {self}"]
