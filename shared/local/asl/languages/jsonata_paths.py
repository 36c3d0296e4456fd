"""Paths of JSONata: their steps, predicates, order and groups.

A step of a path is evaluated once for each item of the step before. Paths with ``%``, ``@`` or ``#`` carry a dict of
bindings for each item instead (``tuple_stream``), whose item is under ``@``.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from shared.local.asl.languages.jsonata_frames import Frame
from shared.local.asl.languages.jsonata_operators import order
from shared.local.asl.languages.jsonata_sequences import append, flatten, hold, lookup, merge_sort
from shared.local.asl.languages.jsonata_values import (
    UNDEFINED,
    EvaluationError,
    Sequence,
    is_number,
    is_sequence,
    truth,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shared.local.asl.budget import Budget
    from shared.local.asl.languages.jsonata_frames import Evaluates


class WholeInput(Sequence):
    """An array that is the whole input, wrapped so that it counts as one value."""

    __slots__ = ()


def path(evaluator: Evaluates, node: Any, value: Any, frame: Frame) -> Any:
    """Return what the steps of a path lead to."""
    steps = node.steps
    given = value if isinstance(value, list) and steps[0].type != "variable" else Sequence([value])
    result: Any = UNDEFINED
    streams, tuples = False, None
    for place, step in enumerate(steps):
        streams = streams or bool(step.tuple)
        if place == 0 and step.consarray:
            result = evaluator.evaluate(step, given, frame)
        elif streams:
            tuples = _tuple_step(evaluator, step, given, tuples, frame)
        else:
            result = _step(evaluator, step, given, frame, last=place == len(steps) - 1)
        if not streams and (result is UNDEFINED or (isinstance(result, list) and not result)):
            break
        if step.focus is None:
            given = result
    if streams and tuples is not None:
        result = tuples if node.tuple else Sequence(each["@"] for each in tuples)
    if node.keep_singleton_array:
        result = _kept(result)
    if node.group is not None:
        result = grouped(evaluator, node.group.lhs_object, tuples if streams else result, frame, node.group.position)
    return result


def _kept(result: Any) -> Any:
    """Return *result* marked to stay an array though it has one item."""
    if not isinstance(result, list):
        return result
    if not isinstance(result, Sequence):
        result = Sequence(result, sequence=False)
    if result.cons and not result.sequence:
        result = Sequence([result])
    result.keep_singleton = True
    return result


def _step(evaluator: Evaluates, step: Any, given: Any, frame: Frame, *, last: bool) -> Any:
    if step.type == "sort":
        found = _sorted(evaluator, step, given, frame)
        return _stages(evaluator, step.stages, found, frame) if step.stages else found
    results = []
    for item in given:
        found = evaluator.evaluate(step, item, frame)
        for stage in step.stages or ():
            found = filtered(evaluator, stage.expr, found, frame)
        if found is not UNDEFINED:
            results.append(found)
    if last and len(results) == 1 and isinstance(results[0], list) and not is_sequence(results[0]):
        return results[0]
    flat = Sequence()
    for found in results:
        if isinstance(found, list) and not (isinstance(found, Sequence) and found.cons):
            flat.extend(found)
        else:
            flat.append(found)
    hold(flat, evaluator.budget)
    return flat


def _stages(evaluator: Evaluates, stages: Any, result: Any, frame: Frame) -> Any:
    for stage in stages:
        if stage.type == "filter":
            result = filtered(evaluator, stage.expr, result, frame)
        else:
            for place, each in enumerate(result):
                each[str(stage.value)] = place
    return result


def _tuple_step(evaluator: Evaluates, step: Any, given: Any, tuples: Any, frame: Frame) -> Any:
    if step.type == "sort":
        return _tuple_sort(evaluator, step, given, tuples, frame)
    result = Sequence()
    result.tuple_stream = True
    for bindings in [{"@": item} for item in given] if tuples is None else tuples:
        found = evaluator.evaluate(step, bindings["@"], Frame(frame, bindings))
        if found is UNDEFINED:
            continue
        items = found if isinstance(found, list) else [found]
        streams = isinstance(items, Sequence) and items.tuple_stream
        result.extend(
            {**bindings, **item} if streams else _bound(step, bindings, item, place) for place, item in enumerate(items)
        )
        hold(result, evaluator.budget)
    return _stages(evaluator, step.stages, result, frame) if step.stages else result


def _tuple_sort(evaluator: Evaluates, step: Any, given: Any, tuples: Any, frame: Frame) -> Any:
    if tuples is not None:
        result = _sorted(evaluator, step, tuples, frame)
    else:
        ordered = _sorted(evaluator, step, given, frame)
        result = Sequence({"@": item, step.index: place} for place, item in enumerate(ordered))
        result.tuple_stream = True
    return _stages(evaluator, step.stages, result, frame) if step.stages else result


def filtered(evaluator: Evaluates, predicate: Any, value: Any, frame: Frame) -> Any:
    """Return the items of *value* that *predicate* tells, by place or as a condition."""
    if value is UNDEFINED:
        value = Sequence()
    elif not isinstance(value, list):
        value = Sequence([value])
    results = Sequence()
    results.tuple_stream = streams = isinstance(value, Sequence) and value.tuple_stream
    if predicate.type == "number":
        place = _place(predicate.value, len(value))
        if 0 <= place < len(value):
            item = value[place]
            if isinstance(item, list):
                return item
            results.append(item)
        return results
    for place, item in enumerate(value):
        context, around = (item["@"], Frame(frame, item)) if streams else (item, frame)
        found = evaluator.evaluate(predicate, context, around)
        indexes = found if isinstance(found, list) else [found]
        if all(map(is_number, indexes)):
            count = len(value)
            evaluator.budget.spend(len(indexes))
            results.extend(item for each in indexes if _place(each, count) == place)
        elif truth(found):
            results.append(item)
    return results


def name(evaluator: Evaluates, node: Any, value: Any, _frame: Frame) -> Any:
    """Return the member of this name."""
    return lookup(value, node.value, evaluator.budget)


def wildcard(evaluator: Evaluates, _node: Any, value: Any, _frame: Frame) -> Any:
    """Return what ``*`` gives: each member."""
    if isinstance(value, WholeInput) and value:
        value = value[0]
    results = Sequence()
    flatten(_children(value), results, evaluator.budget)
    return results


def descendant(evaluator: Evaluates, _node: Any, value: Any, _frame: Frame) -> Any:
    """Return what ``**`` gives: *value*, and all that is in it."""
    if value is UNDEFINED:
        return UNDEFINED
    results = Sequence()
    _descend(value, results, evaluator.budget)
    return results[0] if len(results) == 1 else results


def _descend(value: Any, results: list[Any], budget: Budget) -> None:
    budget.spend()
    if not isinstance(value, list):
        results.append(value)
    for item in _children(value):
        _descend(item, results, budget)


def _children(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def parent(_evaluator: Evaluates, node: Any, _value: Any, frame: Frame) -> Any:
    """Return what ``%`` gives: the context of the step before."""
    return frame.look_up(node.slot.label)


def grouped(evaluator: Evaluates, pairs: Any, value: Any, frame: Frame, position: int) -> Any:
    """Return the object of *pairs* of key and value, for each key that the items of *value* give."""
    streams = isinstance(value, Sequence) and value.tuple_stream
    items = value if isinstance(value, list) else Sequence() if value is UNDEFINED else Sequence([value])
    groups: dict[str, tuple[Any, int]] = {}
    for item in items or [UNDEFINED]:
        context, around = (item["@"], Frame(frame, item)) if streams and item is not UNDEFINED else (item, frame)
        for place, pair in enumerate(pairs):
            key = evaluator.evaluate(pair[0], context, around)
            if key is UNDEFINED:
                continue
            if not isinstance(key, str):
                raise EvaluationError("T1003", value=key, position=position)
            if key not in groups:
                groups[key] = item, place
            elif groups[key][1] != place:
                raise EvaluationError("D1009", value=key)
            else:
                groups[key] = append(groups[key][0], item, evaluator.budget, own=True), place
    result = {}
    for key, (data, place) in groups.items():
        context, around = data, frame
        if streams and data is not UNDEFINED:
            bindings = _reduced(data, evaluator.budget)
            context = bindings.pop("@")
            around = Frame(frame, bindings)
        found = evaluator.evaluate(pairs[place][1], context, around)
        if found is not UNDEFINED:
            result[key] = found
    return result


def _reduced(data: Any, budget: Budget) -> dict[str, Any]:
    """Return the bindings of several items of a tuple stream as one."""
    tuples = data if isinstance(data, list) else [data]
    result = dict(tuples[0])
    for bindings in tuples[1:]:
        for each, item in bindings.items():
            result[each] = append(result.get(each, UNDEFINED), item, budget)
    return result


def _sorted(evaluator: Evaluates, node: Any, value: Any, frame: Frame) -> Any:
    streams = isinstance(value, Sequence) and value.tuple_stream

    def after(one: Any, other: Any) -> bool:
        for term in node.terms:
            found = []
            for each in (one, other):
                context, around = (each["@"], Frame(frame, each)) if streams else (each, frame)
                found.append(evaluator.evaluate(term.expression, context, around))
            before_or_after = order(*found)
            if before_or_after:
                # what is undefined comes last, whichever way the others go
                known = UNDEFINED not in found
                return (-before_or_after if term.descending and known else before_or_after) > 0
        return False

    items = value if isinstance(value, list) else [value]
    ordered = merge_sort(items, after, evaluator.budget)
    result = Sequence(ordered, sequence=is_sequence(value))
    result.tuple_stream = streams
    return result


def _bound(step: Any, bindings: dict[str, Any], item: Any, place: int) -> dict[str, Any]:
    """Return the bindings of one *item* of a step, from those of the step before."""
    made = dict(bindings)
    if step.focus is None:
        made["@"] = item
    else:
        made[step.focus] = item
    if step.index is not None:
        made[step.index] = place
    if step.ancestor is not None:
        made[step.ancestor.label] = bindings["@"]
    return made


def _place(index: float, count: int) -> int:
    place = math.floor(index)
    return place + count if place < 0 else place
