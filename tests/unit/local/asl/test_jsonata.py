"""JSONata by itself: values and errors as its reference, version 2.0.6, gives them, and what Step Functions changes.

The values were taken from the reference; those of Step Functions' own functions and its limits from what others
measured on AWS (github.com/floci-io/floci issues 2662, 2736, 2737).
"""

from __future__ import annotations

from random import Random

import pytest

from shared.local.asl.budget import MAX_SECONDS, Budget, Stopped
from shared.local.asl.errors import QueryFailure
from shared.local.asl.languages.jsonata import Expression, ExpressionSyntaxError
from shared.local.asl.variables import Scope


class Around:
    """What an expression sees, with a clock of processor time that moves by itself: a millisecond a look."""

    def __init__(self, **variables):
        self.variables = Scope()
        self.variables.assign(variables)
        self.random = Random(7)
        self.looks = 0
        self.budget = Budget(clock=self.look)

    def look(self):
        self.looks += 1
        return self.looks / 1000

    def now(self):
        return 1_700_000_000.25

    def context(self):
        return {}


def value(text, states=None, **variables):
    return Expression(f"{{% {text} %}}", "Output").evaluate(Around(**variables), states)


def failure(text, around=None):
    with pytest.raises(QueryFailure) as raised:
        Expression(f"{{% {text} %}}", "Output").evaluate(around or Around(), None)
    return str(raised.value.cause).partition("threw an error during evaluation")[2] or raised.value.cause


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("5.5 % 2", 1.5),
        ("-7 % 3", -1),
        ("10/4", 2.5),
        ("1e20", 10**20),
        ("123456789012345678 * 1", 123456789012345680),
        ("-0", 0),
        ("$string(1e-7)", "1e-7"),
        ("$string(1e21)", "1e+21"),
        ("$string(123456789012345680000)", "123456789012346000000"),
        ("$string(1/3)", "0.333333333333333"),
        ("[1/0, -1/0, 0/0]", ["Infinity", "-Infinity", "NaN"]),
        ("$round(2.5)", 2),
        ("$round(-1.25, 1)", -1.2),
        ("$round(12345, -2)", 12300),
        ("$formatBase(-255, 16)", "-ff"),
        ("$number('0x1F')", 31),
        ("true = 1", False),
        ("null = null", True),
        ("[[1,2],[3]].$count($)", [2, 1]),
        ("[1,2,3][-1]", 3),
        ("[1,2,3][[0,2]]", [1, 3]),
        ("{'a': [1,2]}.a[]", [1, 2]),
        ("[$nothing]", []),
        ("{'a': $nothing}", {}),
        ("$map([5], function($v) { $v })", 5),
        ("$map([1,2], function($v, $i) { $v * $i })", [0, 2]),
        ("$reduce([1,2,3], function($a, $b) { $a + $b })", 6),
        ("$lookup([{'a':1},{'a':2}], 'a')", [1, 2]),
        ("$distinct([1, '1', 1, true])", [1, "1", True]),
        ("$keys({'a': 1})", "a"),
        ("$sift({'a':1,'b':2}, function($v) { $v > 1 })", {"b": 2}),
        ("$spread({'a':1,'b':2})", [{"a": 1}, {"b": 2}]),
        ("'a' & 1 & null & [1]", "a1null[1]"),
        ("($f := $substring(?, 0, 2); $f('abc'))", "ab"),
        ("'abc' ~> $uppercase ~> $length", 3),
        ("$substring('hello', -3, 2)", "ll"),
        ("$pad('x', -3, 'ab')", "abx"),
        ("$length('😀')", 1),
        (r"$match('a1b22', /\d+/).match", ["1", "22"]),
        ("$replace('abcabc', /b(c)/, '[$1$$]')", "a[c$]a[c$]"),
        (r"$split('a, b;c', /[,;]\s*/)", ["a", "b", "c"]),
        (r"$contains('abc\n', /c$/)", False),
        ("$contains('a{e}', /a{e}/)", True),
        ("$base64encode('hé')", "aOk="),
        ("$encodeUrlComponent('a b/é')", "a%20b%2F%C3%A9"),
        ("$formatNumber(1234.5678, '#,##0.00')", "1,234.57"),
        ("$formatNumber(-0.14, '01%')", "-14%"),
        ("$formatNumber(0.123, '#.e9')", "0.1e0"),
        ("$formatInteger(1999, 'I')", "MCMXCIX"),
        ("$fromMillis(1521801216617, '[M01]/[D01]/[Y0001] [h#1]:[m01][P]')", "03/23/2018 10:33am"),
        ("$toMillis('2018-03-23T10:33:36.617Z')", 1521801216617),
        ("$toMillis('2018-03-23T10:33:36+0100')", 1521797616000),
        ("$now()", "2023-11-14T22:13:20.250Z"),
        ("$millis()", 1700000000250),
        ("$string({'a':0.1,'b':[1]}, true)", '{\n  "a": 0.1,\n  "b": [\n    1\n  ]\n}'),
    ],
)
def test_values(text, result):
    found = value(text)
    assert found == result
    assert type(found) is type(result)


