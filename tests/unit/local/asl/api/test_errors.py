"""Every error that the API's model lists for an action, and a request that gets it; or why none can get it here."""

from __future__ import annotations

import json
import string

import pytest
from botocore.session import get_session
from moto.kms.models import kms_backends

from shared.local.asl.activities import Activities
from shared.local.asl.records import Activity
from tests.helpers.step_functions import ACCOUNT, REGION, ROLE, WAIT, passing

MODEL = get_session().get_service_model("stepfunctions")
PREFIX = f"arn:aws:states:{REGION}:{ACCOUNT}"
NO_MACHINE, NO_RUN = f"{PREFIX}:stateMachine:no", f"{PREFIX}:execution:no:x"
MADE = {"name": "m", "definition": passing(), "roleArn": ROLE}
TOKEN = "A" * 128
FAIL = json.dumps({"StartAt": "F", "States": {"F": {"Type": "Fail"}}})
MAP = json.dumps(
    {
        "StartAt": "M",
        "States": {
            "M": {
                "Type": "Map",
                "End": True,
                "ItemProcessor": {
                    "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
                    **json.loads(passing()),
                },
            }
        },
    }
)

# What no request gets, and why.
_SERIAL = "requests that change a machine take turns, so none finds it changed meanwhile"
_ANSWERS = "an answer to a task is taken whatever has become of the machine's key"
NEVER = {
    **{(name, "KmsThrottlingException"): "keys are never throttled here" for name in MODEL.operation_names},
    ("CreateStateMachine", "ConflictException"): _SERIAL,
    ("UpdateStateMachine", "ConflictException"): _SERIAL,
    ("UpdateStateMachineAlias", "ConflictException"): _SERIAL,
    ("DeleteStateMachineAlias", "ConflictException"): _SERIAL,
    ("CreateStateMachine", "StateMachineTypeNotSupported"): "the model lists the types, which is checked before",
    ("CreateStateMachineAlias", "InvalidName"): "the model has the pattern of the name, which is checked before",
    **{
        (name, error): _ANSWERS
        for name in ("SendTaskSuccess", "SendTaskFailure")
        for error in ("KmsAccessDeniedException", "KmsInvalidStateException")
    },
}
# Its errors are in the tests of TestState.
ELSEWHERE = {"TestState"}
BY_MODEL = {
    "CreateStateMachine": {}, "CreateStateMachineAlias": {}, "DeleteStateMachine": {}, "DeleteStateMachineAlias": {},
    "DeleteStateMachineVersion": {}, "DescribeStateMachineAlias": {}, "ListExecutions": {"maxResults": 1001},
    "ListStateMachineVersions": {}, "PublishStateMachineVersion": {}, "RedriveExecution": {}, "StartExecution": {},
    "StopExecution": {}, "UpdateMapRun": {}, "UpdateStateMachine": {}, "UpdateStateMachineAlias": {},
    "ValidateStateMachineDefinition": {},
}  # fmt: skip
NO_ARN = {
    "CreateStateMachine": MADE | {"roleArn": "no"},
    "CreateStateMachineAlias": {"name": "a", "routingConfiguration": [{"stateMachineVersionArn": "no", "weight": 100}]},
    "TagResource": {"resourceArn": "no", "tags": []},
    "UntagResource": {"resourceArn": "no", "tagKeys": []},
    "UpdateStateMachineAlias": {"stateMachineAliasArn": "no", "description": ""},
}


def no_arn(operation):
    members = MODEL.operation_model(operation).input_shape.members
    return NO_ARN.get(operation) or {next(name for name in members if name.endswith("Arn")): "no"}


def key():
    """Return a configuration with a key that is there, and the key."""
    usage = {"key_usage": "ENCRYPT_DECRYPT", "key_spec": "SYMMETRIC_DEFAULT", "origin": "AWS_KMS"}
    keys = kms_backends[ACCOUNT][REGION]
    made = keys.create_key(None, description="x", tags={}, multi_region=False, **usage)
    return {"type": "CUSTOMER_MANAGED_KMS_KEY", "kmsKeyId": made.id}, made


