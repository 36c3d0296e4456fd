"""Ranks of the storage channels that are killed or stopped in the middle of a collective, as real processes."""

import os
import signal
import subprocess
import sys
import textwrap
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

PROGRAM = textwrap.dedent(
    """
    import sys, time
    import numpy as np
    from shared.fmi.channels.redis import RedisStore
    from shared.fmi.channels.s3 import S3Store
    from shared.fmi.channels.store import StoreChannel
    from shared.fmi.communicator import Communicator
    from shared.fmi.errors import PeerLost
    from shared.fmi.operators import SUM
    from shared.fmi.rendezvous.keys import Namespace

    kind, where, rank, size, timeout = *sys.argv[1:3], *map(int, sys.argv[3:5]), float(sys.argv[5])
    if kind == "s3":
        import boto3
        store = S3Store(boto3.client("s3", endpoint_url=where, region_name="us-east-1"), "team1-data")
    else:
        import redis
        store = RedisStore(redis.Redis(unix_socket_path=where))
    comm = Communicator(rank, size, {kind: StoreChannel(rank, size, store, Namespace("t", "r"), timeout)})
    value = np.ones(50_000)
    try:
        comm.barrier()
        print("ready", flush=True)
        while True:
            since = time.monotonic()
            comm.allreduce(value, SUM)
    except PeerLost as error:
        print(error.rank, error.where, time.monotonic() - since, flush=True)
    """
)
SIZE, DOOMED, TIMEOUT, REQUESTS = 4, 2, 1.5, 2.0
"""REQUESTS: seconds, on a busy machine, for the last questions to the store."""


@pytest.fixture
def s3_endpoint() -> Any:
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    endpoint = "http://{}:{}".format(*server.get_host_and_port())
    client = boto3.client(
        "s3", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
    )
    client.create_bucket(Bucket="team1-data")
    client.close()
    yield endpoint
    server.stop()


@pytest.fixture
def redis_endpoint(redis_server: Any) -> Any:
    redis_server.flushall()
    yield redis_server.socket_file
    redis_server.flushall()


@pytest.mark.parametrize(("kind", "blow"), [("s3", signal.SIGKILL), ("redis", signal.SIGSTOP)])
def test_a_rank_lost_in_an_allreduce_is_named_by_all_others_in_time(request: Any, kind: Any, blow: Any) -> None:
    where = request.getfixturevalue(f"{kind}_endpoint")
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "AWS_ACCESS_KEY_ID": "test"}
    environment["AWS_SECRET_ACCESS_KEY"] = "test"
    command = [sys.executable, "-c", PROGRAM, kind, where]
    ranks = [
        subprocess.Popen(
            [*command, str(rank), str(SIZE), str(TIMEOUT)], stdout=subprocess.PIPE, text=True, env=environment
        )
        for rank in range(SIZE)
    ]
    try:
        for process in ranks:
            assert process.stdout
            assert process.stdout.readline() == "ready\n"
        ranks[DOOMED].send_signal(blow)
        for process in ranks[:DOOMED] + ranks[DOOMED + 1 :]:
            assert process.stdout
            named, stage, seconds = process.stdout.readline().split()
            assert (int(named), stage) == (DOOMED, "allreduce")
            assert float(seconds) < TIMEOUT + REQUESTS
    finally:
        for process in ranks:
            process.kill()
            process.communicate()
