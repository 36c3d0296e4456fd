"""FMI's own JSON configuration, made into channels and a policy.

``backends.{Direct,S3,Redis}`` open the channels; ``model.*`` says what they cost. The environment goes before the file:
RENDEZVOUS_ENDPOINT is where to meet, and RENDEZVOUS_PROTOCOL what to speak there. TEAM and RUN_ID keep runs apart,
FMI_TEAM_KEY (hex) signs the names, ACCOUNT owns the bucket. FMI_TIMEOUT (seconds) bounds each operation, where the
file's ``max_timeout`` is 0 or missing: that is no timeout of the script's own.
"""

from __future__ import annotations

import functools
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import fields, replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from shared.errors import LanesError, UsageError, unknown
from shared.fmi.channels.channel import checked_timeout
from shared.fmi.channels.direct import DirectChannel
from shared.fmi.channels.store import StoreChannel
from shared.fmi.policy import DirectModel, Policy, RedisModel, S3Model
from shared.fmi.rendezvous.client import DEFAULT_PORT, Meeting
from shared.fmi.rendezvous.keys import Namespace

if TYPE_CHECKING:
    from typing import TypeAlias

    from shared.fmi.channels.channel import Channel
    from shared.fmi.channels.redis import RedisStore
    from shared.fmi.channels.s3 import S3Store
    from shared.fmi.policy import Model
    from shared.values import Json

    Config: TypeAlias = Mapping[str, Json]

M = TypeVar("M", DirectModel, S3Model, RedisModel)

BACKENDS = ("Direct", "S3", "Redis")
_TIMEOUT = 30.0  # seconds, where neither the file nor FMI_TIMEOUT says any: our choice
_S3_POLL_MS, _REDIS_POLL_MS = 100, 20
"""Longest pause between two looks, where the file says none. S3's is FMI's own (spcl/fmi config/smi.json)."""
_SHORTEST_POLL = 0.001  # seconds: a store is never asked without a pause
_REDIS_PORT = 6379  # Redis's own default
_GIB_SECOND = 0.0000166667  # dollars: AWS Lambda's price for x86 in us-east-1, and FMI's own figure
_TRIES = 2
"""Requests to a store before it counts as failed. They share the timeout."""

_USUAL_PLACES = ("fmi.json", "config/fmi.json")


def from_environment() -> Config:
    """Return the configuration for a script that names no file.

    The first of these: the file that FMI_CONFIG names; ``fmi.json`` or ``config/fmi.json`` beside the script or in the
    working folder; the Direct channel alone, at RENDEZVOUS_ENDPOINT.

    Raises:
        UsageError: There is none of these.
    """
    return _around()[0]


def from_file(path: str, rank: int) -> Config:
    """Return the configuration in the file at *path*, or, where there is no such file, that of the environment.

    Scripts in the field name a file that lies in their container. Rank 0 says on stderr what it takes instead.

    Raises:
        UsageError: The file is there and is no FMI configuration, or there is neither file nor environment.
    """
    if os.path.lexists(path):
        return read(path)
    try:
        config, found = _around()
    except UsageError as error:
        raise UsageError(f"there is no such file, and {error.what} around it", where=path, fix=error.fix) from None
    if rank == 0:
        _say(f"fmi: there is no file {path!r} in {Path.cwd()}; taking {found}")
    return config


@functools.cache  # so each line is said once, however many communicators a script makes
def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


def _around() -> tuple[Config, str]:
    """Return the configuration that :func:`from_environment` describes, and where it was found."""
    if "FMI_CONFIG" in os.environ:
        return read(os.environ["FMI_CONFIG"]), f"{os.environ['FMI_CONFIG']} (FMI_CONFIG)"
    for folder in (Path(sys.argv[0]).parent, Path.cwd()):
        for name in _USUAL_PLACES:
            if (folder / name).is_file():
                return read(str(folder / name)), str(folder / name)
    if endpoint := os.environ.get("RENDEZVOUS_ENDPOINT"):
        return {"backends": {"Direct": {"enabled": True}}}, f"Direct at {endpoint} (RENDEZVOUS_ENDPOINT)"
    fix = "put fmi.json beside the script, or set FMI_CONFIG or RENDEZVOUS_ENDPOINT"
    raise UsageError("no FMI configuration", fix=fix)


