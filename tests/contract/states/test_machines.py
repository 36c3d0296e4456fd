"""State machines behind the API: what is refused, versions and aliases, tags, and what goes with a machine."""

import json

ROLE = "arn:aws:iam::123456789012:role/states"
ECHO = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}
WAIT = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 10**6, "End": True}}}
DISTRIBUTED = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, **ECHO}


def test_a_definition_is_refused_with_every_problem(cloud):
    definition = {"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}, "C": {"Type": "Succeed"}}}
    code, message = cloud.refused(cloud.machine, definition, "refused")
    assert code == "InvalidDefinition"
    assert message == (
        "Invalid State Machine Definition: 'MISSING_TRANSITION_TARGET: Missing 'Next' target: B at /States/A/Next, "
        'MISSING_TRANSITION_TARGET: State "C" is not reachable. at /States/C\''
    )
    answer = cloud.client("stepfunctions").validate_state_machine_definition(definition=json.dumps(definition))
    assert answer["result"] == "FAIL"
    assert [each["location"] for each in answer["diagnostics"]] == ["/States/A/Next", "/States/C"]


def test_a_machine_is_created_once(cloud):
    first = cloud.machine(ECHO, "once")
    assert cloud.machine(ECHO, "once") == first
    assert cloud.code(cloud.machine, WAIT, "once") == "StateMachineAlreadyExists"


def test_versions_and_aliases_choose_what_runs(cloud):
    states = cloud.client("stepfunctions")

    def result(value):
        return {"StartAt": "P", "States": {"P": {"Type": "Pass", "Result": value, "End": True}}}

    machine = cloud.machine(result(1), "versioned")
    first = states.publish_state_machine_version(stateMachineArn=machine)["stateMachineVersionArn"]
    states.update_state_machine(stateMachineArn=machine, definition=json.dumps(result(2)))
    second = states.publish_state_machine_version(stateMachineArn=machine)["stateMachineVersionArn"]
    assert states.publish_state_machine_version(stateMachineArn=machine)["stateMachineVersionArn"] == second
    listed = states.list_state_machine_versions(stateMachineArn=machine)["stateMachineVersions"]
    assert [each["stateMachineVersionArn"] for each in listed] == [second, first]
    routes = [{"stateMachineVersionArn": first, "weight": 100}]
    alias = states.create_state_machine_alias(name="live", routingConfiguration=routes)["stateMachineAliasArn"]
    started = [states.start_execution(stateMachineArn=arn)["executionArn"] for arn in (machine, first, second, alias)]
    outputs = [cloud.wait(arn)["output"] for arn in started]
    assert outputs == ["2", "1", "2", "1"]
    described = states.describe_execution(executionArn=started[3])
    assert (described["stateMachineVersionArn"], described["stateMachineAliasArn"]) == (first, alias)
    assert cloud.code(states.delete_state_machine_version, stateMachineVersionArn=first) == "ConflictException"
    states.delete_state_machine_version(stateMachineVersionArn=second)
    assert len(states.list_state_machine_versions(stateMachineArn=machine)["stateMachineVersions"]) == 1


def test_an_execution_tells_the_machine_that_it_started_with(cloud):
    states = cloud.client("stepfunctions")
    definition = cloud.mapping(DISTRIBUTED)
    machine = cloud.machine(definition, "described")
    arn = states.start_execution(stateMachineArn=machine, input="[1]")["executionArn"]
    cloud.wait(arn)
    states.update_state_machine(stateMachineArn=machine, definition=json.dumps(ECHO), roleArn=ROLE + "2")
    told = states.describe_state_machine_for_execution(executionArn=arn)
    assert (told["stateMachineArn"], told["name"], told["roleArn"]) == (machine, "described", ROLE)
    assert json.loads(told["definition"]) == definition
    assert "mapRunArn" not in told
    run = states.list_map_runs(executionArn=arn)["mapRuns"][0]["mapRunArn"]
    child = states.list_executions(mapRunArn=run)["executions"][0]["executionArn"]
    told = states.describe_state_machine_for_execution(executionArn=child)
    assert (told["stateMachineArn"], told["mapRunArn"], told["label"]) == (machine, run, "Each")


def test_a_machine_takes_its_executions_and_tags_with_it(cloud):
    states = cloud.client("stepfunctions")
    definition = cloud.mapping(DISTRIBUTED)
    machine = cloud.machine(definition, "deleted", tags=[{"key": "team", "value": "a"}])
    ended = states.start_execution(stateMachineArn=machine, name="one", input="[1]")["executionArn"]
    cloud.wait(ended)
    run = states.list_map_runs(executionArn=ended)["mapRuns"][0]["mapRunArn"]
    neighbour = states.start_execution(stateMachineArn=cloud.machine(ECHO, "deleted2"))["executionArn"]
    states.delete_state_machine(stateMachineArn=machine)
    assert cloud.code(states.describe_execution, executionArn=ended) == "ExecutionDoesNotExist"
    assert cloud.code(states.describe_map_run, mapRunArn=run) == "ResourceNotFound"
    assert cloud.machine(definition, "deleted") == machine
    assert states.list_executions(stateMachineArn=machine)["executions"] == []
    assert states.list_tags_for_resource(resourceArn=machine)["tags"] == []
    cloud.wait(states.start_execution(stateMachineArn=machine, name="one", input="[2]")["executionArn"])
    assert cloud.wait(neighbour)["status"] == "SUCCEEDED"


def test_a_machine_is_deleted_while_it_runs(cloud):
    states = cloud.client("stepfunctions")
    waiting = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 10**6, "End": True}}}
    inner = cloud.machine(waiting, "deleted-inside")
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::states:startExecution.sync:2",
        "Parameters": {"StateMachineArn": inner},
        "End": True,
    }
    outer = cloud.machine({"StartAt": "T", "States": {"T": task}}, "outlives")
    arn = states.start_execution(stateMachineArn=outer)["executionArn"]
    while not states.list_executions(stateMachineArn=inner)["executions"]:
        assert states.describe_execution(executionArn=arn)["status"] == "RUNNING"
    states.delete_state_machine(stateMachineArn=inner)
    assert cloud.wait(arn)["error"] == "States.TaskFailed"


def test_what_is_not_there_is_not_tagged(cloud):
    states = cloud.client("stepfunctions")
    machine = cloud.machine(ECHO, "tagged")
    states.tag_resource(resourceArn=machine, tags=[{"key": "a", "value": "1"}, {"key": "b", "value": "2"}])
    states.untag_resource(resourceArn=machine, tagKeys=["a"])
    assert states.list_tags_for_resource(resourceArn=machine)["tags"] == [{"key": "b", "value": "2"}]
    missing = f"{machine}x"
    assert cloud.code(states.tag_resource, resourceArn=missing, tags=[{"key": "a", "value": "1"}]) == "ResourceNotFound"
    assert cloud.code(states.untag_resource, resourceArn=missing, tagKeys=["a"]) == "ResourceNotFound"
    activity = states.create_activity(name="tagged", tags=[{"key": "a", "value": "1"}])["activityArn"]
    states.tag_resource(resourceArn=activity, tags=[{"key": "b", "value": "2"}])
    assert len(states.list_tags_for_resource(resourceArn=activity)["tags"]) == 2
