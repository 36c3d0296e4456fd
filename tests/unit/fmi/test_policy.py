"""FMI's model: which channel is fast, which is cheap."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import UsageError
from shared.fmi.communicator import Communicator
from shared.fmi.policy import DirectModel, Hint, Model, Policy, Question, RedisModel, S3Model

MODELS: dict[str, Model] = {"Direct": DirectModel(), "S3": S3Model(), "Redis": RedisModel()}
OPERATIONS = ["send", "bcast", "barrier", "gather", "scatter", "reduce", "allreduce", "scan", "allgather", "alltoall"]
QUESTIONS = st.builds(
    Question, st.sampled_from(OPERATIONS), st.integers(2, 4096), st.integers(0, 1 << 30), st.booleans()
)


@given(QUESTIONS)
def test_every_operation_has_a_latency_and_a_price_on_every_channel(question: Any) -> None:
    for model in MODELS.values():
        assert model.latency(question) > 0
        assert model.price(question) >= 0


@given(QUESTIONS, st.sampled_from(sorted(MODELS)))
def test_more_bytes_never_take_less_time(question: Any, name: Any) -> None:
    more = Question(question.operation, question.size, question.nbytes * 2 + 1, question.ordered)
    assert MODELS[name].latency(more) >= MODELS[name].latency(question)


@given(QUESTIONS)
def test_fast_is_the_least_time_with_its_part_of_the_joining(question: Any) -> None:
    chosen = Policy(MODELS, hint=Hint.FAST).choose(question)
    seconds = {name: model.latency(question) + model.joining(question) for name, model in MODELS.items()}
    assert seconds[chosen] == min(seconds.values())


@pytest.mark.parametrize(
    ("question", "without", "with_it"),
    [
        (Question("barrier", 128, 1), "Direct", "Direct"),  # 2.4 ms and 0.5 of the joining, against 73 of Redis
        (Question("send", 1000, 1), "Direct", "Redis"),  # 0.3 ms and 6 of the joining of 1,000 ranks, against 5.2
        (Question("send", 128, 1), "Direct", "Direct"),
    ],
)
def test_a_large_world_that_must_join_first_may_be_slower_than_a_store(
    question: Question, without: str, with_it: str
) -> None:
    assert min(MODELS, key=lambda name: MODELS[name].latency(question)) == without
    assert Policy(MODELS).choose(question) == with_it


def test_a_larger_server_and_more_operations_make_joining_cheap() -> None:
    question = Question("send", 1000, 1)
    for better in (DirectModel(vcpus=1), DirectModel(requests_per_hour=100_000)):
        assert better.joining(question) < DirectModel().joining(question) / 3
        assert Policy({**MODELS, "Direct": better}).choose(question) == "Direct"


def test_what_pairs_on_demand_bears_that_too() -> None:
    direct = DirectModel()
    of = {name: direct.joining(Question(name, 256, 1 << 22)) for name in ("barrier", "send", "alltoall")}
    assert of["barrier"] < of["send"] < of["alltoall"] / 10
    assert len({direct.joining(Question(name, 4, 1 << 22)) for name in of}) == 1  # all four are neighbours


def test_the_one_byte_latencies_are_those_of_the_models_constants() -> None:
    question = Question("send", 2, 1)
    latencies = {name: round(1000 * model.latency(question), 2) for name, model in MODELS.items()}
    assert latencies == {"Direct": 0.34, "Redis": 5.2, "S3": 90.4}


def test_fast_takes_direct_and_cheap_may_not() -> None:
    question = Question("send", 2, 100)
    assert Policy(MODELS).choose(question) == "Direct"
    assert Policy(MODELS, hint=Hint.CHEAP).choose(question) == "Redis"
    expensive: dict[str, Model] = {
        "Direct": DirectModel(vm_price=10),
        "Redis": RedisModel(instance_price=10),
        "S3": S3Model(),
    }
    assert Policy(expensive, hint=Hint.CHEAP).choose(question) == "S3"


def test_big_functions_make_slow_channels_dear() -> None:
    models: dict[str, Model] = {"Direct": DirectModel(), "S3": S3Model(upload_price=0, download_price=0)}
    question = Question("send", 2, 100)
    assert Policy(models, faas_price=1e-9, hint=Hint.CHEAP).choose(question) == "S3"
    assert Policy(models, faas_price=1.0, hint=Hint.CHEAP).choose(question) == "Direct"


class Recorder:
    """A channel that only notes that it was chosen."""

    def __init__(self) -> None:
        self.calls = []

    def __getattr__(self, name: Any) -> Any:
        return lambda *_, **__: self.calls.append(name)


def test_the_communicator_asks_the_policy_for_each_operation() -> None:
    channels = {name: Recorder() for name in ("Direct", "Redis")}
    comm = Communicator(0, 2, channels, Policy({name: MODELS[name] for name in channels}))
    comm.send(1, 1)
    comm.hint(Hint.CHEAP)
    comm.send(1, 1)
    assert (channels["Direct"].calls, channels["Redis"].calls) == (["send"], ["send"])


def test_with_several_channels_the_size_must_be_known() -> None:
    channels = {name: Recorder() for name in ("Direct", "Redis")}
    comm = Communicator(1, 2, channels, Policy({name: MODELS[name] for name in channels}))
    with pytest.raises(UsageError, match="pass like="):
        comm.bcast(None, 0)
    with pytest.raises(UsageError, match="no policy"):
        Communicator(1, 2, channels)
