"""Services deliver to functions only what the function's policy, or its role, allows."""

from __future__ import annotations

import json

import pytest
from moto.awslambda.models import LambdaBackend, LambdaFunction, lambda_backends
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends

from shared.local.enforcement import deliveries


@pytest.fixture
def called(monkeypatch, gate):
    """Remembers what reached a function or started a machine; runs nothing."""
    arrived = []
    monkeypatch.setattr(LambdaFunction, "invoke", lambda self, *_: arrived.append(self.function_name) or b"{}")
    monkeypatch.setattr(LambdaBackend, "invoke", lambda _self, function_name, **_: arrived.append(function_name))
    with deliveries.install(gate):
        yield arrived


@pytest.fixture
def function(account):
    def make(*statements):
        role = account.role("team1-f", *statements)
        spec = {"FunctionName": "f", "Role": role, "Handler": "a.b", "Runtime": "python3.12", "Code": {"ZipFile": ""}}
        lambda_backends[account.id][account.region].create_function(spec)
        return account.arn("lambda", "function:f")

    return make


@pytest.fixture
def let_in(account, judge):
    def add(service, source):
        statement = {"StatementId": "s", "Action": "lambda:InvokeFunction", "Principal": service, "SourceArn": source}
        lambda_backends[account.id][account.region].add_permission("f", None, json.dumps(statement))
        judge.changed()

    return add


def test_a_topic_calls_a_function_that_lets_it_in(account, function, called, let_in):
    arn = function()
    topic = sns_backends[account.id][account.region].create_topic("t")
    subscription = sns_backends[account.id][account.region].subscribe(topic.arn, arn, "lambda")
    subscription.publish("hello", "id")
    assert called == []
    let_in("sns.amazonaws.com", topic.arn)
    subscription.publish("hello", "id")
    assert called == ["f"]


@pytest.fixture
def queue(account):
    return sqs_backends[account.id][account.region].create_queue("team1-q")


@pytest.fixture
def open_queue(account, queue, judge):
    def let(name, arn):
        condition = {"ArnEquals": {"aws:SourceArn": arn}}
        statement = account.allow("sqs:SendMessage", queue.queue_arn, Principal={"Service": name}, Condition=condition)
        queues = sqs_backends[account.id][account.region]
        queues.set_queue_attributes(queue.name, {"Policy": account.document(statement)})
        judge.changed()

    return let


@pytest.fixture
def only_if_let_in(queue, open_queue, called, said):
    """Check that *send* reaches the queue only if the queue lets in the service for the thing that it acts for."""

    def see(name, arn, send):
        send()
        open_queue(name, f"{arn}-other")
        send()
        assert (queue.messages, called) == ([], [])
        assert f"{name} is not authorized to perform: sqs:SendMessage" in said[0]
        open_queue(name, arn)
        send()
        assert len(queue.messages) == 1

    return see


def test_a_topic_writes_into_a_queue_that_lets_it_in(account, queue, only_if_let_in):
    topics = sns_backends[account.id][account.region]
    arn = topics.create_topic("t").arn
    topics.subscribe(arn, queue.queue_arn, "sqs")
    only_if_let_in("sns.amazonaws.com", arn, lambda: topics.publish("hello", arn=arn))


def test_log_lines_reach_a_function_that_lets_their_group_in(account, function, called, let_in):
    arn = function()
    backend = lambda_backends[account.id][account.region]
    backend.send_log_event(arn, "filter", "/g", "s", [])
    assert called == []
    let_in("logs.amazonaws.com", account.arn("logs", "log-group:/g:*"))
    backend.send_log_event(arn, "filter", "/g", "s", [])
    assert called == ["f"]
