"""What a program is given by whoever starts the run: arguments and variables. Pure.

The payloads of cylon's benchmarks name some of their program's variables in keys of their own; ``CYLON`` has these. The
source is the function that takes such payloads: mstaylor/cylon, target/aws/scripts/lambda/functions/cylon_init.py, read
on 2026-11-30.
"""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shared.handlers.payload import Reader

LONGEST = 128 * 1024 - 1
"""Bytes of an argument, or of a variable with its name: Linux's MAX_ARG_STRLEN (execve(2)), which ends in a NUL."""

CYLON = {
    "rows": "ROWS",
    "scaling": "SCALING",
    "uniqueness": "UNIQUENESS",
    "iterations": "ITERATIONS",
    "operation": "CYLON_OPERATION",
    "output_scaling_filename": "OUTPUT_SCALING_FILENAME",
    "output_summary_filename": "OUTPUT_SUMMARY_FILENAME",
    "stopwatch_object_name": "S3_STOPWATCH_OBJECT_NAME",
    "summary_object_name": "S3_SUMMARY_OBJECT_NAME",
    "cylon_log_level": "CYLON_LOG_LEVEL",
    "cylon_session_id": "CYLON_SESSION_ID",
    "enable_cost_tracking": "ENABLE_COST_TRACKING",
}
"""Keys of cylon's payloads, and the variables in which its programs find them."""

FOLDER = "S3Path"
"""Cylon's key for what stands before both object names."""

MEETING = (
    *("rendezvous_host", "rendezvous_port", "resolve_rendezvous_host", "redis_host", "redis_port", "redis_namespace"),
    *("fmi_options", "fmi_channel_type", "fmi_max_timeout", "fmi_enable_ping", "fmi_s3_region", "fmi_s3_bucket"),
    "key_ttl",
)
"""Keys of cylon's payloads that say how its own ranks meet. Ours meet at the team's rendezvous, so they are refused."""

_IN_FOLDER = ("stopwatch_object_name", "summary_object_name")
_FILLED = (*_IN_FOLDER, "output_scaling_filename", "output_summary_filename")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_RUNS_OWN = {
    *("RANK", "WORLD_SIZE", "RUN_ID", "TEAM", "STAGE", "ACCOUNT", "BUCKET", "WORKFLOW", "S3_BUCKET"),
    *("DATA_PATH", "RESULT_PATH", "BATCH_SIZE", "EXEC_ARGS"),
    *("PATH", "HOME", "TMPDIR", "PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "PYTHONUNBUFFERED"),
}
_RUNS_OWN_BEGIN = ("AWS_", "LAMBDA_", "LD_", "_", "FMI_TEAM_", "FMI_TIMEOUT", "FMI_CONFIG", "RENDEZVOUS_")


def read_arguments(reader: Reader) -> list[str]:
    """Return the program's arguments: ``args``, or ``EXEC_ARGS`` as cylon's payloads call them.

    A list is taken as it is; a text is split as a shell does.
    """
    given = [key for key in ("args", "EXEC_ARGS") if reader.payload.get(key)]
    if len(given) > 1:
        reader.problems.append("args and EXEC_ARGS are both given, and are the same thing")
    value = reader.payload[given[0]] if given else []
    try:
        words = shlex.split(value) if isinstance(value, str) else value
    except ValueError as error:  # a quotation that does not end
        reader.problems.append(f"{given[0]} is {value!r}: {error}")
        return []
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        reader.problems.append(f"{given[0]} is {value!r}, neither text nor a list of texts")
        return []
    for place, word in enumerate(words):
        _check_size(f"{given[0]}[{place}]", word, reader)
    return words


def read_variables(reader: Reader, world_size: int) -> dict[str, str]:
    """Return the program's own variables: those of ``env``, and those of cylon's keys."""
    told = reader.payload.get("env") or {}
    if not isinstance(told, dict):
        reader.problems.append(f"env is {told!r}, not an object of names to values")
        told = {}
    found: dict[str, str] = {}
    for name, value in told.items():
        if not _NAME.fullmatch(name):
            reader.problems.append(f"env has {name!r}, which is no name of a variable")
        elif name in _RUNS_OWN or name.startswith(_RUNS_OWN_BEGIN):
            reader.problems.append(f"env sets {name}, which the run itself says")
        else:
            found[name] = _text(f"env.{name}", value, reader)
    for name, value in _cylon(reader, world_size).items():
        if name in found:
            reader.problems.append(f"env sets {name}, which a key of the payload gives too")
        found[name] = value
    for name, value in found.items():
        _check_size(f"env.{name}", f"{name}={value}", reader)
    return found


def _cylon(reader: Reader, world_size: int) -> dict[str, str]:
    """Return the variables of cylon's keys that are given; names of files have their placeholders filled."""
    for key in MEETING:
        if reader.given(key):
            reader.problems.append(
                f"{key} says how cylon's own ranks meet, and these meet at the team's rendezvous (leave it out; "
                "a program that reads it for itself gets it by env)"
            )
    given = {key: _text(key, reader.payload[key], reader) for key in (*CYLON, FOLDER) if reader.given(key)}
    scaling = "strong" if given.get("scaling") == "s" else "weak"
    for key in (*_FILLED, FOLDER):
        if key in given:
            given[key] = given[key].replace("{scaling}", scaling).replace("{world_size}", str(world_size))
    for key in _IN_FOLDER:
        if key in given:
            given[key] = given.get(FOLDER, "") + given[key]
    return {CYLON[key]: value for key, value in given.items() if key != FOLDER}


def _text(name: str, value: object, reader: Reader) -> str:
    """Return a text, or a number as text. Truths are written in more than one way, so nobody may guess at one."""
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    reader.problems.append(f"{name} is {value!r}, neither text nor a number")
    return ""


def _check_size(name: str, text: str, reader: Reader) -> None:
    if "\0" in text:
        reader.problems.append(f"{name} has a NUL in it, at which a program would stop reading")
    if len(text.encode(errors="surrogatepass")) > LONGEST:
        reader.problems.append(f"{name} is longer than {LONGEST:,} bytes, which no program can be given")