@pytest.mark.parametrize(
    ("text", "begin"),
    [
        ("$sum(['a'])", '. T0412: Argument 1 of function "sum" must be an array of "numbers"'),
        ("$abs('x')", '. T0410: Argument 1 of function "abs" does not match function signature'),
        ("'a' + 1", '. T2001: The left side of the "+" operator must evaluate to a number'),
        ("1 < 'a'", '. T2009: The values 1 and "a" either side of operator "<" must be of the same data type'),
        ("$number('x')", '. D3030: Unable to cast value to a number: "x"'),
        ("$none()", ". T1006: Attempted to invoke a non-function"),
        ("$eval('1')", ". T1006: Attempted to invoke a non-function"),
        ("$error('mine')", ". D3137: mine"),
        ("1/0 + 1", ". D1001: Number out of range: null"),
        ("$sqrt(-1)", ". D3060: The sqrt function cannot be applied to a negative number: -1"),
        ("$match('aaa', /x*/)", ". D1004: Regular expression matches zero length string"),
        ("$toMillis('foo')", ". D3110: The argument of the toMillis function must be an ISO 8601 formatted timestamp."),
        ("$fromMillis(0, '[YN]')", ". D3133: The 'name' modifier can only be applied to months and days"),
        ("$formatNumber(1, 'x')", ". D3085: The mantissa part of a sub-picture must contain at least one"),
    ],
)  # fmt: skip
def test_errors_have_the_code_and_words_of_the_reference(text, begin):
    assert failure(text).startswith(begin)


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("$floor(0/0)", "NaN"), ("$ceil(-1/0)", "-Infinity"), ("$pad('x', 0/0)", "x"), ("$formatBase(1/0)", "Infinity"),
        ("$substring('abc', 1, 1e300)", "bc"),
    ],
)  # fmt: skip
def test_numbers_that_are_not_finite(text, result):
    assert value(text) == result


@pytest.mark.parametrize(
    ("text", "begin"),
    [
        ("$fromMillis(1e20)", ". D1001: Number out of range: 1"),
        ("$fromMillis(1/0)", ". D1001: Number out of range: null"),
        ("$formatInteger(0/0, 'w')", ". D1001: "),
        ("$random(1/0)", ". D1001: "),
        ("$partition([1], 0/0)", ". D1001: "),
        ("$partition([1], 1/0)", ". D1001: "),
        ("$round(1, 1/0)", ". D1001: "),
        ("$range(0, 1/0, 1)", ". D1001: "),
        ("$replace('aa', 'a', 'b', 1e300)", ". D1001: "),
        ("[1..(1/0)]", ". "),
        ("$sift({'a': 1})", ". T1006: "),
        ("($f := $substring(?, 1); $f(5))", ". T0410: "),
        ("($f := $round(?); $f('x'))", ". T0410: "),
        ("($f := $formatInteger(?, 'w'); $f('x'))", ". T0410: "),
        ("$reduce([1, 2], /a/)", ". "),
    ],
)
def test_what_a_function_cannot_take_is_an_error_of_the_expression(text, begin):
    assert failure(text).startswith(begin)


