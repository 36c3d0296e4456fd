"""A plan's steps as the state of each thing that a lane owns."""

from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

from shared.deploy.drift import read_drift
from shared.deploy.model import Plan, Step


class Lambda:
    def __init__(self, reserved):
        self.reserved = reserved

    def get_function_concurrency(self, *, FunctionName):
        if FunctionName not in self.reserved:
            raise ClientError({"Error": {"Code": "ResourceNotFoundException"}}, "GetFunctionConcurrency")
        count = self.reserved[FunctionName]
        return {} if count is None else {"ReservedConcurrentExecutions": count}


def drift(*steps, reserved=None, functions=()):
    aws = SimpleNamespace(client=lambda _: Lambda(reserved or {}))
    lane = SimpleNamespace(
        functions={name: SimpleNamespace(name=name, reserved_concurrency=count) for name, count in functions}
    )
    return read_drift(lane, Plan("team2", "dev", steps, {}), aws)


@pytest.mark.parametrize(
    ("action", "state"),
    [
        ("nothing", "as in the file"),
        ("update", "differs"),
        ("replace", "differs"),
        ("create", "missing"),
        ("delete", "in no file"),
    ],
)
def test_each_step_is_a_state(action, state):
    found = drift(Step(action, "bucket", "team2-data"))
    assert [each.state for each in found.owned] == [state]
    assert len(found.changes) == (action != "nothing")


def test_values_of_environments_are_left_out():
    lines = (
        "memory_mb: 128 -> 256",
        "environment.MODEL: s3cr3t -> other",
        "environment.NEW: absent -> t0ps3cr3t",
        'environment: {"KEY": "s3cr3t"} -> none',
        "environment.OLD: s3cr3t -> absent",
    )
    found = drift(Step("update", "function", "f", lines), functions=[("f", None)]).owned[0].lines
    assert found[0] == "memory_mb: 128 -> 256"
    assert "s3cr3t" not in "".join(found)
    assert found[1:] == (
        "environment variable MODEL has another value, which is not shown",
        "environment variable NEW is not there",
        "environment has another value, which is not shown",
        "environment variable OLD is in no file; its value is not shown",
    )


def test_what_is_not_there_shows_none_of_what_it_would_have():
    made = Step("create", "function", "f", ('environment: {"KEY": "s3cr3t"}',))
    assert drift(made, functions=[("f", 4)]).owned[0].lines == ()


def test_reserved_concurrency_is_asked_for_where_a_function_differs():
    found = drift(
        Step("nothing", "function", "same"),
        Step("update", "function", "other", ("reserved_concurrency: 5 -> 4",)),
        Step("create", "function", "new"),
        Step("delete", "function", "old"),
        reserved={"other": 5, "old": 7},
        functions=[("same", 3), ("other", 4), ("new", 9)],
    )
    assert found.reserved == {"same": 3, "other": 5, "old": 7}
    assert found.total_reserved == 15


def test_what_is_the_accounts_is_not_the_lanes():
    assert drift(Step("create", "log delivery", "account-wide")).owned == ()
