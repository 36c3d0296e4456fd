"""Machines, their versions and aliases: what changes, what is refused, and what is told."""

import json
from collections import Counter

import pytest

from tests.helpers.step_functions import ROLE, WAIT, passing

DEFINING = [
    ("CreateStateMachine", {"name": "m", "roleArn": ROLE}),
    ("TestState", {"stateName": "S"}),
    ("TestState", {}),
]


def test_creating_again_is_the_same_unless_it_differs_in_more_than_role_and_tags(api):
    arn = api.machine(name="m")
    again = {"name": "m", "definition": passing(), "roleArn": f"{ROLE}2", "tags": [{"key": "a", "value": "b"}]}
    assert api("CreateStateMachine", **again)["stateMachineArn"] == arn
    assert api("DescribeStateMachine", stateMachineArn=arn)["roleArn"] == ROLE
    assert api("ListTagsForResource", resourceArn=arn) == {"tags": []}
    for other in (
        {"definition": passing() + " "},
        {"type": "EXPRESS"},
        {"publish": True},
        {"tracingConfiguration": {"enabled": True}},
    ):
        assert api.refused("CreateStateMachine", **{**again, **other})[0] == "StateMachineAlreadyExists"


def test_a_revision_comes_with_a_change_and_not_without_one(api):
    arn = api.machine()
    assert "revisionId" not in api("DescribeStateMachine", stateMachineArn=arn)
    assert "revisionId" not in api("UpdateStateMachine", stateMachineArn=arn, roleArn=ROLE)
    first = api("UpdateStateMachine", stateMachineArn=arn, roleArn=f"{ROLE}2")["revisionId"]
    assert (
        api("UpdateStateMachine", stateMachineArn=arn, definition=passing(), roleArn=f"{ROLE}2")["revisionId"] == first
    )
    for change in ({"tracingConfiguration": {"enabled": True}}, {"definition": WAIT}):
        following = api("UpdateStateMachine", stateMachineArn=arn, **change)["revisionId"]
        assert following != first
        assert api("DescribeStateMachine", stateMachineArn=arn)["revisionId"] == following
        first = following


def test_a_version_is_of_a_revision_and_its_number_is_never_given_again(api):
    arn = api.machine(publish=True, versionDescription="one")
    assert api.version(arn) == f"{arn}:1"
    second = api("UpdateStateMachine", stateMachineArn=arn, definition=WAIT, publish=True)["stateMachineVersionArn"]
    assert second == f"{arn}:2"
    api("DeleteStateMachineVersion", stateMachineVersionArn=second)
    assert api.version(arn) == f"{arn}:3"
    api("DeleteStateMachineVersion", stateMachineVersionArn=second)  # once more
    described = api("DescribeStateMachine", stateMachineArn=f"{arn}:1")
    assert (described["description"], described["definition"]) == ("one", passing())
    listed = api("ListStateMachineVersions", stateMachineArn=arn)["stateMachineVersions"]
    assert [each["stateMachineVersionArn"] for each in listed] == [f"{arn}:3", f"{arn}:1"]


def test_a_version_is_published_of_the_revision_that_is_meant(api):
    arn = api.machine()
    assert api("PublishStateMachineVersion", stateMachineArn=arn, revisionId="INITIAL")["stateMachineVersionArn"]
    revision = api("UpdateStateMachine", stateMachineArn=arn, definition=WAIT)["revisionId"]
    why = "Failed to publish the State Machine version for revision INITIAL. The current State Machine revision is"
    initial = {"stateMachineArn": arn, "revisionId": "INITIAL"}
    assert api.refused("PublishStateMachineVersion", **initial) == ("ConflictException", f"{why} {revision}.")
    published = api("PublishStateMachineVersion", stateMachineArn=arn, revisionId=revision, description="a")
    assert api("PublishStateMachineVersion", stateMachineArn=arn, description="b") == published