def gone(api):
    """Make a machine with a key, an execution and an activity of it, then lose the key; return their ARNs."""
    config, _ = key()
    arns = closed(api, config)
    kms_backends[ACCOUNT][REGION].keys.clear()
    return arns


def disabled(api):
    config, made = key()
    arns = closed(api, config)
    made.enabled, made.key_state = False, "Disabled"
    return arns


def closed(api, config):
    machine = api.machine(encryptionConfiguration=config)
    sync = api.machine(encryptionConfiguration=config, type="EXPRESS")
    activity = api("CreateActivity", name="closed", encryptionConfiguration=config)["activityArn"]
    run = {"executionArn": api.start(machine)}
    return {
        "DescribeExecution": run, "DescribeStateMachineForExecution": run, "GetExecutionHistory": run,
        "StopExecution": {**run, "error": "E"}, "DescribeStateMachine": {"stateMachineArn": machine},
        "StartExecution": {"stateMachineArn": machine}, "StartSyncExecution": {"stateMachineArn": sync},
        "GetActivityTask": {"activityArn": activity},
        "CreateActivity": {"name": "new", "encryptionConfiguration": config},
        "CreateStateMachine": {**MADE, "name": "new", "encryptionConfiguration": config},
        "UpdateStateMachine": {"stateMachineArn": machine, "encryptionConfiguration": config},
    }  # fmt: skip


def while_deleting(api):
    """Return requests for a machine that is being deleted: they are made while its execution is stopped."""
    machine = api.machine(WAIT, name="m")
    version = api.version(machine)
    routes = [{"stateMachineVersionArn": version, "weight": 100}]
    api("CreateStateMachineAlias", name="a", routingConfiguration=routes)
    of = {"stateMachineArn": machine}
    return {
        "CreateStateMachine": {**MADE, "definition": WAIT},
        "CreateStateMachineAlias": {"name": "b", "routingConfiguration": routes},
        "ListStateMachineAliases": of, "PublishStateMachineVersion": of, "StartExecution": of,
        "StartSyncExecution": of, "UpdateStateMachine": {**of, "roleArn": ROLE},
        "UpdateStateMachineAlias": {"stateMachineAliasArn": f"{machine}:a", "description": "x"},
    }  # fmt: skip


def versioned(api, count):
    machine = api.machine()
    for number in range(count):
        api.version(machine, passing(Comment=str(number)))
    return machine


def hundred_aliases(api):
    routes = [{"stateMachineVersionArn": api.version(api.machine()), "weight": 100}]
    for number in range(100):
        api("CreateStateMachineAlias", name=f"a{number}", routingConfiguration=routes)
    return {"name": "more", "routingConfiguration": routes}


def other_description(api):
    routes = [{"stateMachineVersionArn": api.version(api.machine()), "weight": 100}]
    api("CreateStateMachineAlias", name="a", routingConfiguration=routes, description="x")
    return {"name": "a", "routingConfiguration": routes, "description": "y"}


def aliased_version(api):
    version = api.version(api.machine())
    api("CreateStateMachineAlias", name="a", routingConfiguration=[{"stateMachineVersionArn": version, "weight": 100}])
    return {"stateMachineVersionArn": version}


def full(api):
    type(api.backend).most_running = 1
    api.start(api.machine(WAIT))
    return {"stateMachineArn": api.machine()}


def full_for_redrive(api):
    failed = api.run(api.machine(FAIL))["executionArn"]
    full(api)
    return {"executionArn": failed}


def ended_token(api):
    token = api.engine.new_token()
    api.engine.tokens.issue(token, lambda _: True)
    api.engine.tokens.drop(token)
    return {"taskToken": token, "output": "1"}


