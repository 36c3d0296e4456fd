"""A condition block against a request: set operators, ``IfExists``, ``Null``, and keys that are missing.

Source: IAM User Guide, "Condition operators" and "Set operators for multivalued context keys" (read 2026-11-29).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.iam.operators import OPERATORS, UndecidedError
from shared.iam.patterns import fill, plain

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shared.iam.operators import Operator
    from shared.iam.patterns import Context, Pattern
    from shared.iam.statements import Condition

_SETS = frozenset({"", "ForAllValues", "ForAnyValue"})
_IF_EXISTS = "IfExists"


def hold(conditions: Iterable[Condition], context: Context, *, variables: bool = True) -> bool:
    """Whether all *conditions* hold for what is known of a request.

    Args:
        conditions: The lines of one statement's block.
        context: The request's keys (:func:`~shared.iam.patterns.fold`).
        variables: Whether the policy's version knows policy variables.

    Raises:
        UndecidedError: No line fails, but for one line nobody can tell whether it holds.
    """
    undecided = None
    for condition in conditions:
        try:
            if not _holds(condition, context, variables=variables):
                return False
        except UndecidedError as error:
            undecided = undecided or UndecidedError(f"{condition}: {error}")
    if undecided:
        raise undecided
    return True


def _holds(condition: Condition, context: Context, *, variables: bool) -> bool:
    values = context.get(condition.key.lower(), ())
    if not condition.values:
        raise UndecidedError("it names no value")
    if condition.operator == "Null":
        return _is_null(condition, values)
    quantifier, _, name = condition.operator.rpartition(":")
    if_exists = name.endswith(_IF_EXISTS)
    operator = OPERATORS.get(name.removesuffix(_IF_EXISTS))
    if operator is None or quantifier not in _SETS:
        raise UndecidedError(f"the operator {condition.operator} is not known here")
    wanted = _wanted(condition, operator, context if variables and operator.variables else None)
    if quantifier == "ForAllValues":
        return _nothing(values) or all(_one(value, wanted, operator) for value in values)
    if quantifier == "ForAnyValue":
        return if_exists if _nothing(values) else any(_one(value, wanted, operator) for value in values)
    if not values:
        return if_exists or operator.negated
    if len(values) > 1:
        raise UndecidedError("the key has several values: it takes ForAllValues: or ForAnyValue:")
    return _one(values[0], wanted, operator)


def _is_null(condition: Condition, values: tuple[str, ...]) -> bool:
    """Whether the key is as one of the policy's values says: ``true`` for missing, ``false`` for present."""
    wanted = {value.lower() for value in condition.values}
    if not wanted <= {"true", "false"}:
        raise UndecidedError("Null takes true or false")
    return ("true" if _nothing(values) else "false") in wanted


def _nothing(values: tuple[str, ...]) -> bool:
    """Whether there is no value: "a null data set, such as an empty string" counts as none."""
    return not any(values)


def _wanted(condition: Condition, operator: Operator, context: Context | None) -> list[Pattern]:
    """Return the policy's values, with variables filled in from *context*. An empty variable matches nothing."""
    if context is None:
        return [plain(value) for value in condition.values]
    filled = [fill(value, context) for value in condition.values]
    if operator.negated and None in filled:
        raise UndecidedError("a policy variable in it stands for nothing")
    return [pattern for pattern in filled if pattern is not None]


def _one(value: str, wanted: list[Pattern], operator: Operator) -> bool:
    return any(operator.test(value, pattern) for pattern in wanted) != operator.negated
