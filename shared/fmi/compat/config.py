"""FMI's own JSON configuration, made into channels and a policy.

``backends.{Direct,S3,Redis}`` open the channels, ``model.*`` holds what they cost. What the run itself says goes before
the file: RENDEZVOUS_ENDPOINT is where to meet and RENDEZVOUS_PROTOCOL what to speak there, TEAM and RUN_ID keep runs
apart, FMI_TEAM_KEY (hex) signs the names, ACCOUNT owns the bucket.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import fields
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from shared.errors import LanesError, UsageError, unknown
from shared.fmi.channels.direct import DirectChannel
from shared.fmi.channels.store import StoreChannel
from shared.fmi.policy import DirectModel, Policy, RedisModel, S3Model
from shared.fmi.rendezvous.client import DEFAULT_PORT, Meeting
from shared.fmi.rendezvous.keys import Namespace

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.fmi.channels.channel import Channel
    from shared.fmi.policy import Model

    Config = Mapping[str, Any]

M = TypeVar("M", DirectModel, S3Model, RedisModel)

BACKENDS = ("Direct", "S3", "Redis")
_TIMEOUT_MS = 30_000
_TRIES = 2
"""How often a store is asked before it counts as failed; the tries share the timeout."""

_USUAL_PLACES = ("fmi.json", "config/fmi.json")


def from_environment() -> dict[str, Any]:
    """Return the configuration for a script that names no file.

    In this order: the file that FMI_CONFIG names; ``fmi.json`` or ``config/fmi.json`` beside the script or in the
    working folder; the Direct channel alone at RENDEZVOUS_ENDPOINT.

    Raises:
        UsageError: There is none of these.
    """
    if "FMI_CONFIG" in os.environ:
        return read(os.environ["FMI_CONFIG"])
    for folder in (Path(sys.argv[0]).parent, Path.cwd()):
        for name in _USUAL_PLACES:
            if (folder / name).is_file():
                return read(str(folder / name))
    if os.environ.get("RENDEZVOUS_ENDPOINT"):
        return {"backends": {"Direct": {"enabled": True}}}
    fix = "put fmi.json beside the script, or set FMI_CONFIG or RENDEZVOUS_ENDPOINT"
    raise UsageError("no FMI configuration", fix=fix)


def read(path: str) -> dict[str, Any]:
    """Return the configuration in the JSON file at *path*.

    Raises:
        UsageError: It cannot be read, or is no FMI configuration.
    """
    try:
        config = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"FMI's configuration cannot be read: {error}", where=path, fix="give FMI's JSON") from error
    if not isinstance(config, dict) or not isinstance(config.get("backends"), dict):
        raise UsageError("there are no backends", where=path, fix='write {"backends": {"Direct": {...}}}')
    return config


def namespace(comm_name: str) -> Namespace:
    """Return whose ranks these are: TEAM, RUN_ID and FMI_TEAM_KEY of the environment, and *comm_name*.

    Raises:
        UsageError: FMI_TEAM_KEY is not hexadecimal.
    """
    try:
        key = bytes.fromhex(os.environ.get("FMI_TEAM_KEY", ""))
    except ValueError:
        raise UsageError("FMI_TEAM_KEY is not hexadecimal", fix="give what lanes rendezvous key TEAM prints") from None
    return Namespace(os.environ.get("TEAM", ""), os.environ.get("RUN_ID", ""), comm_name, key)


def open_channels(config: Config, rank: int, size: int, scope: Namespace) -> dict[str, Channel]:
    """Return the enabled channels by name; nothing is connected yet.

    Raises:
        UsageError: A backend is none of FMI's, lacks a setting, or none is enabled.
        LanesError: The Redis channel is enabled and the ``redis`` package is not installed.
    """
    channels: dict[str, Channel] = {}
    for name, settings in config["backends"].items():
        if name not in BACKENDS:
            raise unknown("FMI backend", name, list(BACKENDS))
        if not _truth(settings.get("enabled", True)):
            continue
        timeout = _timeout(settings)
        if name == "Direct":
            channels[name] = DirectChannel(rank, size, _meeting(settings), scope, timeout)
        else:
            store = _s3(settings, timeout) if name == "S3" else _redis(settings, timeout)
            channels[name] = StoreChannel(rank, size, store, scope, timeout)
    if not channels:
        raise UsageError("no FMI backend is enabled", fix='set "enabled": true for Direct, S3 or Redis')
    return channels


def open_policy(config: Config, names: list[str], faas_memory: int) -> Policy:
    """Return the policy over the channels *names*; what the file leaves out is FMI's own figure."""
    model = config.get("model", {})
    polling = config["backends"].get("S3", {})
    s3 = {**({"poll": polling["timeout"]} if "timeout" in polling else {}), **model.get("S3", {})}
    models: dict[str, Model] = {
        "Direct": _model(DirectModel, model.get("Direct", {})),
        "S3": _model(S3Model, s3),
        "Redis": _model(RedisModel, model.get("Redis", {})),
    }
    gib_second = float(model.get("FaaS", {}).get("gib_second_price", 0.0000166667))
    return Policy({name: models[name] for name in names}, faas_memory / 1024 * gib_second)