def test_only_a_machine_is_changed_never_a_version(api):
    arn = api.machine(publish=True)
    for operation, more in (("UpdateStateMachine", {"roleArn": ROLE}), ("PublishStateMachineVersion", {})):
        assert api.refused(operation, stateMachineArn=f"{arn}:1", **more)[0] == "StateMachineDoesNotExist"
    assert api.refused("DeleteStateMachine", stateMachineArn=f"{arn}:1")[0] == "ValidationException"
    for operation in ("DescribeStateMachine", "StartExecution", "DeleteStateMachine"):
        assert api.refused(operation, stateMachineArn=f"{arn}/Label")[0] == "ValidationException"


@pytest.mark.parametrize("operation", ["CreateStateMachine", "UpdateStateMachine"])
def test_a_version_is_described_only_when_one_is_published(api, operation):
    which = {"name": "m"} if operation == "CreateStateMachine" else {"stateMachineArn": api.machine()}
    params = {**which, "definition": WAIT, "roleArn": ROLE, "versionDescription": "x"}
    assert api.refused(operation, **params) == (
        "ValidationException",
        "Version description can only be set when publish is true",
    )


def test_the_weights_of_an_alias_say_how_often_a_version_runs(api):
    arn = api.machine(publish=True)
    first, second = f"{arn}:1", api.version(arn, WAIT)
    routes = [{"stateMachineVersionArn": first, "weight": 80}, {"stateMachineVersionArn": second, "weight": 20}]
    alias = api("CreateStateMachineAlias", name="live", routingConfiguration=routes)["stateMachineAliasArn"]
    runs = [api("DescribeExecution", executionArn=api.start(alias)) for _ in range(500)]
    count = Counter(each["stateMachineVersionArn"] for each in runs)
    assert 360 < count[first] < 440
    assert {each["stateMachineAliasArn"] for each in runs} == {alias}
    one = {"stateMachineVersionArn": second, "weight": 0}
    api("UpdateStateMachineAlias", stateMachineAliasArn=alias, routingConfiguration=[{**routes[0], "weight": 100}, one])
    assert api("DescribeExecution", executionArn=api.start(alias))["stateMachineVersionArn"] == first


def test_executions_are_listed_of_a_machine_a_version_or_an_alias(api):
    arn = api.machine(publish=True)
    version = f"{arn}:1"
    routes = [{"stateMachineVersionArn": version, "weight": 100}]
    alias = api("CreateStateMachineAlias", name="live", routingConfiguration=routes)["stateMachineAliasArn"]
    unused = api("CreateStateMachineAlias", name="unused", routingConfiguration=routes)["stateMachineAliasArn"]
    for each in (arn, version, alias):
        api.run(each)
    counts = [len(api("ListExecutions", stateMachineArn=each)["executions"]) for each in (arn, version, alias, unused)]
    assert counts == [3, 2, 1, 0]
    assert api.refused("ListExecutions", stateMachineArn=f"{arn}:no")[0] == "StateMachineDoesNotExist"


def test_what_a_routing_must_be(api):
    arn, other = api.machine(publish=True), api.machine(publish=True)
    one, two = f"{arn}:1", api.version(arn, WAIT)

    def refused(*routes):
        given = [{"stateMachineVersionArn": arn, "weight": weight} for arn, weight in routes]
        return api.refused("CreateStateMachineAlias", name="a", routingConfiguration=given)

    wrong = "ValidationException"
    assert refused((one, 50), (one, 50)) == (
        wrong,
        f"Routing configuration must contain distinct state machine version ARNs. Received: [{one}, {one}]",
    )
    assert refused((one, 50), (two, 51)) == (
        wrong,
        "Sum of routing configuration weights must equal 100. Received: [50, 51]",
    )
    assert refused((arn, 100)) == (
        wrong,
        f"Routing configuration must contain state machine version ARNs. Received: [{arn}]",
    )
    assert refused((one, 50), (f"{other}:1", 50))[0] == wrong
    assert refused((f"{arn}:9", 100))[0] == "ResourceNotFound"


