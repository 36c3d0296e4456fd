"""Roles that a service cannot take are refused in that service's code and words, whoever gives them."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from functools import partial

import pytest
from moto.awslambda.models import lambda_backends
from moto.core.exceptions import AWSError, JsonRESTError
from moto.events.models import EventsBackend, events_backends
from moto.logs.models import logs_backends
from moto.s3.models import s3_backends
from moto.scheduler.models import scheduler_backends
from moto.sqs.models import sqs_backends

from shared.local.asl.api import ACTIONS
from shared.local.asl.backend import AslBackend
from shared.local.asl.engine import Engine
from shared.local.asl.refusals import Refused
from shared.local.asl.scheduler import VirtualScheduler
from shared.local.enforcement import trust
from shared.local.lambda_runtime.limits import install_limits
from shared.local.lambda_runtime.zips import LARGEST_UNZIPPED

PASS = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}
NESTED = {
    "StartAt": "N",
    "States": {
        "N": {
            "Type": "Task",
            "Resource": "arn:aws:states:::states:startExecution.sync:2",
            "Parameters": {"StateMachineArn": "arn:aws:states:us-east-1:123456789012:stateMachine:x"},
            "End": True,
        }
    },
}


@pytest.fixture(autouse=True)
def checked(gate):
    with trust.install(gate):
        yield


def create_function(account, role):
    spec = {"FunctionName": "f", "Role": role, "Handler": "a.b", "Runtime": "python3.12", "Code": {"ZipFile": ""}}
    return lambda_backends[account.id][account.region].create_function(spec)


def test_lambda(account):
    trusted, other = account.role("a"), account.role("b", trust=account.trusting("states.amazonaws.com"))
    words = "The role defined for the function cannot be assumed by Lambda."
    with pytest.raises(JsonRESTError, match=words) as refused:
        create_function(account, other)
    assert refused.value.error_type == "InvalidParameterValueException"
    create_function(account, trusted)
    backend = lambda_backends[account.id][account.region]
    with pytest.raises(JsonRESTError, match=words):
        backend.update_function_configuration("f", None, {"Role": other})
    backend.update_function_configuration("f", None, {"Timeout": 5})
    assert backend.get_function("f").role == trusted


def test_what_is_wrong_with_code_is_told_before_what_is_wrong_with_a_role(account):
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file, file.open("zeros", "w") as zeros:
        for _ in range(LARGEST_UNZIPPED // (1 << 20) + 1):
            zeros.write(bytes(1 << 20))
    spec = {"FunctionName": "f", "Role": account.role("b", trust=account.trusting("states.amazonaws.com"))}
    spec |= {"Handler": "a.b", "Runtime": "python3.12", "Code": {"ZipFile": base64.b64encode(code.getvalue())}}
    backend = lambda_backends[account.id][account.region]
    with install_limits(), pytest.raises(JsonRESTError, match=f"smaller than {LARGEST_UNZIPPED} bytes"):
        backend.create_function(spec)
    assert list(backend.list_functions()) == []


def test_a_function_is_fed_from_what_its_role_reads(account, judge):
    queue = sqs_backends[account.id][account.region].create_queue("team1-q").queue_arn
    create_function(account, account.role("team1-f"))
    backend = lambda_backends[account.id][account.region]
    asked = {"FunctionName": "f", "EventSourceArn": queue}
    with pytest.raises(JsonRESTError, match="role does not have permissions to call ReceiveMessage on SQS") as refused:
        backend.create_event_source_mapping(dict(asked))
    assert refused.value.error_type == "InvalidParameterValueException"
    reads = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
    account.iam.put_role_policy("team1-f", "queue", account.document(account.allow(reads, queue)))
    judge.changed()
    assert backend.create_event_source_mapping(dict(asked)).event_source_arn == queue


def test_logs_are_exported_into_a_bucket_that_lets_them_in(account, judge):
    logs = logs_backends[account.id][account.region]
    logs.create_log_group("team1-g", {}, kmsKeyId=None)
    bucket = s3_backends[account.id]["aws"].create_bucket("team2-data", account.region)
    export = partial(logs.create_export_task, "", "team1-g", "team2-data", "", 0, 1)
    with pytest.raises(JsonRESTError, match="PutObject call on the given bucket failed"):
        export()
    assert bucket.keys == {}
    service = {"Service": f"logs.{account.region}.amazonaws.com"}
    statements = [
        account.allow("s3:GetBucketAcl", bucket.arn, Principal=service),
        account.allow("s3:PutObject", f"{bucket.arn}/*", Principal=service),
    ]
    s3_backends[account.id]["aws"].put_bucket_policy("team2-data", account.document(*statements).encode())
    judge.changed()
    assert export()


@pytest.fixture
def machines(account):
    backend = AslBackend(account.region, account.id)
    backend.engine = Engine(VirtualScheduler(), lambda *_: None)
    return backend


def test_step_functions(account, machines):
    own = {"ArnLike": {"aws:SourceArn": account.arn("states", "stateMachine:m")}}
    role = account.role("m", trust=account.trusting("states.amazonaws.com", condition=own))
    words = "Neither the global service principal states.amazonaws.com, nor the regional one is authorized to assume"
    made = {"name": "m", "definition": json.dumps(PASS), "roleArn": role}
    with pytest.raises(AWSError, match=words) as refused:
        ACTIONS["create_state_machine"](machines, {**made, "name": "other"})
    assert refused.value.TYPE == "AccessDeniedException"
    arn = ACTIONS["create_state_machine"](machines, made)["stateMachineArn"]
    with pytest.raises(AWSError, match=words):
        ACTIONS["update_state_machine"](machines, {"stateMachineArn": arn, "roleArn": account.role("f")})
    ACTIONS["update_state_machine"](machines, {"stateMachineArn": arn, "definition": json.dumps(PASS)})
    with pytest.raises(Refused, match="Invalid Role Arn: 'x'"):
        ACTIONS["create_state_machine"](machines, {**made, "name": "another", "roleArn": "x"})


def test_the_role_of_a_machine_that_logs_must_reach_the_delivery(account, machines):
    role = account.role("m", trust=account.trusting("states.amazonaws.com"))
    logs_backends[account.id][account.region].create_log_group("g", {})
    group = {"cloudWatchLogsLogGroup": {"logGroupArn": account.arn("logs", "log-group:g:*")}}
    logging = {"level": "ALL", "destinations": [group]}
    made = {"name": "m", "definition": json.dumps(PASS), "roleArn": role, "loggingConfiguration": logging}
    with pytest.raises(AWSError, match="The state machine IAM Role is not authorized to access the Log Destination"):
        ACTIONS["create_state_machine"](machines, made)
    ACTIONS["create_state_machine"](machines, made | {"loggingConfiguration": {**logging, "level": "OFF"}})


def test_the_role_of_a_machine_that_waits_for_others_must_make_their_rule(account, machines):
    role = account.role("m", trust=account.trusting("states.amazonaws.com"))
    with pytest.raises(AWSError, match=f"'{role}' is not authorized to create managed-rule."):
        ACTIONS["create_state_machine"](machines, {"name": "m", "definition": json.dumps(NESTED), "roleArn": role})


def test_one_state_alone_takes_its_role_for_no_machine(account, machines):
    tested = {"definition": json.dumps(PASS["States"]["P"]), "input": "{}"}
    for_one = {"ArnLike": {"aws:SourceArn": account.arn("states", "stateMachine:m")}}
    role = account.role("m", trust=account.trusting("states.amazonaws.com", condition=for_one))
    with pytest.raises(AWSError, match="is authorized to assume the provided role"):
        ACTIONS["test_state"](machines, {**tested, "roleArn": role})


def test_eventbridge(account):
    role, rules = account.role("r"), events_backends[account.id][account.region]
    words = f"Provided role '{role}' cannot be assumed by principal 'events.amazonaws.com'"
    with pytest.raises(JsonRESTError, match=words):
        rules.put_rule("x", scheduled_expression="rate(1 day)", role_arn=role)
    rules.put_rule("x", scheduled_expression="rate(1 day)")
    target = {"Id": "1", "Arn": account.arn("states", "stateMachine:m"), "RoleArn": role}
    with pytest.raises(JsonRESTError, match=words):
        rules.put_targets("x", None, [target])
    own = {"ArnEquals": {"aws:SourceArn": account.arn("events", "rule/x")}}
    trusted = account.role("t", trust=account.trusting("events.amazonaws.com", condition=own))
    rules.put_targets("x", None, [{**target, "RoleArn": trusted}])


def test_the_scheduler(account):
    backend = scheduler_backends[account.id][account.region]
    given = {
        "description": "", "end_date": None, "flexible_time_window": {"Mode": "OFF"}, "group_name": "default",
        "kms_key_arn": None, "name": "s", "schedule_expression": "rate(1 day)", "schedule_expression_timezone": None,
        "start_date": None, "state": "ENABLED", "action_after_completion": None,
    }  # fmt: skip
    target = {"Arn": account.arn("lambda", "function:f"), "RoleArn": account.role("r")}
    words = "The execution role you provide must allow AWS EventBridge Scheduler to assume the role."
    with pytest.raises(JsonRESTError, match=words):
        backend.create_schedule(**given, target=target)
    trusted = account.role("t", trust=account.trusting("scheduler.amazonaws.com"))
    backend.create_schedule(**given, target={**target, "RoleArn": trusted})


def test_all_is_as_before_afterwards(gate):
    before, action = EventsBackend.__dict__["put_rule"], ACTIONS["create_state_machine"]
    with trust.install(gate):
        assert EventsBackend.__dict__["put_rule"] is not before
        assert ACTIONS["create_state_machine"] is not action
    assert EventsBackend.__dict__["put_rule"] is before
    assert ACTIONS["create_state_machine"] is action