def many_activities(api):
    for number in range(10_000):
        api.backend.activities[str(number)] = Activity("a", "a", {}, api.backend.now())
    return {"name": "more"}


def many_machines(api):
    record = api.backend.machine(api.machine())
    api.backend.machines.update({str(number): record for number in range(10_000)})
    return MADE


def busy_activity(api):
    api.engine.activities = Activities(seconds=0, pollers=0)
    return {"activityArn": api("CreateActivity", name="a")["activityArn"]}


def activity_with_a_key(api):
    api("CreateActivity", name="a")
    return {"name": "a", "encryptionConfiguration": key()[0]}


TAGS = [{"key": letter + other, "value": ""} for letter in string.ascii_letters for other in "ab"][:51]
NO_TOKEN = {"taskToken": "no", "output": "1"}
ASKED = {
    ("CreateActivity", "ActivityLimitExceeded"): many_activities,
    ("CreateActivity", "ActivityAlreadyExists"): activity_with_a_key,
    ("CreateActivity", "InvalidName"): {"name": "a b"},
    ("CreateActivity", "TooManyTags"): {"name": "a", "tags": TAGS},
    ("CreateActivity", "InvalidEncryptionConfiguration"): {
        "name": "a", "encryptionConfiguration": {"type": "CUSTOMER_MANAGED_KMS_KEY"}
    },
    ("CreateStateMachine", "InvalidDefinition"): MADE | {"definition": "{}"},
    ("CreateStateMachine", "InvalidName"): MADE | {"name": "a/b"},
    ("CreateStateMachine", "InvalidLoggingConfiguration"): MADE | {"loggingConfiguration": {"level": "ALL"}},
    ("CreateStateMachine", "InvalidTracingConfiguration"): MADE | {"tracingConfiguration": {}},
    ("CreateStateMachine", "StateMachineAlreadyExists"): lambda api: MADE | {
        "name": api.machine().rpartition(":")[2], "definition": WAIT
    },
    ("CreateStateMachine", "StateMachineLimitExceeded"): many_machines,
    ("CreateStateMachine", "TooManyTags"): MADE | {"tags": TAGS},
    ("CreateStateMachine", "InvalidEncryptionConfiguration"): MADE | {
        "encryptionConfiguration": {"type": "AWS_OWNED_KEY", "kmsKeyId": "x"}
    },
    ("CreateStateMachineAlias", "ResourceNotFound"): {
        "name": "a", "routingConfiguration": [{"stateMachineVersionArn": f"{NO_MACHINE}:1", "weight": 100}]
    },
    ("CreateStateMachineAlias", "ConflictException"): other_description,
    ("CreateStateMachineAlias", "ServiceQuotaExceededException"): hundred_aliases,
    ("DeleteStateMachineAlias", "ResourceNotFound"): {"stateMachineAliasArn": f"{NO_MACHINE}:a"},
    ("DeleteStateMachineVersion", "ConflictException"): aliased_version,
    ("DescribeActivity", "ActivityDoesNotExist"): {"activityArn": f"{PREFIX}:activity:no"},
    ("DescribeExecution", "ExecutionDoesNotExist"): {"executionArn": NO_RUN},
    ("DescribeMapRun", "ResourceNotFound"): {"mapRunArn": f"{PREFIX}:mapRun:a/b:c"},
    ("DescribeStateMachine", "StateMachineDoesNotExist"): {"stateMachineArn": NO_MACHINE},
    ("DescribeStateMachineAlias", "ResourceNotFound"): {"stateMachineAliasArn": f"{NO_MACHINE}:a"},
    ("DescribeStateMachineForExecution", "ExecutionDoesNotExist"): {"executionArn": NO_RUN},
    ("GetActivityTask", "ActivityDoesNotExist"): {"activityArn": f"{PREFIX}:activity:no"},
    ("GetActivityTask", "ActivityWorkerLimitExceeded"): busy_activity,
    ("GetExecutionHistory", "ExecutionDoesNotExist"): {"executionArn": NO_RUN},
    ("GetExecutionHistory", "InvalidToken"): lambda api: {"executionArn": api.start(api.machine()), "nextToken": "x"},
    ("ListActivities", "InvalidToken"): {"nextToken": "x"},
    ("ListExecutions", "InvalidToken"): lambda api: {"stateMachineArn": api.machine(), "nextToken": "x"},
    ("ListExecutions", "StateMachineDoesNotExist"): {"stateMachineArn": NO_MACHINE},
    ("ListExecutions", "StateMachineTypeNotSupported"): lambda api: {"stateMachineArn": api.machine(type="EXPRESS")},
    ("ListExecutions", "ResourceNotFound"): {"mapRunArn": f"{PREFIX}:mapRun:a/b:c"},
    ("ListMapRuns", "ExecutionDoesNotExist"): {"executionArn": NO_RUN},
    ("ListMapRuns", "InvalidToken"): lambda api: {"executionArn": api.start(api.machine()), "nextToken": "x"},
    ("ListStateMachineAliases", "InvalidToken"): lambda api: {"stateMachineArn": api.machine(), "nextToken": "x"},
    ("ListStateMachineAliases", "ResourceNotFound"): lambda api: {"stateMachineArn": f"{api.machine()}:7"},
    ("ListStateMachineAliases", "StateMachineDoesNotExist"): {"stateMachineArn": NO_MACHINE},
    ("ListStateMachineVersions", "InvalidToken"): lambda api: {"stateMachineArn": api.machine(), "nextToken": "x"},
    ("ListStateMachines", "InvalidToken"): {"nextToken": "x"},
    ("ListTagsForResource", "ResourceNotFound"): {"resourceArn": NO_MACHINE},
    ("PublishStateMachineVersion", "StateMachineDoesNotExist"): {"stateMachineArn": NO_MACHINE},
    ("PublishStateMachineVersion", "ServiceQuotaExceededException"): lambda api: {
        "stateMachineArn": more_than_published(api)
    },
    ("PublishStateMachineVersion", "ConflictException"): lambda api: {
        "stateMachineArn": api.machine(), "revisionId": "x"
    },
    ("RedriveExecution", "ExecutionDoesNotExist"): {"executionArn": NO_RUN},
    ("RedriveExecution", "ExecutionNotRedrivable"): lambda api: {"executionArn": api.start(api.machine())},
    ("RedriveExecution", "ExecutionLimitExceeded"): full_for_redrive,
    **{
        (f"SendTask{what}", error): asked
        for what in ("Success", "Failure", "Heartbeat")
        for error, asked in (
            ("TaskDoesNotExist", {"taskToken": TOKEN, "output": "1"}),
            ("InvalidToken", NO_TOKEN),
            ("TaskTimedOut", ended_token),
        )
    },
    ("SendTaskSuccess", "InvalidOutput"): {"taskToken": "no", "output": "{"},
    ("StartExecution", "ExecutionLimitExceeded"): full,
    ("StartExecution", "ExecutionAlreadyExists"): lambda api: {
        "stateMachineArn": (machine := api.machine()), "name": api.run(machine)["name"]
    },
    ("StartExecution", "InvalidExecutionInput"): lambda api: {"stateMachineArn": api.machine(), "input": "{"},
    ("StartExecution", "InvalidName"): lambda api: {"stateMachineArn": api.machine(), "name": "a\n"},
    ("StartExecution", "StateMachineDoesNotExist"): {"stateMachineArn": NO_MACHINE},
    ("StartSyncExecution", "InvalidExecutionInput"): lambda api: {
        "stateMachineArn": api.machine(type="EXPRESS"), "input": "{"
    },
    ("StartSyncExecution", "InvalidName"): lambda api: {"stateMachineArn": api.machine(type="EXPRESS"), "name": "a b"},
    ("StartSyncExecution", "StateMachineDoesNotExist"): {"stateMachineArn": NO_MACHINE},
    ("StartSyncExecution", "StateMachineTypeNotSupported"): lambda api: {"stateMachineArn": api.machine()},
    ("StopExecution", "ExecutionDoesNotExist"): {"executionArn": NO_RUN},
    ("TagResource", "ResourceNotFound"): {"resourceArn": NO_MACHINE, "tags": []},
    ("TagResource", "TooManyTags"): lambda api: {"resourceArn": api.machine(), "tags": TAGS},
    ("UntagResource", "ResourceNotFound"): {"resourceArn": NO_MACHINE, "tagKeys": []},
    ("UpdateMapRun", "ResourceNotFound"): {"mapRunArn": f"{PREFIX}:mapRun:a/b:c", "maxConcurrency": 1},
    ("UpdateStateMachine", "InvalidDefinition"): lambda api: {"stateMachineArn": api.machine(), "definition": "{}"},
    ("UpdateStateMachine", "InvalidLoggingConfiguration"): lambda api: {
        "stateMachineArn": api.machine(), "loggingConfiguration": {"level": "ALL"}
    },
    ("UpdateStateMachine", "InvalidTracingConfiguration"): lambda api: {
        "stateMachineArn": api.machine(), "tracingConfiguration": {}
    },
    ("UpdateStateMachine", "MissingRequiredParameter"): lambda api: {"stateMachineArn": api.machine()},
    ("UpdateStateMachine", "StateMachineDoesNotExist"): {"stateMachineArn": NO_MACHINE, "roleArn": ROLE},
    ("UpdateStateMachine", "ServiceQuotaExceededException"): lambda api: {
        "stateMachineArn": versioned(api, 1000), "definition": WAIT, "publish": True
    },
    ("UpdateStateMachine", "InvalidEncryptionConfiguration"): lambda api: {
        "stateMachineArn": api.machine(), "encryptionConfiguration": {"type": "CUSTOMER_MANAGED_KMS_KEY"}
    },
    ("UpdateStateMachineAlias", "ResourceNotFound"): {"stateMachineAliasArn": f"{NO_MACHINE}:a", "description": ""},
}  # fmt: skip


