"""Callers in this process: what a role may do, what a service may deliver, and what AWS drops and we log once."""

from __future__ import annotations

import pytest
from moto.awslambda.models import lambda_backends
from moto.logs.models import logs_backends

from shared.local.enforcement.denied import DeniedError

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:team1-f"


def test_a_role_does_what_it_may_and_nothing_else(account, gate):
    role = account.role("team1-machine", account.allow("lambda:InvokeFunction", FUNCTION))
    gate.permit(role, "lambda:InvokeFunction", FUNCTION)
    with pytest.raises(DeniedError) as refused:
        gate.permit(role, "lambda:InvokeFunction", f"{FUNCTION}2")
    what = refused.value.what
    assert what.startswith("User: arn:aws:sts::123456789012:assumed-role/team1-machine/")
    assert what.endswith(
        f" is not authorized to perform: lambda:InvokeFunction on resource: {FUNCTION}2 because no identity-based "
        "policy allows the lambda:InvokeFunction action"
    )
    assert "under uses of what calls it: functions: [KEY]" in str(refused.value.fix)
    assert refused.value.message == f"{what}; {refused.value.fix}"


def function(account):
    role = account.role("f")
    spec = {"FunctionName": "team1-f", "Role": role, "Handler": "a.b", "Runtime": "python3.12", "Code": {"ZipFile": ""}}
    backend = lambda_backends[account.id][account.region]
    backend.create_function(spec)
    return backend


def test_a_service_is_let_in_by_the_functions_policy_for_its_own_resource(account, gate, said, judge):
    backend, rule = function(account), account.arn("events", "rule/team1-r")
    assert not gate.delivers("events.amazonaws.com", "lambda:InvokeFunction", FUNCTION, rule)
    assert not gate.delivers("events.amazonaws.com", "lambda:InvokeFunction", FUNCTION, rule)
    assert len(said) == 1
    assert "events.amazonaws.com is not authorized to perform: lambda:InvokeFunction" in said[0]
    assert "because no resource-based policy allows the lambda:InvokeFunction action" in said[0]
    raw = (
        '{"StatementId": "s", "Action": "lambda:InvokeFunction", "Principal": "events.amazonaws.com", '
        f'"SourceArn": "{rule}"}}'
    )
    backend.add_permission("team1-f", None, raw)
    judge.changed()
    assert gate.delivers("events.amazonaws.com", "lambda:InvokeFunction", FUNCTION, rule)
    assert not gate.delivers("events.amazonaws.com", "lambda:InvokeFunction", FUNCTION, f"{rule}2")
    assert not gate.delivers("s3.amazonaws.com", "lambda:InvokeFunction", FUNCTION, rule)


def test_logs_are_delivered_where_a_policy_of_cloudwatch_logs_says_so(account, gate, judge):
    backend = logs_backends[account.id][account.region]
    group = account.arn("logs", "log-group:/aws/vendedlogs/states/team1-m")
    mine = account.arn("logs", "*")
    let_in = {
        **account.allow(["logs:PutLogEvents"], account.arn("logs", "log-group:/aws/vendedlogs/states/*")),
        "Principal": {"Service": "delivery.logs.amazonaws.com"},
        "Condition": {"StringEquals": {"aws:SourceAccount": account.id}},
    }
    backend.put_resource_policy("p", account.document(let_in))
    judge.changed()
    delivery = "delivery.logs.amazonaws.com", "logs:PutLogEvents"
    assert gate.delivers(*delivery, f"{group}:log-stream:s", mine)
    assert not gate.delivers(*delivery, account.arn("logs", "log-group:other:log-stream:s"), mine)
    backend.put_resource_policy("broken", "{")  # moto keeps what AWS would refuse
    judge.changed()
    assert not gate.delivers(*delivery, f"{group}:log-stream:s", mine)


def test_a_service_takes_a_role_that_trusts_it_for_that_resource(account, gate):
    machine = account.arn("states", "stateMachine:team1-m")
    own = {"StringEquals": {"aws:SourceAccount": account.id}, "ArnLike": {"aws:SourceArn": machine}}
    role = account.role("m", trust=account.trusting("states.amazonaws.com", condition=own))
    assert gate.assumes("states.amazonaws.com", role, machine)
    assert not gate.assumes("states.amazonaws.com", role, f"{machine}2")
    assert not gate.assumes("states.amazonaws.com", role)
    assert not gate.assumes("lambda.amazonaws.com", role, machine)
    assert not gate.assumes("states.amazonaws.com", f"{role}-gone", machine)
