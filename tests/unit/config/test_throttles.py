"""How often an account may call what: every action is one of AWS's, and the numbers are those of the pages."""

import botocore.session
import pytest

from shared.config.throttles import CONTROL_PLANE, starts_of, throttles_of, transitions_of

LARGE, OTHER = "us-east-1", "us-east-2"


@pytest.mark.parametrize("region", [LARGE, OTHER, "eu-central-1"])
def test_every_action_is_one_of_aws_s_and_gives_something(region):
    models = botocore.session.get_session()
    names = {name: models.get_service_model(name).operation_names for name in ("stepfunctions", "logs", "lambda")}
    for (service, action), throttle in throttles_of(region).items():
        assert action in names[service] or action == CONTROL_PLANE
        assert throttle.bucket >= throttle.refill >= 1


def test_step_functions_gives_every_action_a_bucket_but_those_that_start_and_wait():
    model = botocore.session.get_session().get_service_model("stepfunctions")
    bare = set(model.operation_names) - {
        action for service, action in throttles_of(LARGE) if service == "stepfunctions"
    }
    assert bare == {"StartExecution", "StartSyncExecution"}


@pytest.mark.parametrize(
    ("region", "action", "bucket", "refill"),
    [
        (LARGE, "DescribeExecution", 300, 15), (OTHER, "DescribeExecution", 250, 10),
        (LARGE, "GetExecutionHistory", 400, 20), (OTHER, "GetExecutionHistory", 400, 20),
        (LARGE, "ListExecutions", 200, 5), (OTHER, "ListExecutions", 100, 2),
        (LARGE, "StopExecution", 1000, 200), (OTHER, "StopExecution", 500, 25), (OTHER, "DescribeMapRun", 200, 1),
    ],
)  # fmt: skip
def test_the_buckets_of_step_functions_are_those_of_the_page(region, action, bucket, refill):
    found = throttles_of(region)["stepfunctions", action]
    assert (found.bucket, found.refill) == (bucket, refill)


@pytest.mark.parametrize(
    ("region", "filters", "reads"),
    [("us-east-1", 25, 25), ("eu-central-1", 5, 10), ("us-west-2", 10, 10), ("eu-west-3", 10, 30), (OTHER, 10, 25)],
)
def test_logs_are_read_as_often_as_the_page_says(region, filters, reads):
    found = throttles_of(region)
    assert (found["logs", "FilterLogEvents"].refill, found["logs", "GetLogEvents"].refill) == (filters, reads)


def test_starts_and_transitions_are_those_of_the_page():
    assert [
        (each.bucket, each.refill) for each in (starts_of(LARGE, express=False), starts_of(OTHER, express=False))
    ] == [
        (1300, 300),
        (800, 150),
    ]
    assert starts_of(OTHER, express=True).refill == 6000
    assert (transitions_of(LARGE).refill, transitions_of(OTHER).refill) == (5000, 800)
