"""What nodes of the syntax tree are evaluated with: variables, functions, and the evaluator itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from shared.local.asl.languages.jsonata_values import UNDEFINED, Function

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.local.asl.budget import Budget
    from shared.local.asl.languages.jsonata_signature import Signature


class Frame:
    """Variables, and those around them."""

    __slots__ = ("bindings", "parent")

    def __init__(self, parent: Frame | None, bindings: dict[str, Any] | None = None) -> None:
        self.parent = parent
        self.bindings = {} if bindings is None else bindings

    def look_up(self, name: str) -> Any:
        """Return what *name* is bound to, undefined if to nothing."""
        frame: Frame | None = self
        while frame is not None:
            if name in frame.bindings:
                return frame.bindings[name]
            frame = frame.parent
        return UNDEFINED


class Evaluates(Protocol):
    """What evaluates nodes of the syntax tree."""

    budget: Budget

    def evaluate(self, node: Any, value: Any, frame: Frame) -> Any:
        """Return what *node* gives for the context *value*."""


class Native(Function):
    """A function of the language.

    Args:
        implementation: Takes the evaluator, then the arguments.
        signature: What it takes.
        arity: How many arguments it takes when a function like ``$map`` calls it.
    """

    __slots__ = ("arity", "implementation", "signature")

    def __init__(self, implementation: Callable[..., Any], signature: Signature, arity: int) -> None:
        self.implementation = implementation
        self.signature = signature
        self.arity = arity


class Lambda(Function):
    """A function that an expression defines, or the tail call that one ends with (``thunk``)."""

    __slots__ = ("arguments", "arity", "body", "frame", "input", "signature", "thunk", "token")

    def __init__(self, arguments: list[str], body: Any, value: Any, frame: Frame, *, thunk: bool = False) -> None:
        self.arguments = arguments
        self.arity = len(arguments)
        self.body = body
        self.input = value
        self.frame = frame
        self.signature: Signature | None = None
        self.thunk = thunk
        self.token: Any = None


class Closure(Function):
    """A function that was handed to another as an argument."""

    __slots__ = ("arity", "function")

    def __init__(self, function: Function) -> None:
        self.function = function
        self.arity = function.arity


class Partial(Function):
    """A function of the language some of whose arguments are given; None stands for those that are not."""

    __slots__ = ("arity", "given", "native")

    def __init__(self, native: Native, given: list[tuple[Any] | None]) -> None:
        self.native = native
        self.given = given
        self.arity = given.count(None)
