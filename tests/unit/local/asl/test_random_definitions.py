"""Any valid definition on any input ends in a status, and the engine does not fail."""

import json
from itertools import pairwise

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.local.asl.languages.jsonata import Expression
from shared.local.asl.validation import problems_of

# The JSONata library raises the recursion limit when it is imported, which must be before hypothesis looks at it.
Expression("{% 1 %}", "")

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:f"
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 50)
    | st.floats(allow_nan=False, allow_infinity=False, width=16)
    | st.text("ab$", max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=6,
)
PATHS = st.sampled_from(
    ["$", "$.a", "$.b", "$.a[0]", "$.c.a", "$$", "$$.State.Name", "$v", "$..a", "$.a[*]", "$.b[?(@.a > 1)]"]
)
PLACES = st.sampled_from(["$", "$.a", "$.r", "$.a.b"]) | st.none()
CALLS = st.sampled_from(
    [
        "States.Format('{}', $.a)",
        "States.ArrayLength($.b)",
        "States.MathAdd($.a, 1)",
        "States.StringToJson($.a)",
        "States.UUID()",
    ]
)
TEMPLATES = st.dictionaries(st.sampled_from(["x", "y.$", "z.$"]), st.none(), max_size=3).flatmap(
    lambda keys: st.fixed_dictionaries({key: (PATHS | CALLS) if key.endswith("$") else JSON for key in keys})
)
QUERIES = st.sampled_from(
    [
        "{% $states.input %}",
        "{% $states.input.a + 1 %}",
        "{% $v %}",
        "{% $sum($states.input.b) %}",
        "{% [1..3] %}",
        "plain",
    ]
)
RECOVERY = st.fixed_dictionaries(
    {},
    optional={
        "Retry": st.just([{"ErrorEquals": ["States.ALL"], "MaxAttempts": 2, "BackoffRate": 1.5}]),
        "Catch": st.just([{"ErrorEquals": ["States.ALL"], "ResultPath": "$.why", "Next": "End"}]),
    },
)
RULES = st.one_of(
    st.builds(lambda path, value: {"Variable": path, "NumericLessThan": value}, PATHS, st.integers(0, 20)),
    st.builds(
        lambda path, kind: {"Variable": path, kind: True}, PATHS, st.sampled_from(["IsPresent", "IsNull", "IsString"])
    ),
    st.builds(lambda path: {"Not": {"Variable": path, "BooleanEquals": True}}, PATHS),
    st.builds(lambda path, other: {"Variable": path, "StringEqualsPath": other}, PATHS, PATHS),
)


def flow(**optional):
    usual = {"InputPath": PATHS | st.none(), "OutputPath": PATHS | st.none()}
    return st.fixed_dictionaries({}, optional={**usual, **optional})


def state(depth):
    """Return a strategy for a state without Next, as a function of the names it may go to."""
    assigns = st.just({"v.$": "$.a"})
    kinds = [
        flow(Parameters=TEMPLATES, Result=JSON, ResultPath=PLACES, Assign=assigns).map(
            lambda spec: {"Type": "Pass", **spec}
        ),
        st.builds(lambda seconds: {"Type": "Wait", "Seconds": seconds}, st.integers(0, 1000)),
        st.builds(lambda path: {"Type": "Wait", "SecondsPath": path}, PATHS),
        st.builds(lambda output: {"Type": "Pass", "QueryLanguage": "JSONata", "Output": output}, QUERIES),
        st.builds(
            lambda spec, more: {"Type": "Task", "Resource": FUNCTION, **spec, **more},
            flow(Parameters=TEMPLATES, ResultSelector=TEMPLATES, ResultPath=PLACES),
            RECOVERY,
        ),
    ]
    if depth:
        inner = machine(depth - 1)
        kinds += [
            st.builds(
                lambda branches, more: {"Type": "Parallel", "Branches": branches, **more},
                st.lists(inner, min_size=1, max_size=2),
                RECOVERY,
            ),
            st.builds(
                lambda processor, spec, more: {"Type": "Map", "ItemProcessor": processor, **spec, **more},
                st.builds(
                    lambda body, config: {**body, **config},
                    inner,
                    st.sampled_from([{}, {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}]),
                ),
                flow(
                    ItemsPath=PATHS,
                    MaxConcurrency=st.integers(0, 3),
                    ItemSelector=TEMPLATES,
                    ToleratedFailurePercentage=st.just(50),
                ),
                RECOVERY,
            ),
        ]
    return st.one_of(kinds)


