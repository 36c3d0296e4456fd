"""Values that may be sent and combined: every plain dtype as it is, and nothing that would arrive changed."""

import pickle
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from shared.errors import LanesError, UsageError, unknown
from shared.fmi.channels.direct import DirectChannel
from shared.fmi.channels.store import StoreChannel
from shared.fmi.communicator import Communicator
from shared.fmi.data import byte_view, describe, parse, to_array
from shared.fmi.errors import PairingFailed, PeerLost, PeerMismatch
from shared.fmi.operators import MAX, SUM, custom
from shared.fmi.rendezvous.client import Meeting
from shared.fmi.rendezvous.keys import Namespace

NOWHERE = Meeting("127.0.0.1", 1)


@pytest.mark.parametrize(
    "value",
    [
        np.ma.array([1, 2, 3], mask=[False, True, False]),
        np.zeros(2, np.dtype({"names": ["a", "b"], "formats": ["i4", "i2"], "offsets": [4, 0]})),
        np.zeros(2, np.dtype({"names": ["a", "b"], "formats": ["i4", "i2"], "offsets": [0, 1]})),
        np.zeros(2, [("a", object)]),
        np.zeros(1, [("a" * 70_000, "i4")]),
    ],
    ids=["masked", "out of order", "overlapping", "objects", "long name"],
)
def test_what_would_arrive_changed_is_refused(value: Any) -> None:
    with pytest.raises(UsageError) as refused:
        to_array(value)
    assert refused.value.fix


def test_an_array_is_sent_without_the_import_of_masked_ones() -> None:
    program = """
import sys
import numpy as np
from shared.fmi.data import to_array
before = set(sys.modules)
to_array(np.ones(3))
assert set(sys.modules) == before, set(sys.modules) - before
"""
    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_subclass_is_sent_as_the_array_it_is() -> None:
    array, _ = to_array(np.ones((2, 2)).view(np.matrix))
    assert type(array) is np.ndarray
    assert len(byte_view(np.ones((2, 2)).view(np.matrix))) == array.nbytes


@pytest.mark.parametrize(
    "description",
    [b"", b"(", b"1", b"('|O', (1,), False)", b"('<f8', (-1,), False)", b"('<f8', 3, False)", b"(" * 5000, b"\xff"],
)
def test_bytes_that_describe_no_array_are_told_from_those_that_do(description: bytes) -> None:
    with pytest.raises(ValueError, match="no description of an array"):
        parse(description)
    assert parse(describe(np.dtype(">i4"), (2, 3), plain=False)).shape == (2, 3)


@pytest.mark.parametrize("size", [1, 2])
@pytest.mark.parametrize(
    ("value", "op"),
    [
        (np.array(["ab", "c"]), SUM),
        (np.zeros(2, [("a", "i4")]), SUM),
        (np.zeros(2, "M8[s]"), SUM),
        (np.zeros(2, "V8"), MAX),
        (np.ones(2), np.add),
    ],
    ids=["text", "fields", "dates", "void", "no operator"],
)
def test_what_cannot_be_combined_is_refused_before_anything_is_sent(value: Any, op: Any, size: Any) -> None:
    comm = Communicator.direct(0, size, NOWHERE, Namespace(), 0.1)
    for call in (comm.allreduce, comm.scan, lambda value, op: comm.reduce(value, op, 0)):
        with pytest.raises(UsageError):
            call(value, op)


@pytest.mark.parametrize(
    ("value", "function", "made"),
    [
        (np.ones(2), lambda *_: None, "None"),
        (np.ones(2, int), lambda left, right: (left + right) / 2, "float64"),
        (np.ones(2, bool), lambda left, right: left + right / 1, "float64"),
        (np.ones(2), lambda left, right: left + right * 1j, "complex128"),
    ],
)
def test_a_function_that_returns_nothing_or_another_kind_of_number_is_refused(
    value: Any, function: Any, made: Any
) -> None:
    with pytest.raises(UsageError, match=f"made {made} of two {value.dtype}"):
        custom(function, commutative=True, associative=True)(value, value)


@pytest.mark.parametrize(
    ("value", "function"),
    [
        (np.asarray(1), lambda *_: 1 << 70),
        (np.asarray(np.uint8(200)), lambda left, right: int(left) + int(right)),
        (np.ones(2, "i4"), lambda left, right: (left + right).astype("i8") << 40),
        (np.ones(2), lambda *_: [[1], [1, 2]]),
        (np.ones(2), lambda *_: "text"),
        (np.asarray(1), lambda *_: object()),
    ],
)
def test_a_function_whose_numbers_do_not_fit_is_refused(value: Any, function: Any) -> None:
    with pytest.raises(UsageError, match="made"):
        custom(function, commutative=True, associative=True)(value, value)


@pytest.mark.parametrize("value", [np.zeros(3, np.dtype([])), np.zeros((0, 4)), np.zeros((2, 0, 3), "S3")])
def test_values_without_a_byte_have_a_view_and_a_description(value: Any) -> None:
    assert len(byte_view(value)) == 0
    assert parse(describe(value.dtype, value.shape, plain=False)).nbytes == 0


def test_a_function_may_return_an_empty_list_for_none_of_any_kind() -> None:
    op = custom(
        lambda left, right: [a + b for a, b in zip(left, right, strict=True)], commutative=True, associative=True
    )
    assert op(np.ones(0, int), np.ones(0, int)).dtype == int


def test_a_function_may_return_a_smaller_kind_of_number() -> None:
    op = custom(lambda left, right: int(left + right), commutative=True, associative=True)
    assert op(np.asarray(1.5), np.asarray(2.0)).item() == 3.0
    assert op(np.asarray(np.uint8(1)), np.asarray(np.uint8(2))).dtype == np.uint8


@pytest.mark.parametrize("timeout", [0, -1, None, float("nan"), float("inf"), 1e300, "3"])
def test_a_timeout_that_is_no_time_is_refused(timeout: Any) -> None:
    with pytest.raises(UsageError, match="the timeout is"):
        DirectChannel(0, 2, NOWHERE, Namespace(), timeout)
    with pytest.raises(UsageError, match="the timeout is"):
        StoreChannel(0, 2, None, Namespace(), timeout)  # type: ignore[arg-type]


@pytest.mark.parametrize("out", [[1.0], np.empty((4, 4))[:, 0], np.frombuffer(b"12345678")])
def test_what_nothing_can_be_received_into_is_refused(out: Any) -> None:
    with pytest.raises(UsageError, match="out is not"):
        Communicator.direct(0, 2, NOWHERE, Namespace(), 0.1).recv(1, out=out)


@pytest.mark.parametrize(
    "error",
    [
        LanesError("what", where="where", fix="fix"),
        unknown("team", "tema1", ["team1"]),
        PeerLost(3, "gone", operation="barrier"),
        PeerMismatch(3, "sent nothing", operation="barrier"),
        PairingFailed(3, "punch", "no way", "find one"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_crosses_from_one_process_to_another(error: Any) -> None:
    """Otherwise a process pool breaks when a rank in it fails, and nobody sees why."""
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is type(error)
    assert str(copy) == str(error)
    assert vars(copy) == vars(error)