def test_an_alias_is_made_once_changed_and_deleted_as_often_as_one_likes(api):
    arn = api.machine(publish=True)
    routes = [{"stateMachineVersionArn": f"{arn}:1", "weight": 100}]
    made = api("CreateStateMachineAlias", name="a", routingConfiguration=routes)
    assert api("CreateStateMachineAlias", name="a", routingConfiguration=routes) == made
    alias = {"stateMachineAliasArn": made["stateMachineAliasArn"]}
    assert api.refused("UpdateStateMachineAlias", **alias)[0] == "ValidationException"
    api("UpdateStateMachineAlias", **alias, description="x")
    described = api("DescribeStateMachineAlias", **alias)
    assert (described["description"], described["routingConfiguration"]) == ("x", routes)
    assert len(api("ListStateMachineAliases", stateMachineArn=f"{arn}:1")["stateMachineAliases"]) == 1
    api.version(arn, WAIT)
    assert api("ListStateMachineAliases", stateMachineArn=f"{arn}:2") == {"stateMachineAliases": []}
    assert api.refused("DeleteStateMachineVersion", stateMachineVersionArn=f"{arn}:1")[0] == "ConflictException"
    api("DeleteStateMachineAlias", **alias)
    api("DeleteStateMachineAlias", **alias)
    assert api.refused("DescribeStateMachineAlias", **alias)[0] == "ResourceNotFound"


def test_metadata_only_leaves_out_what_a_key_closes(api):
    arn = api.machine(json.dumps({"StartAt": "F", "States": {"F": {"Type": "Fail", "Error": "E", "CausePath": "$c"}}}))
    assert api("DescribeStateMachine", stateMachineArn=arn)["variableReferences"] == {"F": ["c"]}
    bare = api("DescribeStateMachine", stateMachineArn=arn, includedData="METADATA_ONLY")
    assert bare["definition"] == "{}"
    assert "variableReferences" not in bare
    run = api.run(api.machine(), input='{"a": 1}')["executionArn"]
    whole = api("DescribeExecution", executionArn=run)
    assert (whole["input"], whole["inputDetails"], whole["outputDetails"]) == (
        '{"a": 1}',
        {"included": True},
        {"included": True},
    )
    bare = api("DescribeExecution", executionArn=run, includedData="METADATA_ONLY")
    assert {"input", "output", "error", "cause"}.isdisjoint(bare)
    assert (bare["inputDetails"], bare["outputDetails"]) == ({"included": False}, {"included": False})
    told = api("DescribeStateMachineForExecution", executionArn=run, includedData="METADATA_ONLY")
    assert told["definition"] == "{}"


def test_a_name_is_what_the_documentation_says(api):
    for name in ("a b", "a\n", "\ta", "a<", "a}", "a]", "a?", "a*", 'a"', "a#", "a%", "a\\", "a^", "a|", "a~", "a`",
                 "a$", "a&", "a,", "a;", "a:", "a/", "\x00a", "a\x1f", "a\x85", "a\ufffe", "a\uffff"):  # fmt: skip
        assert api.refused("CreateActivity", name=name) == ("InvalidName", f"Invalid Name: '{name}'")
        assert api.refused("CreateStateMachine", name=name, definition=passing(), roleArn=ROLE)[0] == "InvalidName"
    for name in ("a.b", "a-b_c", "a(b)", "a'b", "a=b+c!@", "é", "𝄞"):
        assert api("CreateActivity", name=name)["activityArn"].endswith(f":activity:{name}")


def test_an_arn_is_refused_in_awss_words(api):
    for given, why in (
        ("no", "Invalid ARN prefix: no"),
        ("arn:aws:states", "arn:aws:states"),
        (api.arn("activity:a"), "Resource type not valid in this context: activity"),
        (api.arn("stateMachine:a:b:c"), api.arn("stateMachine:a:b:c")),
        (api.arn("stateMachine:a:"), api.arn("stateMachine:a:")),
    ):
        assert api.refused("DescribeStateMachine", stateMachineArn=given) == ("InvalidArn", f"Invalid Arn: '{why}'")
    assert api.refused("CreateStateMachine", name="m", definition=passing(), roleArn="x") == (
        "InvalidArn",
        "Invalid Role Arn: 'x'",
    )


def test_a_definition_that_is_no_json_is_told_alike_by_all_actions(api):
    told = {api.refused(action, definition="{", **more)[1] for action, more in DEFINING}
    assert len(told) == 1
    assert "INVALID_JSON_DESCRIPTION: Unexpected end-of-input" in told.pop()