def more_than_published(api):
    machine = versioned(api, 1000)
    api("UpdateStateMachine", stateMachineArn=machine, definition=WAIT)
    return machine


def documented():
    for name in MODEL.operation_names:
        for error in MODEL.operation_model(name).error_shapes:
            if name not in ELSEWHERE and (name, error.name) not in NEVER:
                yield name, error.name


@pytest.mark.parametrize(("operation", "error"), list(documented()))
def test_a_request_gets_it(api, operation, error):
    if error == "StateMachineDeleting":
        assert refused_while_deleting(api, operation) == error
        return
    if error == "KmsAccessDeniedException":
        params = gone(api)[operation]
    elif error == "KmsInvalidStateException":
        params = disabled(api)[operation]
    elif error == "ValidationException":
        params = BY_MODEL[operation]
    elif error == "InvalidArn":
        params = no_arn(operation)
    else:
        params = ASKED[operation, error]
    kind, message = api.refused(operation, **(params(api) if callable(params) else params))
    assert kind == error
    assert message


def refused_while_deleting(api, operation):
    said = []
    params = while_deleting(api)[operation]
    run = api.start(f"{PREFIX}:stateMachine:m")
    api.backend.runs[run].watch(lambda: said.append(api.refused(operation, **params)[0]))
    api("DeleteStateMachine", stateMachineArn=f"{PREFIX}:stateMachine:m")
    return said[0]


def test_nothing_is_explained_that_no_action_has():
    errors = {
        (name, error.name) for name in MODEL.operation_names for error in MODEL.operation_model(name).error_shapes
    }
    unknown = {pair for pair in (set(NEVER) | set(ASKED)) - errors if pair[1] != "KmsThrottlingException"}
    assert unknown == set()
