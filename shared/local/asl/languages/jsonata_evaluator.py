"""Evaluates JSONata: the library's syntax tree, step by step, each step on the budget.

The library ``jsonata-python`` parses. Its own evaluator is not used: it cannot be stopped in the middle, and in 62 of
the 1,613 cases of JSONata 2.0.6's own test suite it answers otherwise.

A frame holds the variables of a block or a call. A step of a path is evaluated once for each item of the step before.
Paths with ``%``, ``@`` or ``#`` carry a dict of bindings for each item instead (``tuple_stream``), whose item is under
``@``.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar

from shared.local.asl.languages.jsonata_regex import Next, Regex, first_match, next_match
from shared.local.asl.languages.jsonata_signature import Signature, parsed
from shared.local.asl.languages.jsonata_values import (
    UNDEFINED,
    EvaluationError,
    Function,
    Sequence,
    equal,
    is_number,
    is_sequence,
    normal,
    number_of,
    same,
    text_of,
    truth,
    typed_number,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from random import Random

    from shared.local.asl.budget import Budget

MAX_SEQUENCE = 10_000_000
_NUMBER_BYTES = 8


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


class Evaluator:
    """Evaluates one expression once.

    Args:
        budget: What the evaluation may cost.
        random: The random source.
        now: The time that ``$now`` and ``$millis`` give, in seconds since the epoch.
    """

    def __init__(self, budget: Budget, random: Random, now: float) -> None:
        self.budget = budget
        self.random = random
        self.now = now

    def run(self, tree: Any, functions: Mapping[str, Function], bindings: Mapping[str, Any], root: Any) -> Any:
        """Return the value of the syntax *tree* with these variables, for the input *root*.

        Raises:
            EvaluationError: The expression is wrong.
            QueryFailure: It costs too much.
            Stopped: The execution is to stop.
        """
        frame = Frame(Frame(None, dict(functions)), {**bindings, "$": root})
        value = root
        if isinstance(root, list) and not is_sequence(root):
            value = _Wrapper([root])
        return self.evaluate(tree, value, frame)

    def evaluate(self, node: Any, value: Any, frame: Frame) -> Any:
        """Return what *node* gives for the context *value*."""
        budget = self.budget
        budget.spend()
        budget.deepen()
        kind = node.type
        result = self._KINDS[kind](self, node, value, frame)
        if node.predicate is not None:
            for predicate in node.predicate:
                result = self._filter(predicate.expr, result, frame)
        if node.group is not None and kind != "path":
            result = self._group(node.group.lhs_object, result, frame, node.group.position)
        budget.depth -= 1
        if isinstance(result, Sequence) and result.sequence and not result.tuple_stream:
            if node.keep_array:
                result.keep_singleton = True
            if not result:
                return UNDEFINED
            if len(result) == 1 and not result.keep_singleton:
                return result[0]
        return result

    # Paths.

    def _path(self, node: Any, value: Any, frame: Frame) -> Any:
        steps = node.steps
        given = value if isinstance(value, list) and steps[0].type != "variable" else Sequence([value])
        result: Any = UNDEFINED
        streams, tuples = False, None
        for place, step in enumerate(steps):
            streams = streams or bool(step.tuple)
            if place == 0 and step.consarray:
                result = self.evaluate(step, given, frame)
            elif streams:
                tuples = self._tuple_step(step, given, tuples, frame)
            else:
                result = self._step(step, given, frame, last=place == len(steps) - 1)
            if not streams and (result is UNDEFINED or (isinstance(result, list) and not result)):
                break
            if step.focus is None:
                given = result
        if streams and tuples is not None:
            result = tuples if node.tuple else Sequence(each["@"] for each in tuples)
        if node.keep_singleton_array:
            result = self._kept(result)
        if node.group is not None:
            result = self._group(node.group.lhs_object, tuples if streams else result, frame, node.group.position)
        return result

    def _kept(self, result: Any) -> Any:
        """Return *result* marked to stay an array though it has one item."""
        if not isinstance(result, list):
            return result
        if not isinstance(result, Sequence):
            result = Sequence(result, sequence=False)
        if result.cons and not result.sequence:
            result = Sequence([result])
        result.keep_singleton = True
        return result

    def _step(self, step: Any, given: Any, frame: Frame, *, last: bool) -> Any:
        if step.type == "sort":
            found = self._sorted(step, given, frame)
            return self._stages(step.stages, found, frame) if step.stages else found
        results = []
        for item in given:
            found = self.evaluate(step, item, frame)
            for stage in step.stages or ():
                found = self._filter(stage.expr, found, frame)
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
        self._hold(flat)
        return flat

    def _hold(self, items: list[Any]) -> None:
        self.budget.spend(len(items) // 8)
        self.budget.hold(len(items) * _NUMBER_BYTES)

    def _stages(self, stages: Any, result: Any, frame: Frame) -> Any:
        for stage in stages:
            if stage.type == "filter":
                result = self._filter(stage.expr, result, frame)
            else:
                for place, each in enumerate(result):
                    each[str(stage.value)] = place
        return result

    def _tuple_step(self, step: Any, given: Any, tuples: Any, frame: Frame) -> Any:
        if step.type == "sort":
            return self._tuple_sort(step, given, tuples, frame)
        result = Sequence()
        result.tuple_stream = True
        for bindings in [{"@": item} for item in given] if tuples is None else tuples:
            found = self.evaluate(step, bindings["@"], Frame(frame, bindings))
            if found is UNDEFINED:
                continue
            items = found if isinstance(found, list) else [found]
            streams = isinstance(items, Sequence) and items.tuple_stream
            result.extend(
                {**bindings, **item} if streams else _bound(step, bindings, item, place)
                for place, item in enumerate(items)
            )
            self._hold(result)
        return self._stages(step.stages, result, frame) if step.stages else result

    def _tuple_sort(self, step: Any, given: Any, tuples: Any, frame: Frame) -> Any:
        if tuples is not None:
            result = self._sorted(step, tuples, frame)
        else:
            ordered = self._sorted(step, given, frame)
            result = Sequence({"@": item, step.index: place} for place, item in enumerate(ordered))
            result.tuple_stream = True
        return self._stages(step.stages, result, frame) if step.stages else result

    def _filter(self, predicate: Any, value: Any, frame: Frame) -> Any:
        if value is UNDEFINED:
            value = Sequence()
        elif not isinstance(value, list):
            value = Sequence([value])
        results = Sequence()
        results.tuple_stream = streams = isinstance(value, Sequence) and value.tuple_stream
        if predicate.type == "number":
            place = math.floor(predicate.value)
            place += len(value) if place < 0 else 0
            if 0 <= place < len(value):
                item = value[place]
                return item if isinstance(item, list) else self._one(results, item)
            return results
        for place, item in enumerate(value):
            context, around = (item["@"], Frame(frame, item)) if streams else (item, frame)
            found = self.evaluate(predicate, context, around)
            indexes = found if isinstance(found, list) else [found]
            if all(map(is_number, indexes)):
                count = len(value)
                self.budget.spend(len(indexes))
                results.extend(item for each in indexes if _place(each, count) == place)
            elif truth(found):
                results.append(item)
        return results

    @staticmethod
    def _one(results: Sequence, item: Any) -> Sequence:
        results.append(item)
        return results

    # Leaves.

    def _name(self, node: Any, value: Any, _frame: Frame) -> Any:
        return self.lookup(value, node.value)

    def lookup(self, value: Any, key: str) -> Any:
        """Return the member *key* of *value*, or of each item of an array."""
        if isinstance(value, dict):
            return value.get(key, UNDEFINED)
        if not isinstance(value, list):
            return UNDEFINED
        results = Sequence()
        for item in value:
            self.budget.spend()
            found = self.lookup(item, key)
            if isinstance(found, list):
                results.extend(found)
            elif found is not UNDEFINED:
                results.append(found)
        return results

    def _literal(self, node: Any, _value: Any, _frame: Frame) -> Any:
        return node.value

    def _wildcard(self, _node: Any, value: Any, _frame: Frame) -> Any:
        if isinstance(value, _Wrapper) and value:
            value = value[0]
        results = Sequence()
        for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            if isinstance(item, list):
                self._flatten(item, results)
            else:
                results.append(item)
        return results

    def _flatten(self, value: list[Any], results: list[Any]) -> None:
        for item in value:
            self.budget.spend()
            if isinstance(item, list):
                self._flatten(item, results)
            else:
                results.append(item)

    def _descendant(self, _node: Any, value: Any, _frame: Frame) -> Any:
        if value is UNDEFINED:
            return UNDEFINED
        results = Sequence()
        self._descend(value, results)
        return results[0] if len(results) == 1 else results

    def _descend(self, value: Any, results: list[Any]) -> None:
        self.budget.spend()
        if not isinstance(value, list):
            results.append(value)
        for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            self._descend(item, results)

    def _parent(self, node: Any, _value: Any, frame: Frame) -> Any:
        return frame.look_up(node.slot.label)

    def _variable(self, node: Any, value: Any, frame: Frame) -> Any:
        if node.value == "":
            return value[0] if isinstance(value, _Wrapper) else value
        return frame.look_up(str(node.value))

    # Operators.

    def _binary(self, node: Any, value: Any, frame: Frame) -> Any:
        left = self.evaluate(node.lhs, value, frame)
        operator = str(node.value)
        if operator in ("and", "or"):
            try:
                if truth(left) is (operator == "or"):
                    return operator == "or"
                return truth(self.evaluate(node.rhs, value, frame))
            except EvaluationError as error:
                error.named(operator, always=True)
                raise
        right = self.evaluate(node.rhs, value, frame)
        try:
            if operator in _ARITHMETIC:
                return _calculated(operator, left, right)
            return getattr(self, _OPERATORS[operator])(operator, left, right)
        except EvaluationError as error:
            error.named(operator, always=True)
            raise

    def _equality(self, operator: str, left: Any, right: Any) -> bool:
        if left is UNDEFINED or right is UNDEFINED:
            return False
        return equal(left, right, self.budget) is (operator == "=")

    def _comparison(self, operator: str, left: Any, right: Any) -> Any:
        for one in (left, right):
            if one is not UNDEFINED and not isinstance(one, str) and not typed_number(one):
                raise EvaluationError("T2010", value=one)
        if left is UNDEFINED or right is UNDEFINED:
            return UNDEFINED
        if isinstance(left, str) is not isinstance(right, str):
            raise EvaluationError("T2009", value=left, value2=right)
        if operator[0] == "<":
            return left < right if operator == "<" else left <= right
        return left > right if operator == ">" else left >= right

    def _concatenation(self, _operator: str, left: Any, right: Any) -> str:
        texts = ["" if each is UNDEFINED else text_of(each, self.budget) for each in (left, right)]
        self.budget.hold(len(texts[0]) + len(texts[1]))
        return texts[0] + texts[1]

    def _range(self, _operator: str, left: Any, right: Any) -> Any:
        for code, one in (("T2003", left), ("T2004", right)):
            if one is not UNDEFINED and not _is_integer(one):
                raise EvaluationError(code, value=one)
        if left is UNDEFINED or right is UNDEFINED or left > right:
            return UNDEFINED
        first, last = int(left), int(right)
        size = last - first + 1
        if size > MAX_SEQUENCE:
            raise EvaluationError("D2014", value=size)
        self.budget.hold(size * _NUMBER_BYTES)
        self.budget.spend(size // 64)
        return Sequence(range(first, last + 1))

    def _inclusion(self, _operator: str, left: Any, right: Any) -> bool:
        if left is UNDEFINED or right is UNDEFINED:
            return False
        items = right if isinstance(right, list) else [right]
        self.budget.spend(len(items))
        return any(same(item, left) for item in items)

    def _unary(self, node: Any, value: Any, frame: Frame) -> Any:
        if node.value == "[":
            return self._array(node, value, frame)
        if node.value == "{":
            return self._group(node.lhs_object, value, frame, node.position)
        result = self.evaluate(node.expression, value, frame)
        if result is UNDEFINED:
            return UNDEFINED
        if not is_number(result):
            raise EvaluationError("D1002", token=node.value, value=result)
        return normal(-result)

    def _array(self, node: Any, value: Any, frame: Frame) -> Any:
        result: Any = []
        for item in node.expressions:
            found = self.evaluate(item, value, frame)
            if found is UNDEFINED:
                continue
            if item.value == "[" or not isinstance(found, list):
                result.append(found)
            else:
                result.extend(found)
            self.budget.hold(len(result) * _NUMBER_BYTES)
        if node.consarray:
            result = Sequence(result, sequence=False)
            result.cons = True
        return result

    def _group(self, pairs: Any, value: Any, frame: Frame, position: int) -> Any:
        """Return the object of *pairs* of key and value, for each key that the items of *value* give."""
        streams = isinstance(value, Sequence) and value.tuple_stream
        items = value if isinstance(value, list) else Sequence() if value is UNDEFINED else Sequence([value])
        groups: dict[str, tuple[Any, int]] = {}
        for item in items or [UNDEFINED]:
            context, around = (item["@"], Frame(frame, item)) if streams and item is not UNDEFINED else (item, frame)
            for place, pair in enumerate(pairs):
                key = self.evaluate(pair[0], context, around)
                if key is UNDEFINED:
                    continue
                if not isinstance(key, str):
                    raise EvaluationError("T1003", value=key, position=position)
                if key not in groups:
                    groups[key] = item, place
                elif groups[key][1] != place:
                    raise EvaluationError("D1009", value=key)
                else:
                    groups[key] = self.append(groups[key][0], item, own=True), place
        result = {}
        for key, (data, place) in groups.items():
            context, around = data, frame
            if streams and data is not UNDEFINED:
                bindings = self._reduced(data)
                context = bindings.pop("@")
                around = Frame(frame, bindings)
            found = self.evaluate(pairs[place][1], context, around)
            if found is not UNDEFINED:
                result[key] = found
        return result

    def _reduced(self, data: Any) -> dict[str, Any]:
        """Return the bindings of several items of a tuple stream as one."""
        tuples = data if isinstance(data, list) else [data]
        result = dict(tuples[0])
        for bindings in tuples[1:]:
            for name, item in bindings.items():
                result[name] = self.append(result.get(name, UNDEFINED), item)
        return result

    def append(self, one: Any, other: Any, *, own: bool = False) -> Any:
        """Return the items of both in one array; *own* where *one* may be an array that an append has made."""
        if one is UNDEFINED:
            return other
        if other is UNDEFINED:
            return one
        more = other if isinstance(other, list) else [other]
        if own and isinstance(one, _Gathered):
            one.extend(more)
            return one
        kind = _Gathered if own else Sequence
        result = kind([*(one if isinstance(one, list) else [one]), *more])
        result.sequence = not isinstance(one, list)
        self._hold(result)
        return result

    # Blocks and variables.

    def _bind(self, node: Any, value: Any, frame: Frame) -> Any:
        found = self.evaluate(node.rhs, value, frame)
        frame.bindings[str(node.lhs.value)] = found
        return found

    def _condition(self, node: Any, value: Any, frame: Frame) -> Any:
        if truth(self.evaluate(node.condition, value, frame)):
            return self.evaluate(node.then, value, frame)
        return UNDEFINED if node._else is None else self.evaluate(node._else, value, frame)  # noqa: SLF001  its name

    def _block(self, node: Any, value: Any, frame: Frame) -> Any:
        inner, result = Frame(frame), UNDEFINED
        for each in node.expressions:
            result = self.evaluate(each, value, inner)
        return result

    # Order.

    def _sorted(self, node: Any, value: Any, frame: Frame) -> Any:
        streams = isinstance(value, Sequence) and value.tuple_stream

        def after(one: Any, other: Any) -> bool:
            for term in node.terms:
                found = []
                for each in (one, other):
                    context, around = (each["@"], Frame(frame, each)) if streams else (each, frame)
                    found.append(self.evaluate(term.expression, context, around))
                order = _order(*found)
                if order:
                    # what is undefined comes last, whichever way the others go
                    known = UNDEFINED not in found
                    return (-order if term.descending and known else order) > 0
            return False

        items = value if isinstance(value, list) else [value]
        ordered = self.merge_sort(items, after)
        result = Sequence(ordered, sequence=is_sequence(value))
        result.tuple_stream = streams
        return result

    def merge_sort(self, items: list[Any], after: Callable[[Any, Any], bool]) -> list[Any]:
        """Return *items* in order; *after* tells whether the first of two belongs behind the second."""
        if len(items) <= 1:
            return items
        middle = len(items) // 2
        left, right = self.merge_sort(items[:middle], after), self.merge_sort(items[middle:], after)
        merged: list[Any] = []
        one = other = 0
        while one < len(left) and other < len(right):
            self.budget.spend()
            if after(left[one], right[other]):
                merged.append(right[other])
                other += 1
            else:
                merged.append(left[one])
                one += 1
        return merged + left[one:] + right[other:]

    # Functions.

    def _lambda(self, node: Any, value: Any, frame: Frame) -> Lambda:
        made = Lambda([str(each.value) for each in node.arguments], node.body, value, frame, thunk=bool(node.thunk))
        made.signature = node.signature
        return made

    def _function(self, node: Any, value: Any, frame: Frame, *first: Any) -> Any:
        proc = self.evaluate(node.procedure, value, frame)
        name = _called(node.procedure)
        if proc is UNDEFINED and node.procedure.type == "path" and frame.look_up(str(name)) is not UNDEFINED:
            raise EvaluationError("T1005", token=name)
        given = list(first)
        for each in node.arguments or ():
            found = self.evaluate(each, value, frame)
            given.append(Closure(found) if isinstance(found, Function) else found)
        if isinstance(proc, Lambda):
            proc.token = name
        try:
            return self.apply(proc, given, value)
        except EvaluationError as error:
            error.named(name)
            raise

    def call(self, function: Any, given: list[Any]) -> Any:
        """Call a *function* that came as an argument."""
        return self.apply(function, given, None)

    def apply(self, proc: Any, given: list[Any], value: Any) -> Any:
        """Call *proc* with the arguments *given*, and go on as long as it ends in another call."""
        result = self._apply(proc, given, value)
        while isinstance(result, Lambda) and result.thunk:
            tail = result.body
            following = self.evaluate(tail.procedure, result.input, result.frame)
            given = [self.evaluate(each, result.input, result.frame) for each in tail.arguments]
            try:
                result = self._apply(following, given, value)
            except EvaluationError as error:
                error.named(tail.procedure.value)
                raise
        return result

    def _apply(self, proc: Any, given: list[Any], value: Any) -> Any:
        if isinstance(proc, Native):
            return self._call_native(proc, proc.signature.fit(given, value))
        if isinstance(proc, Lambda):
            try:
                if proc.signature is not None:
                    given = proc.signature.fit(given, value)
                return self._call_lambda(proc, given)
            except EvaluationError as error:
                error.named(proc.token)
                raise
        if isinstance(proc, Closure):
            return self.apply(proc.function, given, None)
        if isinstance(proc, Partial):
            rest = iter(given)
            filled = [next(rest, UNDEFINED) if each is None else each[0] for each in proc.given]
            try:
                return self._call_native(proc.native, filled)
            except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):  # no signature was looked at
                raise EvaluationError("T0410", index=1) from None
        if isinstance(proc, Next):
            return next_match(proc, self.budget)
        if isinstance(proc, Regex):
            return self.match(proc, *given)
        raise EvaluationError("T1006")

    def _call_native(self, native: Native, given: Iterable[Any]) -> Any:
        values = list(given)
        try:
            return native.implementation(self, *values)
        except (OSError, OverflowError, ValueError):  # a number that is too large, infinite, or none
            numbers = [each for each in values if typed_number(each)]
            if not numbers:
                raise
            raise EvaluationError("D1001", value=max(numbers, key=_size)) from None

    def match(self, regex: Regex, text: Any, start: Any = UNDEFINED, *_more: Any) -> Any:
        """Return the first match of *text*, or undefined."""
        if not isinstance(text, str):
            raise EvaluationError("T0410", index=1)
        begin = int(start) if typed_number(start) and math.isfinite(start) else 0
        return first_match(regex, text, begin, self.budget)

    def _call_lambda(self, proc: Lambda, given: list[Any]) -> Any:
        missing = len(proc.arguments) - len(given)
        bindings = dict(zip(proc.arguments, [*given, *[UNDEFINED] * missing], strict=False))
        return self.evaluate(proc.body, proc.input, Frame(proc.frame, bindings))

    def _partial(self, node: Any, value: Any, frame: Frame) -> Function:
        given: list[tuple[Any] | None] = []
        for each in node.arguments:
            hole = each.type == "operator" and each.value == "?"
            given.append(None if hole else (self.evaluate(each, value, frame),))
        proc, name = self.evaluate(node.procedure, value, frame), _called(node.procedure)
        if proc is UNDEFINED and node.procedure.type == "path" and frame.look_up(str(name)) is not UNDEFINED:
            raise EvaluationError("T1007", token=name)
        if isinstance(proc, Closure):
            proc = proc.function
        if isinstance(proc, Native):
            known = [*given, *[(UNDEFINED,)] * len(proc.signature.params)][: len(proc.signature.params)]
            return Partial(proc, known)
        if isinstance(proc, Partial):
            rest = iter(given)
            return Partial(proc.native, [next(rest, (UNDEFINED,)) if each is None else each for each in proc.given])
        if not isinstance(proc, Lambda):
            raise EvaluationError("T1008", token=name)
        inner = Frame(proc.frame)
        open_ones = []
        for place, argument in enumerate(proc.arguments):
            one = given[place] if place < len(given) else (UNDEFINED,)
            if one is None:
                open_ones.append(argument)
            else:
                inner.bindings[argument] = one[0]
        return Lambda(open_ones, proc.body, proc.input, inner)

    def _apply_to(self, node: Any, value: Any, frame: Frame) -> Any:
        """The operator ``~>``."""
        left = self.evaluate(node.lhs, value, frame)
        if node.rhs.type == "function":
            return self._function(node.rhs, value, frame, left)
        function = self.evaluate(node.rhs, value, frame)
        if not isinstance(function, Function):
            raise EvaluationError("T2006", value=function)
        if isinstance(left, Function):
            return Native(lambda _self, given: self.call(function, [self.call(left, [given])]), parsed("<x:x>"), 1)
        return self.apply(function, [left], None)

    def _transform(self, node: Any, _value: Any, frame: Frame) -> Native:
        """The operator ``| ... | ... |``: a function that gives a changed copy of an object."""

        def changed(_self: Evaluator, given: Any) -> Any:
            if given is UNDEFINED:
                return UNDEFINED
            clone = frame.look_up("clone")
            if not isinstance(clone, Function):
                raise EvaluationError("T2013")
            result = self.apply(clone, [given], None)
            found = self.evaluate(node.pattern, result, frame)
            for each in found if isinstance(found, list) else [] if found is UNDEFINED else [found]:
                self._change(node, each, frame)
            return result

        return Native(changed, parsed("<(oa):o>"), 1)

    def _change(self, node: Any, found: Any, frame: Frame) -> None:
        update = self.evaluate(node.update, found, frame)
        if update is not UNDEFINED and not isinstance(update, dict):
            raise EvaluationError("T2011", value=update)
        if isinstance(found, dict) and isinstance(update, dict):
            found.update(update)
        if node.delete is None:
            return
        deletions = self.evaluate(node.delete, found, frame)
        names = deletions if isinstance(deletions, list) else [] if deletions is UNDEFINED else [deletions]
        if not all(isinstance(each, str) for each in names):
            raise EvaluationError("T2012", value=deletions)
        for each in names if isinstance(found, dict) else ():
            found.pop(each, None)

    # What evaluates each kind of node.
    _KINDS: ClassVar[dict[str, Callable[[Evaluator, Any, Any, Frame], Any]]] = {
        "path": _path, "binary": _binary, "unary": _unary, "name": _name, "string": _literal, "number": _literal,
        "value": _literal, "regex": _literal, "wildcard": _wildcard, "descendant": _descendant, "parent": _parent,
        "condition": _condition, "block": _block, "bind": _bind, "function": _function, "variable": _variable,
        "lambda": _lambda, "partial": _partial, "apply": _apply_to, "transform": _transform,
    }  # fmt: skip


class _Wrapper(Sequence):
    """An array that is the whole input, wrapped so that it counts as one value."""

    __slots__ = ()


class _Gathered(Sequence):
    """An array under way, which nobody else holds."""

    __slots__ = ()


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


def _size(number: float) -> float:
    return math.inf if math.isnan(number) else abs(number)


def _called(procedure: Any) -> Any:
    """Return the name that a function is called by."""
    return procedure.steps[0].value if procedure.type == "path" else procedure.value


def _is_integer(value: object) -> bool:
    return typed_number(value) and (isinstance(value, int) or (isinstance(value, float) and value.is_integer()))


def _quotient(one: float, other: float) -> float:
    if other:
        return one / other
    return math.nan if one == 0 else math.copysign(math.inf, one) * math.copysign(1.0, other)


_ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "+": lambda one, other: one + other,
    "-": lambda one, other: one - other,
    "*": lambda one, other: one * other,
    "/": _quotient,
    "%": lambda one, other: math.nan if not other or math.isinf(one) else math.fmod(one, other),
}  # fmt: skip


def _calculated(operator: str, left: Any, right: Any) -> Any:
    for code, one in (("T2001", left), ("T2002", right)):
        if one is not UNDEFINED and not is_number(one):
            raise EvaluationError(code, value=one)
    if left is UNDEFINED or right is UNDEFINED:
        return UNDEFINED
    return normal(number_of(_ARITHMETIC[operator](number_of(left), number_of(right))))


def _order(one: Any, other: Any) -> int:
    """Return whether *one* belongs before (-1) or after (1) the *other*, or neither."""
    if one is UNDEFINED or other is UNDEFINED:
        return (one is UNDEFINED) - (other is UNDEFINED)
    for each in (one, other):
        if not isinstance(each, str) and not typed_number(each):
            raise EvaluationError("T2008", value=each)
    if isinstance(one, str) is not isinstance(other, str):
        raise EvaluationError("T2007", value=one, value2=other)
    return int(one > other) - int(one < other)


_OPERATORS = {
    "=": "_equality", "!=": "_equality", "<": "_comparison", "<=": "_comparison", ">": "_comparison",
    ">=": "_comparison", "&": "_concatenation", "..": "_range", "in": "_inclusion",
}  # fmt: skip
