"""A team's bucket in process (moto), the environment that deployment writes, and partitions to put there."""

from __future__ import annotations

import importlib
import json
from typing import TYPE_CHECKING, Any, NamedTuple

import boto3
import numpy as np
import pytest
from moto import mock_aws
from safetensors.numpy import save

from shared.fmi.rendezvous.keys import TeamKeys, team_key
from shared.handlers.fmi.key import key_in
from shared.handlers.s3 import Bucket, client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

EVERYWHERE = {
    "STAGE": "dev",
    "ACCOUNT": "123456789012",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1769",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
}


@pytest.fixture
def place() -> dict[str, str]:
    """The variables that are different for another team's functions."""
    return {"TEAM": "team2", "BUCKET": "team2-cosmical-7078ea12", "WORKFLOW": "cosmic"}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, place: dict[str, str]) -> dict[str, str]:
    variables = {**EVERYWHERE, **place}
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return variables


@pytest.fixture
def step(environment: dict[str, str]) -> Callable[[str], Any]:
    """Import a step's handler as a cold start does: the environment is there already."""
    return lambda name: importlib.import_module(f"shared.handlers.{environment['WORKFLOW']}.{name}").handler


class Store(NamedTuple):
    """The team's bucket: ``handlers`` as they see it, ``s3`` as a test looks into it."""

    handlers: Bucket
    s3: Any

    def put(self, key: str, body: bytes = b"x") -> None:
        self.s3.put_object(Bucket=self.handlers.name, Key=key, Body=body)

    def body(self, key: str) -> bytes:
        body: bytes = self.s3.get_object(Bucket=self.handlers.name, Key=key)["Body"].read()
        return body

    def json(self, key: str) -> Any:
        return json.loads(self.body(key))

    def keys(self, prefix: str = "") -> list[str]:
        return [found.key for found in self.handlers.list(prefix)]


@pytest.fixture
def account(environment: dict[str, str]) -> Iterator[dict[str, str]]:
    """Give an empty account in process. Clients and keys that a worker keeps are new for it."""
    with mock_aws():
        client.cache_clear()
        key_in.cache_clear()
        yield environment
    client.cache_clear()
    key_in.cache_clear()


@pytest.fixture
def store(account: dict[str, str]) -> Store:
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket=account["BUCKET"])
    return Store(Bucket(account["BUCKET"], account["ACCOUNT"]), s3)


@pytest.fixture
def short_pages(monkeypatch: pytest.MonkeyPatch) -> int:
    """Have S3 list 20 keys a page, not 1,000, so that few objects are many pages; return the 20."""
    monkeypatch.setenv("MOTO_S3_DEFAULT_MAX_KEYS", "20")
    return 20


@pytest.fixture
def keys(account: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> TeamKeys:
    """Give the team its key as deployment does; return what a server checks it with."""
    master, team = b"m" * 32, account["TEAM"]
    monkeypatch.setenv("RENDEZVOUS_SECRET", f"{team}/rendezvous-7078ea12")
    text = team_key(master, team).hex()
    boto3.client("secretsmanager").create_secret(Name=f"{team}/rendezvous-7078ea12", SecretString=text)
    return TeamKeys(master)


@pytest.fixture(scope="session")
def galaxies() -> Callable[..., dict[str, Any]]:
    """Make tensors of *n* records, the same for the same seed; any of them may be replaced."""

    def make(n: int, seed: int = 0, **replaced: Any) -> dict[str, Any]:
        random = np.random.default_rng(seed)
        tensors = {
            "images": random.normal(0, 1, (n, 5, 32, 32)).astype(np.float32),
            "magnitudes": random.uniform(16, 21, (n, 5)).astype(np.float32),
            "redshifts": random.uniform(0, 0.4, n).astype(np.float32),
        }
        return {name: value for name, value in (tensors | replaced).items() if value is not None}

    return make


@pytest.fixture(scope="session")
def partition(galaxies: Any) -> Callable[..., bytes]:
    """Make the bytes of a partition; takes what ``galaxies`` takes."""

    def make(n: int, seed: int = 0, **replaced: Any) -> bytes:
        return save(galaxies(n, seed, **replaced))

    return make
