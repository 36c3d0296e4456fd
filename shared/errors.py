"""The one error tree. Standard library only: it travels into the Lambda zip.

Every message says what happened, where, and what to do about it. Two branches matter to a caller:
:class:`UsageError` is the asker's fault (exit code 2), everything else is exit code 1.
"""

from __future__ import annotations

INTERRUPTED = 130
"""The exit code after Ctrl-C, as a shell has it: 128 and SIGINT."""

FIX = "\n  fix: "
"""What stands before the fix in an error's text: in a log or an answer, an error of ours is known by it."""

AGAIN = "run the command again: it goes on from here"
"""The end of the fix of what stopped midway."""


class LanesError(Exception):
    """Something failed that its reader can act on.

    Args:
        what: What happened, a sentence without a full stop ("bucket x belongs to team1").
        where: The file and line, resource, state or rank it happened at.
        fix: What to do about it, as a command or an edit.
        again: The same command finishes the job. The fix then ends in these words, or consists of them.
    """

    exit_code = 1

    def __init__(self, what: str, *, where: str | None = None, fix: str | None = None, again: bool = False) -> None:
        if again:
            fix = f"{fix}, then {AGAIN}" if fix else AGAIN
        self.what = what
        self.where = where
        self.fix = fix
        self.again = again
        super().__init__(what, where, fix)

    def __reduce__(self) -> tuple[object, ...]:
        """Let the error cross from one process to another, whatever its class's own arguments are."""
        return _restored, (type(self), self.args, self.__dict__)

    def __str__(self) -> str:
        text = self.what
        if self.where:
            text = f"{self.where}: {text}"
        if self.fix:
            text = f"{text}{FIX}{self.fix}"
        return text

    def _render_traceback_(self) -> list[str]:
        """Return what IPython shows of it: the message, and not where in our code it was raised."""
        return [f"{type(self).__name__}: {self}"]


def _restored(kind: type[LanesError], arguments: tuple[object, ...], attributes: dict[str, object]) -> LanesError:
    error = kind.__new__(kind, *arguments)
    error.__dict__.update(attributes)
    return error


class UsageError(LanesError):
    """The command or the payload asked for something that cannot be: an unknown team, a world size of 0."""

    exit_code = 2


def code_of(error: BaseException) -> str:
    """Return AWS's code of *error* ("NoSuchEntity"); empty where AWS gave none, as of a lost connection.

    Asked instead of ``except client.exceptions.NoSuchEntityException``: botocore makes those classes when they are
    first wanted, and without a lock, so what one thread raises may be of another class than what it says it catches.
    """
    response = getattr(error, "response", None)
    return str(response.get("Error", {}).get("Code", "")) if isinstance(response, dict) else ""


def unknown(kind: str, value: str, known: list[str], *, where: str | None = None) -> UsageError:
    """Return the error for a *value* that is none of the *known* ones, with the nearest one suggested."""
    import difflib  # only an error needs it, and every Lambda imports this module

    near = difflib.get_close_matches(value, known, n=1)
    listing = ", ".join(sorted(known)) or "there are none"
    fix = f"did you mean {near[0]!r}? Known: {listing}" if near else f"known: {listing}"
    return UsageError(f"unknown {kind} {value!r}", where=where, fix=fix)
