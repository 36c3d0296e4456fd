"""What a run is asked for: accepted as text or number, refused with every problem at once."""

import pytest

from shared.handlers.payload import BadInput
from shared.handlers.random_mean.payload import Request, read


def test_numbers_may_come_as_text(payload):
    asked = payload(repetitions="10", delay_seconds="0.5", concurrency=4.0)
    assert read(asked) == Request(repetitions=10, storage="csv")


@pytest.mark.parametrize("value", [0, -1, 10**7, 2.5, "ten", True, None, [], "1" * 400])
def test_repetitions_that_cannot_be_are_refused(payload, value):
    with pytest.raises(BadInput, match="repetitions is "):
        read(payload(repetitions=value))


@pytest.mark.parametrize("value", [-1, 10**9, "soon", None, float("inf")])
def test_delays_that_cannot_be_are_refused(payload, value):
    with pytest.raises(BadInput, match="delay_seconds is"):
        read(payload(delay_seconds=value))


def test_every_problem_is_told_at_once(payload):
    with pytest.raises(BadInput) as raised:
        read(payload(repetitions=0, storage="tape", concurrency=10**6, repetition=3))
    for part in ("repetitions is 0", "storage is 'tape', not one of csv", "concurrency is", "did you mean repetitions"):
        assert part in str(raised.value)
