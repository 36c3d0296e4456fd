"""One suite for every channel: the same calls give the same values, whatever carries them."""

import functools
import operator
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import numpy as np
import pytest
from moto import mock_aws

from shared.config.lane import SCRATCH
from shared.fmi.channels.direct import DirectChannel
from shared.fmi.channels.redis import RedisStore
from shared.fmi.channels.s3 import S3Store
from shared.fmi.channels.store import StoreChannel
from shared.fmi.communicator import Communicator
from shared.fmi.operators import MAX, MIN, PROD, SUM, custom
from shared.fmi.rendezvous.client import Meeting
from shared.fmi.rendezvous.keys import Namespace

SIZES = [1, 2, 3, 4, 5, 8]
LONG = 40_000
"""So many numbers of 8 bytes make an array that is long enough for rings and announced broadcasts."""


@pytest.fixture
def direct(rendezvous: Any) -> Any:
    meeting = Meeting("127.0.0.1", rendezvous.port)
    return lambda rank, size: DirectChannel(rank, size, meeting, Namespace("team1", "run"), 10.0)


class OneAtATime(S3Store):
    """The S3 in this process is not made for threads: so one call at a time. AWS and a server take many."""

    lock = threading.Lock()

    def put(self, key: Any, data: Any) -> None:
        with self.lock:
            super().put(key, data)

    def claim(self, key: Any, data: Any) -> Any:
        with self.lock:
            return super().claim(key, data)

    def get(self, keys: Any) -> Any:
        with self.lock:
            return super().get(keys)

    def delete(self, keys: Any) -> None:
        with self.lock:
            super().delete(keys)

    def names(self, prefix: Any) -> Any:
        with self.lock:
            return super().names(prefix)


@pytest.fixture(scope="module")
def bucket() -> Any:
    """An S3 client and a bucket, in process."""
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")
        client.create_bucket(Bucket="team1-data")
        yield client, "team1-data"
        client.close()


@pytest.fixture
def s3(bucket: Any) -> Any:
    store = OneAtATime(bucket[0], bucket[1], first_poll=0.001, longest_poll=0.01)
    yield lambda rank, size: StoreChannel(rank, size, store, Namespace("team1", "run"), 10.0)
    client, name = bucket
    assert "Contents" not in client.list_objects_v2(Bucket=name), "the channel cleans up after itself"


def test_every_call_says_whose_the_bucket_must_be(bucket: Any) -> None:
    client, name = bucket
    store = S3Store(client, name, "123456789012")
    owners = []
    client.meta.events.register(
        "before-parameter-build.s3",
        lambda params, **_: owners.append(params.get("ExpectedBucketOwner")),
        unique_id="owners",
    )
    store.claim("a", b"1")
    store.put("a", b"1")
    store.get(["a", "b"])
    store.names("")
    store.delete(["a"])
    client.meta.events.unregister("before-parameter-build.s3", unique_id="owners")
    assert owners == ["123456789012"] * 6


def test_what_a_lost_rank_leaves_lies_where_the_bucket_deletes_it(bucket: Any) -> None:
    client, name = bucket
    store = S3Store(client, name)
    StoreChannel(0, 2, store, Namespace("team1", "run-7", "c"), 10.0).abort("killed")
    left = store.names("")
    store.delete(left)
    assert left == [f"{SCRATCH}run-7/fmi/team1/c/{name}" for name in ("alarm", "lost/0")]


@pytest.mark.parametrize("kind", ["s3", "redis"])
def test_what_is_claimed_cannot_be_claimed_by_another(request: Any, kind: Any) -> None:
    store: Any
    if kind == "s3":
        store = S3Store(*request.getfixturevalue("bucket"))
    else:
        store = RedisStore(request.getfixturevalue("redis_server"))
    assert store.claim("a", b"mine")
    assert store.claim("a", b"mine"), "a client may ask twice"
    assert not store.claim("a", b"yours")
    store.delete(["a"])
    assert store.claim("a", b"yours")
    store.delete(["a"])