@pytest.mark.parametrize("text", ["$x ?: 1", "$x ?? 1", "[1!2]", "1 /* open", r"'\y'", "/(?i)a/", "/(?P<a>b)/"])
def test_what_version_2_0_6_does_not_parse_is_refused(text):
    with pytest.raises(ExpressionSyntaxError):
        Expression(f"{{% {text} %}}", "Output")


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("$range(1, 9, 9)", 1),
        ("$range(0, 6, 2)", [0, 2, 4, 6]),
        ("$range(3, 1, -1)", [3, 2, 1]),
        ("$partition([1,2,3], 2)", [[1, 2], [3]]),
        ("$hash('input', 'SHA-1')", "140f86aae51ab9e1cda9b4254fe98a74eb54c1a1"),
        ("$random(42)", 0.7275636800328681),
        ("$random(5) = $random(5)", True),
        ('$parse("{\\"a\\":1}").a', 1),
        ("$parse('null')", None),
        ("$length($uuid())", 36),
    ],
)
def test_the_functions_that_step_functions_adds(text, result):
    assert value(text) == result


def test_states_and_variables():
    assert value("$states.input.a + $n", {"input": {"a": 1}}, n=2) == 3
    assert value("$states.input", {"input": None}) is None
    assert failure("$states.input.none").endswith("returned nothing (undefined).")
    assert failure("$sum").endswith("returned an unsupported result type.")


def sums(terms):
    return "+".join(["1"] * terms)


DOUBLED = "($p := function($s, $n) { $n = 0 ? $s : $p($s & $s, $n - 1) }; $length($p('x', %d)))"
TOO_LARGE = ": Expression evaluation memory limit exceeded: Check for excessive memory usage"
TOO_DEEP = ": Stack overflow error: Check for non-terminating recursive function. Consider rewriting as tail-recursive"


@pytest.mark.parametrize(
    ("text", "result"),
    [("[1..873782] ~> $count()", 873_782), (DOUBLED % 22, 2**22), (sums(99), 99)],
)
def test_what_aws_just_allows(text, result):
    assert value(text) == result


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("[1..873783] ~> $count()", TOO_LARGE),
        (DOUBLED % 23, TOO_LARGE),
        (sums(200), TOO_DEEP),
        ("($f := function($x) { 1 + $f($x) }; $f(1))", TOO_DEEP),
        ("$pad('x', 100000000)", TOO_LARGE),
        ("$replace($pad('x', 3000000), 'x', 'xxxxxxxxxx') & $pad('x', 7000000)", TOO_LARGE),
        ("[$pad('a', 2000000) ~> $split('')] ~> $count()", TOO_LARGE),
        ("$pad('x', -1/0)", TOO_LARGE),
        ("$reduce([1..5000], function($a, $v) { [[$a]] }, 0)", TOO_DEEP),
        ("$reduce([1..5000], function($a, $v) { {'a': $a} }, 0) ~> $string()", TOO_DEEP),
    ],
)
def test_what_is_too_deep_or_too_large(text, end):
    assert failure(text) == end


TOO_LONG = ": Expression evaluation timeout: Check for infinite loop"


@pytest.mark.parametrize(
    "text",
    [
        "($f := function($x) { $f($x + 1) }; $f(1))",
        "$map([1..800000], function($x) { $count([1..800000][$ > 5]) })",
        "[1..800000][$ in [1..8000]] ~> $count()",
        "$sort([1..800000], function($a, $b) { $a < $b })",
        "($a := [1..100000].{'n': $}; $count($distinct($a)))",
        "($a := [1..10]; $d := function($v, $n) { $n = 0 ? $v : $d([$v, [$v]], $n - 1) }; $string($d($a, 40)))",
        "($a := [1..10]; $d := function($v, $n) { $n = 0 ? $v : $d([[$v], [$v]], $n - 1) }; $d($a, 40))",
    ],
)
def test_an_endless_expression_ends(text):
    around = Around()
    assert failure(text, around) in (TOO_LONG, TOO_LARGE)
    assert around.looks <= MAX_SECONDS * 1000 + 2


def test_a_regular_expression_that_takes_for_ever_ends():
    around = Around()
    around.budget = Budget(clock=lambda: 0.0)
    assert failure("$match($pad('', 40, 'a') & '!', /^(a|aa)+$/)", around) == TOO_LONG


def test_an_evaluation_stops_when_the_execution_does():
    around = Around()

    def look():
        around.budget.stop()
        return 0.0

    around.budget = Budget(clock=look)
    with pytest.raises(Stopped):
        Expression("{% ($f := function($x) { $f($x + 1) }; $f(1)) %}", "Output").evaluate(around, None)


def test_a_budget_is_stopped_with_the_engines():
    engine = Budget()
    budget = Budget(engine)
    budget.spend(1000)
    engine.stop()
    with pytest.raises(Stopped):
        budget.spend(1000)
