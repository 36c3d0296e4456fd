"""A function's log lines reach its group if its role has the rights, and are lost if not."""

from __future__ import annotations

import time

import pytest
from moto.core.base_backend import BackendDict
from moto.logs.models import logs_backends

from shared.disks import DiskError
from shared.local.lambda_runtime.cloudwatch import MotoLogs
from shared.local.lambda_runtime.log_stream import LogEvent

GROUP = "arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/f"
NEEDED = {
    ("logs:CreateLogGroup", GROUP),
    ("logs:CreateLogStream", f"{GROUP}:log-stream:s"),
    ("logs:PutLogEvents", f"{GROUP}:log-stream:s"),
}


@pytest.fixture
def groups():
    yield logs_backends["123456789012"]["us-east-1"].groups
    BackendDict.reset()


def put(function, allowed):
    asked = []

    def may(role, session, action, resource):
        asked.append((role, session))
        return (action, resource) in allowed

    now = int(time.time() * 1000)  # moto, like AWS, refuses old events
    MotoLogs(may).put(function("", role="arn:role"), "s", [LogEvent(now, "hello\n")])
    assert set(asked) == {("arn:role", "f")}


def test_a_role_that_may_writes_and_makes_the_group_itself(function, groups):
    put(function, NEEDED)
    assert [event.message for event in groups["/aws/lambda/f"].streams["s"].events] == ["hello\n"]


@pytest.mark.parametrize("missing", sorted(NEEDED))
def test_a_role_that_may_not_loses_its_lines(function, groups, missing):
    put(function, NEEDED - {missing})
    assert "/aws/lambda/f" not in groups


def test_a_full_disk_costs_lines_and_no_answer(function, groups, caplog):
    put(function, NEEDED)

    class Full(dict):
        def __getitem__(self, name):
            raise DiskError("the disk is full", where="logs.db", fix="free space there")

    backend = logs_backends["123456789012"]["us-east-1"]
    backend.groups = Full(groups)
    MotoLogs().put(function("", role="arn:role"), "s", [LogEvent(1, "lost\n")])
    assert "log lines of functions are lost: logs.db: the disk is full; fix: free space there" in caplog.text


def test_a_group_that_is_there_need_not_be_made(function, groups):
    put(function, NEEDED)
    put(function, NEEDED - {("logs:CreateLogGroup", GROUP)})
    assert len(groups["/aws/lambda/f"].streams["s"].events) == 2