@st.composite
def machine(draw, depth=2):
    count = draw(st.integers(1, 3))
    names = [f"S{place}" for place in range(count)] + ["End"]
    states = {"End": draw(st.sampled_from([{"Type": "Succeed"}, {"Type": "Fail", "Error": "E"}]))}
    for name, following in pairwise(names):
        if draw(st.integers(0, 4)) == 0:
            rules = [{**rule, "Next": "End"} for rule in draw(st.lists(RULES, min_size=1, max_size=2))]
            states[name] = {"Type": "Choice", "Choices": rules, "Default": following}
        else:
            states[name] = {**draw(state(depth)), "Next": following}
    return {"StartAt": names[0], "States": states}


def renamed(spec, prefix=""):
    """Return *spec* with state names that are unique in the whole machine."""
    if isinstance(spec, list):
        return [renamed(item, f"{prefix}{place}") for place, item in enumerate(spec)]
    if not isinstance(spec, dict):
        return spec
    if "StartAt" in spec:
        states = {
            prefix + name: {
                key: prefix + item
                if key in {"Next", "Default"}
                else targets(item, prefix)
                if key in {"Choices", "Catch"}
                else renamed(item, prefix + name + key)
                for key, item in state.items()
            }
            for name, state in spec["States"].items()
        }
        return {**spec, "StartAt": prefix + spec["StartAt"], "States": states}
    return {key: renamed(item, prefix) for key, item in spec.items()}


def targets(entries, prefix):
    return [{**entry, "Next": prefix + entry["Next"]} for entry in entries]


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(spec=machine(), value=JSON, failing=st.booleans())
def test_a_valid_definition_ends_in_a_status(world, fail, spec, value, failing):
    definition = renamed(spec)
    assert problems_of(json.dumps(definition)) == []

    def function(given):
        if failing:
            raise fail("Boom", "b")
        return given

    world.function = function
    execution = world.run(definition, value)
    assert execution.status in {"SUCCEEDED", "FAILED"}
    assert not str(execution.cause).startswith("Internal error"), (definition, value)
    ids = [event["previousEventId"] for event in execution.history.page(0, 10**5, reverse=False, data=True)]
    assert all(previous < place for place, previous in enumerate(ids, 1))


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    spec=st.recursive(
        JSON,
        lambda inner: st.dictionaries(
            st.sampled_from(
                [
                    "StartAt",
                    "States",
                    "A",
                    "Type",
                    "Next",
                    "End",
                    "Choices",
                    "Catch",
                    "Retry",
                    "Branches",
                    "ItemProcessor",
                    "Resource",
                    "Parameters",
                ]
            ),
            inner | st.sampled_from(["A", "Pass", "Task", "Map", "Parallel", "Choice", "Wait", True]),
            max_size=5,
        ),
        max_leaves=25,
    )
)
def test_any_json_is_checked_without_a_crash(spec):
    assert all(problem.code and problem.message for problem in problems_of(json.dumps(spec)))


def places(spec, path=()):
    """Return the path of every value in *spec*."""
    inner = spec.items() if isinstance(spec, dict) else enumerate(spec) if isinstance(spec, list) else ()
    return [path, *(place for key, item in inner for place in places(item, (*path, key)))]


def replaced(spec, path, value):
    if not path:
        return value
    copy = dict(spec) if isinstance(spec, dict) else list(spec)
    copy[path[0]] = replaced(spec[path[0]], path[1:], value)
    return copy


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(spec=machine(), value=JSON, data=st.data())
def test_a_definition_is_refused_or_runs(world, spec, value, data):
    definition = renamed(spec)
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(places(definition)))
        definition = replaced(definition, path, data.draw(JSON | PATHS | QUERIES))
    if problems_of(json.dumps(definition)):
        return
    execution = world.run(definition, value)
    assert execution.status in {"SUCCEEDED", "FAILED"}
    assert not str(execution.cause).startswith("Internal error"), (definition, value, execution.cause)
