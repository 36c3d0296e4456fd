"""What the door costs a request: the same ones with it and without it, in turns, in one process.

    .venv/bin/python tests/benchmarks/door.py [--rounds N] [--json]

First the door alone, over requests that botocore has signed, in front of an application that does nothing; then whole
calls of boto3 over HTTP, to moto behind the door and to the same moto beside it.
"""

from __future__ import annotations

import argparse
import io
import json
import statistics
import time
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Any

import boto3
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials

from shared.local.door.app import Door, Threshold
from shared.local.door.callers import Keyring
from shared.local.door.sessions import Issuer, new_owner_key
from shared.local.server import MotoServer

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.aws.access_key import AccessKey

ACCOUNT, REGION, PORT = "123456789012", "us-east-1", 4599
ISSUER = Issuer(new_owner_key())
ROLE = ISSUER.of_role(f"arn:aws:iam::{ACCOUNT}:role/team1-role", "bench")
TARGET = {"x-amz-target": "AWSStepFunctions.StartExecution", "content-type": "application/x-amz-json-1.0"}
SENT = {  # name: key, service, method, path, headers, bytes of the body
    "s3 GetObject, owner": (ISSUER.owner, "s3", "GET", "/some-bucket/results/combined_data.json", {}, 0),
    "s3 GetObject, role": (ROLE, "s3", "GET", "/some-bucket/results/combined_data.json", {}, 0),
    "states StartExecution, owner": (ISSUER.owner, "states", "POST", "/", TARGET, 600),
    "s3 PutObject of 1 MB, owner": (ISSUER.owner, "s3", "PUT", "/some-bucket/key", {}, 1 << 20),
}


def nothing(environ: dict[str, Any], start: Callable[..., Any]) -> list[bytes]:
    """Read the body, as any service would, and answer."""
    environ["wsgi.input"].read(int(dict(environ["lanes.headers"]).get("content-length", 0)))
    start("200 OK", [("Content-Type", "application/json")])
    return [b"{}"]


def guarded(application: Any) -> Any:
    """Return *application* behind the door."""
    return Threshold(
        Door(application, Keyring(ISSUER, ACCOUNT, time.time, lambda _: None, lambda _: 0), time.time, ACCOUNT)
    )


def request(key: AccessKey, service: str, method: str, path: str, headers: dict[str, str], size: int) -> dict[str, Any]:
    """Return the WSGI environ of a request that botocore has signed; its body is to be put in."""
    host = f"127.0.0.1:{PORT}"
    sent = AWSRequest(method=method, url=f"http://{host}{path}", headers={"host": host, **headers}, data=bytes(size))
    signer = S3SigV4Auth if service == "s3" else SigV4Auth
    signer(Credentials(key.id, key.secret, key.token or None), service, REGION).add_auth(sent)
    told = [*sent.headers.items(), ("content-length", str(size)), ("user-agent", "Boto3/1.44 md/Botocore#1.44")]
    return {"REQUEST_METHOD": method, "REQUEST_URI": path, "SERVER_PORT": str(PORT), "lanes.headers": told}


def paired(one: Callable[[], Any], other: Callable[[], Any], rounds: int) -> tuple[float, float, float]:
    """Return the medians of *one*, of *other*, and of how much longer *one* took each time; in milliseconds."""
    both = []
    for turn in range(rounds):
        taken = {}
        for call in (one, other) if turn % 2 else (other, one):
            began = time.perf_counter()
            call()
            taken[call] = (time.perf_counter() - began) * 1000
        both.append((taken[one], taken[other]))
    first, second = zip(*both, strict=True)
    return statistics.median(first), statistics.median(second), statistics.median(a - b for a, b in both)


def send(application: Any, environ: dict[str, Any], body: bytes) -> None:
    """Send a request to *application*, which must let it in."""
    answered: list[str] = []
    application({**environ, "wsgi.input": io.BytesIO(body)}, lambda status, _: answered.append(status))
    assert answered == ["200 OK"], answered


def alone(rounds: int) -> dict[str, tuple[float, float, float]]:
    """Measure the door in front of nothing."""
    door, figures = guarded(nothing), {}
    for name, sent in SENT.items():
        with_it, without = (partial(send, each, request(*sent), bytes(sent[-1])) for each in (door, nothing))
        figures[name] = paired(with_it, without, rounds)
    return figures


def over_http(rounds: int) -> dict[str, tuple[float, float, float]]:
    """Measure whole calls of boto3."""
    with ExitStack() as parts:
        servers = [parts.enter_context(MotoServer(0, wrap)) for wrap in (guarded, None)]
        ends = []
        for server in servers:
            server.start()
            key, options = ISSUER.owner, Config(retries={"total_max_attempts": 1})
            session = boto3.Session(key.id, key.secret, region_name=REGION)
            ends.append(session.client("s3", endpoint_url=server.endpoint, config=options))
        ends[0].create_bucket(Bucket="some-bucket")
        calls = [partial(s3.head_bucket, Bucket="some-bucket") for s3 in ends]
        for call in calls:
            call()
        return {"s3 HeadBucket over HTTP": paired(calls[0], calls[1], rounds)}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=1000)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    figures = alone(args.rounds) | over_http(args.rounds // 2)
    if args.json:
        print(json.dumps(figures))
        return
    print(f"{'milliseconds, medians of pairs':<32}{'with':>10}{'without':>10}{'the door':>10}")
    for name, (with_it, without, cost) in figures.items():
        print(f"{name:<32}{with_it:>10.3f}{without:>10.3f}{cost:>10.3f}")


if __name__ == "__main__":
    main()
