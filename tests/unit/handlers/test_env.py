from __future__ import annotations

import pytest

from shared.handlers import env

WHOLE = {"TEAM": "t", "STAGE": "dev", "ACCOUNT": "1", "BUCKET": "b", "WORKFLOW": "cosmic"}


def test_every_missing_variable_is_named_at_once() -> None:
    with pytest.raises(env.MissingEnvironment, match="lacks STAGE, BUCKET"):
        env.read({**WHOLE, "STAGE": "", "BUCKET": ""})


def test_what_deployment_wrote_is_read() -> None:
    assert env.read(WHOLE) == env.Env(team="t", stage="dev", account="1", bucket="b", workflow="cosmic")


@pytest.mark.parametrize(("megabytes", "threads"), [(128, 1), (1769, 1), (3537, 1), (3538, 2), (10240, 5)])
def test_memory_pays_for_threads(megabytes: int, threads: int) -> None:
    assert env.threads({"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(megabytes)}, cores=6) == threads


def test_no_more_threads_than_cores() -> None:
    assert env.threads({"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "10240"}, cores=2) == 2


def test_threads_outside_a_function_are_an_error() -> None:
    with pytest.raises(env.MissingEnvironment, match="AWS_LAMBDA_FUNCTION_MEMORY_SIZE"):
        env.threads({})