def _meeting(settings: Config) -> Meeting:
    protocol = os.environ.get("RENDEZVOUS_PROTOCOL") or str(settings.get("protocol", "v2"))
    relay = _truth(settings.get("relay", False))
    endpoint = os.environ.get("RENDEZVOUS_ENDPOINT")
    if not endpoint:
        endpoint = f"{_needed(settings, 'Direct', 'host')}:{settings.get('port', DEFAULT_PORT)}"
    return Meeting.parse(endpoint, protocol=protocol, relay=relay)


def _timeout(settings: Config) -> float:
    milliseconds = settings.get("max_timeout", _TIMEOUT_MS)
    try:
        return float(milliseconds) / 1000
    except (TypeError, ValueError):
        raise UsageError(f"max_timeout is {milliseconds!r}", fix="give milliseconds, as in 30000") from None


def _s3(settings: Config, timeout: float) -> Any:
    import boto3  # only the S3 channel needs it
    from botocore.config import Config as Calls

    from shared.fmi.channels.s3 import S3Store

    wait = timeout / _TRIES
    calls = Calls(connect_timeout=wait, read_timeout=wait, retries={"total_max_attempts": _TRIES})
    client = boto3.client("s3", region_name=settings.get("s3_region") or None, config=calls)
    bucket, owner = _needed(settings, "S3", "bucket_name"), os.environ.get("ACCOUNT", "")
    return S3Store(client, bucket, owner, longest_poll=max(float(settings.get("timeout", 100)) / 1000, 0.001))


def _redis(settings: Config, timeout: float) -> Any:
    try:
        redis = import_module("redis")  # an extra: only the Redis channel needs it
        retry = import_module("redis.retry").Retry(import_module("redis.backoff").NoBackoff(), _TRIES - 1)
    except ImportError as error:
        raise LanesError("the Redis channel needs the package redis", fix="pip install redis") from error
    from shared.fmi.channels.redis import RedisStore

    host, port, wait = _needed(settings, "Redis", "host"), int(settings.get("port", 6379)), timeout / _TRIES
    client = redis.Redis(host, port, socket_timeout=wait, socket_connect_timeout=wait, retry=retry)
    return RedisStore(client, longest_poll=max(float(settings.get("timeout", 20)) / 1000, 0.001))


def _needed(settings: Config, backend: str, name: str) -> str:
    if not settings.get(name):
        raise UsageError(f"backend {backend} has no {name}", fix=f'add "{name}" to backends.{backend}')
    return str(settings[name])


def _model(kind: type[M], settings: Config) -> M:
    known = {field.name: field.type for field in fields(kind)}
    values: dict[str, Any] = {
        name: _truth(value) if known[name] == "bool" else float(value)
        for name, value in settings.items()
        if name in known
    }
    return kind(**values)


def _truth(value: Any) -> bool:
    return value if isinstance(value, bool) else str(value).lower() in {"true", "1"}