def read(path: str) -> Config:
    """Return the configuration in the JSON file at *path*.

    Raises:
        UsageError: It cannot be read, or is no FMI configuration.
    """
    try:
        config: Json = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"FMI's configuration cannot be read: {error}", where=path, fix="give FMI's JSON") from error
    if not isinstance(config, Mapping) or not isinstance(config.get("backends"), Mapping):
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
        UsageError: A backend is none of FMI's, a setting is missing or cannot be, or no backend is enabled.
        LanesError: The Redis channel is enabled and the ``redis`` package is not installed.
    """
    channels: dict[str, Channel] = {}
    backends = _section(config, "backends")
    for name in backends:
        if name not in BACKENDS:
            raise unknown("FMI backend", name, list(BACKENDS))
        settings = _section(backends, name)
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
    """Return the policy over the channels *names*. What the file leaves out is FMI's own figure.

    Raises:
        UsageError: A figure is no number.
    """
    model = _section(config, "model")
    polling = _section(_section(config, "backends"), "S3")
    s3 = {**({"poll": polling["timeout"]} if "timeout" in polling else {}), **_section(model, "S3")}
    models: dict[str, Model] = {
        "Direct": _model(DirectModel, _section(model, "Direct")),
        "S3": _model(S3Model, s3),
        "Redis": _model(RedisModel, _section(model, "Redis")),
    }
    gib_second = _number(_section(model, "FaaS"), "gib_second_price", _GIB_SECOND)
    return Policy({name: models[name] for name in names}, faas_memory / 1024 * gib_second)


def _meeting(settings: Config) -> Meeting:
    protocol = os.environ.get("RENDEZVOUS_PROTOCOL") or str(settings.get("protocol", "v2"))
    relay = _truth(settings.get("relay", False))
    endpoint = os.environ.get("RENDEZVOUS_ENDPOINT")
    if not endpoint:
        endpoint = f"{_needed(settings, 'Direct', 'host')}:{settings.get('port', DEFAULT_PORT)}"
    return Meeting.parse(endpoint, protocol=protocol, relay=relay)


def _timeout(settings: Config) -> float:
    """Return the seconds that an operation of a backend may take: its own ``max_timeout``, or else the run's.

    Raises:
        UsageError: FMI_TIMEOUT is no timeout, or ``max_timeout`` no number.
    """
    if own := _number(settings, "max_timeout", 0):
        return own / 1000
    told = os.environ.get("FMI_TIMEOUT") or _TIMEOUT
    try:
        return checked_timeout(float(told))
    except (ValueError, UsageError) as error:
        fix = error.fix if isinstance(error, UsageError) else "give seconds"
        raise UsageError(f"FMI_TIMEOUT is {told!r}", fix=fix) from None


def _section(parent: Config, name: str) -> Config:
    """Return the object *name* in *parent*, empty where there is none."""
    found = parent.get(name, {})
    if not isinstance(found, Mapping):
        raise UsageError(f"{name} is {found!r} in FMI's configuration", fix=f'write an object: "{name}": {{...}}')
    return found


def _number(settings: Config, name: str, default: float) -> float:
    """Return the number *name* in *settings*, which may be text, as boost writes numbers."""
    value = settings.get(name, default)
    try:
        if isinstance(value, (int, float, str)) and not isinstance(value, bool):
            return float(value)
    except (ValueError, OverflowError):
        pass
    raise UsageError(f"{name} is {value!r} in FMI's configuration", fix=f"give a number, as in {default:g}")


def _poll(settings: Config, default: float) -> float:
    """Return the longest pause between two looks, in seconds."""
    return max(_number(settings, "timeout", default) / 1000, _SHORTEST_POLL)


def _s3(settings: Config, timeout: float) -> S3Store:
    import boto3  # only the S3 channel needs it
    from botocore.config import Config as Calls

    from shared.fmi.channels.s3 import S3Store

    wait = timeout / _TRIES
    calls = Calls(connect_timeout=wait, read_timeout=wait, retries={"total_max_attempts": _TRIES})
    region = str(settings.get("s3_region") or "") or None
    client = boto3.client("s3", region_name=region, config=calls)
    bucket, owner = _needed(settings, "S3", "bucket_name"), os.environ.get("ACCOUNT", "")
    return S3Store(client, bucket, owner, longest_poll=_poll(settings, _S3_POLL_MS))


def _redis(settings: Config, timeout: float) -> RedisStore:
    try:
        redis = import_module("redis")  # an extra: only the Redis channel needs it
        retry = import_module("redis.retry").Retry(import_module("redis.backoff").NoBackoff(), _TRIES - 1)
    except ImportError as error:
        raise LanesError("the Redis channel needs the package redis", fix="pip install redis") from error
    from shared.fmi.channels.redis import RedisStore

    host, port, wait = _needed(settings, "Redis", "host"), int(_number(settings, "port", _REDIS_PORT)), timeout / _TRIES
    client = redis.Redis(host, port, socket_timeout=wait, socket_connect_timeout=wait, retry=retry)
    return RedisStore(client, longest_poll=_poll(settings, _REDIS_POLL_MS))


def _needed(settings: Config, backend: str, name: str) -> str:
    if not settings.get(name):
        raise UsageError(f"backend {backend} has no {name}", fix=f'add "{name}" to backends.{backend}')
    return str(settings[name])


def _model(kind: type[M], settings: Config) -> M:
    """Return the *kind* of model with the figures that *settings* give; others are not ours to read."""
    usual = kind()
    figures: dict[str, Any] = {  # numbers, and true or false
        field.name: _truth(settings[field.name])
        if field.type == "bool"
        else _number(settings, field.name, getattr(usual, field.name))
        for field in fields(kind)
        if field.name in settings
    }
    return replace(usual, **figures)


def _truth(value: Json) -> bool:
    """Return whether *value* says yes: true, or text or a number for it, as boost reads them."""
    return value if isinstance(value, bool) else str(value).lower() in {"true", "1"}