@pytest.fixture(name="redis")
def redis_channel(redis_server: Any) -> Any:
    redis = pytest.importorskip("redis", reason="the Redis channel needs redis")

    redis_server.flushall()
    clients = []

    def channel(rank: Any, size: Any) -> Any:
        clients.append(redis.Redis(unix_socket_path=redis_server.socket_file))
        return StoreChannel(rank, size, RedisStore(clients[-1]), Namespace("team1", "run"), 10.0)

    yield channel
    assert redis_server.keys() == [], "the channel cleans up after itself"
    for client in clients:
        client.close()


@pytest.fixture(params=["direct", "s3", "redis"])
def channel(request: Any) -> Any:
    """A function (rank, size) -> channel."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def ranks(channel: Any) -> Any:
    """Return a function that runs *program(comm)* on *size* ranks, each in a thread, and returns what each returned."""

    def run(size: Any, program: Any) -> Any:
        def one(rank: Any) -> Any:
            with Communicator(rank, size, {"it": channel(rank, size)}) as comm:
                return program(comm)

        with ThreadPoolExecutor(size) as pool:
            return list(pool.map(one, range(size)))

    return run


def values(size: Any, shape: Any = (3,), dtype: Any = "f8") -> Any:
    return [(np.arange(1, 1 + int(np.prod(shape))).reshape(shape) * (rank + 1)).astype(dtype) for rank in range(size)]


@pytest.mark.parametrize(
    "value",
    [
        7,
        -1.5,
        2 + 3j,
        True,
        np.float32(0.1),
        np.arange(6, dtype=">i2").reshape(2, 3),
        np.zeros((0, 4)),
        np.array(["ab", "c"]),
        np.array([(1, 2.5)], dtype=[("a", "i4"), ("b", "f8")]),
        np.array(["2024-01-01"], dtype="M8[D]"),
        np.arange(20)[::2],
        np.ones((3, 4)).T,
        np.arange(100_000, dtype="f4"),
    ],
    ids=lambda value: f"{getattr(value, 'dtype', type(value).__name__)}{getattr(value, 'shape', '')}",
)
def test_a_value_arrives_as_it_was_sent(ranks: Any, value: Any) -> None:
    def program(comm: Any) -> Any:
        if comm.rank == 0:
            comm.send(value, 1)
            return comm.recv(1)
        got = comm.recv(0)
        comm.send(got, 0)
        return got

    for got in ranks(2, program):
        assert type(got) is type(value)
        assert getattr(got, "dtype", None) == getattr(value, "dtype", None)
        np.testing.assert_array_equal(got, value)


def test_messages_keep_their_order_and_go_into_the_given_array(ranks: Any) -> None:
    def program(comm: Any) -> Any:
        if comm.rank == 0:
            for number in range(20):
                comm.send(np.full(5, number), 1)
            return None
        out = np.empty(5, int)
        return [int(comm.recv(0, out=out)[0]) for _ in range(20)]

    assert ranks(2, program)[1] == list(range(20))


def test_both_may_send_before_either_receives(ranks: Any) -> None:
    def program(comm: Any) -> Any:
        comm.send(comm.rank, 1 - comm.rank)
        return comm.recv(1 - comm.rank)

    assert ranks(2, program) == [1, 0]


@pytest.mark.parametrize("size", SIZES)
def test_all_collectives_at_every_size(ranks: Any, size: Any) -> None:
    mine = values(size)
    stacked = np.stack(mine)

    def program(comm: Any) -> Any:
        value, root = mine[comm.rank], size - 1
        comm.barrier()
        return {
            "bcast": comm.bcast(value if comm.rank == root else None, root, like=value),
            "gather": comm.gather(value, root),
            "scatter": comm.scatter(stacked * 2 if comm.rank == root else None, root, like=stacked),
            "allgather": comm.allgather(value),
            "alltoall": comm.alltoall(np.arange(size) + 100 * comm.rank),
            "reduce": comm.reduce(value, SUM, root),
            "allreduce": comm.allreduce(value, PROD),
            "scan": comm.scan(value, SUM),
        }

    for rank, got in enumerate(ranks(size, program)):
        assert (got["gather"] is None) == (rank != size - 1)
        assert (got["reduce"] is None) == (rank != size - 1)
        np.testing.assert_array_equal(got["bcast"], mine[-1])
        np.testing.assert_array_equal(got["scatter"], mine[rank] * 2)
        np.testing.assert_array_equal(got["allgather"], stacked)
        np.testing.assert_array_equal(got["alltoall"], 100 * np.arange(size) + rank)
        np.testing.assert_array_equal(got["allreduce"], stacked.prod(axis=0))
        np.testing.assert_array_equal(got["scan"], stacked[: rank + 1].sum(axis=0))
        if rank == size - 1:
            np.testing.assert_array_equal(got["gather"], stacked)
            np.testing.assert_array_equal(got["reduce"], stacked.sum(axis=0))


@pytest.mark.parametrize("size", [2, 3, 5])
def test_long_arrays_take_other_ways_to_the_same_values(ranks: Any, size: Any) -> None:
    mine = [np.arange(LONG, dtype="i8") * (rank + 1) for rank in range(size)]
    stacked = np.stack(mine)

    def program(comm: Any) -> Any:
        value = mine[comm.rank]
        return (
            comm.bcast(value if comm.rank == 1 else None, 1, like=value),
            comm.allreduce(value, SUM),
            comm.reduce(value, MAX, 1),
            comm.allgather(value),
            comm.scan(value, SUM),
        )

    for rank, (bcast, allreduce, reduce, allgather, scan) in enumerate(ranks(size, program)):
        np.testing.assert_array_equal(bcast, mine[1])
        np.testing.assert_array_equal(allreduce, stacked.sum(axis=0))
        np.testing.assert_array_equal(allgather, stacked)
        np.testing.assert_array_equal(scan, stacked[: rank + 1].sum(axis=0))
        if rank == 1:
            np.testing.assert_array_equal(reduce, stacked.max(axis=0))


@pytest.mark.parametrize("root", [0, 1, 2])
def test_every_rank_can_be_the_root(ranks: Any, root: Any) -> None:
    def program(comm: Any) -> Any:
        return comm.gather(comm.rank, root), comm.scatter(
            np.arange(3) * 10 if comm.rank == root else None, root, like=np.arange(3)
        )

    outcome = ranks(3, program)
    np.testing.assert_array_equal(outcome[root][0], [0, 1, 2])
    assert [scattered for _, scattered in outcome] == [0, 10, 20]


@pytest.mark.parametrize("size", [2, 3, 5])
def test_an_ordered_operator_is_evaluated_left_to_right(ranks: Any, size: Any) -> None:
    function = custom(lambda left, right: 2 * left - right, commutative=False, associative=False)
    expected = [functools.reduce(lambda left, right: 2 * left - right, range(1, rank + 2)) for rank in range(size)]

    def program(comm: Any) -> Any:
        value = comm.rank + 1
        return comm.reduce(value, function, 0), comm.allreduce(value, function), comm.scan(value, function)

    outcome = ranks(size, program)
    assert outcome[0][0] == expected[-1]
    assert [total for _, total, _ in outcome] == [expected[-1]] * size
    assert [prefix for _, _, prefix in outcome] == expected


def test_a_function_of_whole_arrays_is_never_given_pieces(ranks: Any) -> None:
    """Matrix products are associative, but not elementwise; and these are long enough to be cut, were it allowed."""
    matrices = [np.eye(150) + np.diag(np.full(149, rank + 1.0), 1) for rank in range(3)]
    product = custom(operator.matmul, commutative=True, associative=True)
    expected = functools.reduce(operator.matmul, matrices)
    for total in ranks(3, lambda comm: comm.allreduce(matrices[comm.rank], product)):
        np.testing.assert_allclose(total, expected)


def test_plain_numbers_stay_plain(ranks: Any) -> None:
    outcome = ranks(
        3,
        lambda comm: (
            comm.allreduce(comm.rank, SUM),
            comm.allreduce(0.5, MIN),
            comm.bcast(7 if comm.rank == 0 else None, 0, like=7),
        ),
    )
    assert outcome == [(3, 0.5, 7)] * 3
    assert [type(value) for value in outcome[0]] == [int, float, int]


def test_many_operations_in_a_row(ranks: Any) -> None:
    def program(comm: Any) -> Any:
        return [comm.allreduce(comm.rank + turn, SUM) for turn in range(20)]

    assert ranks(3, program) == [[3 + 3 * turn for turn in range(20)]] * 3
