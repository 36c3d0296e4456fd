"""Lambda's runtimes for Python: which may be chosen here, and until when AWS keeps each."""

from __future__ import annotations

import platform
import sys
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, get_args

SOURCE = "https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html"
READ = date(2026, 11, 29)
"""When the dates below were read. AWS calls them projected, and has put off the last two more than once."""

Architecture = Literal["x86_64", "arm64"]
DEFAULT_ARCHITECTURE: Architecture = "x86_64"
RuntimeName = Literal["python3.11", "python3.12", "python3.13", "python3.14"]
OFFERED: tuple[str, ...] = get_args(RuntimeName)
"""What functions of a zip may run on: Lambda and Chalice have it, and the handlers run on it."""
MACHINE = f"python{sys.version_info.major}.{sys.version_info.minor}"
"""The runtime of this machine's own Python."""
RUNTIME_MODULES = (
    "awslambdaric", "runtime_client", "snapshot_restore_py", "simplejson",
    "boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six", "urllib3",
)  # fmt: skip
"""What Lambda's Python has besides the standard library: its client, and boto3 with what boto3 needs (AWS's guide,
"Runtime-included SDK versions"; seen 2026-11-29)."""
_NOTICE = timedelta(days=183)


@dataclass(frozen=True, slots=True)
class Runtime:
    """The end of a runtime: the days from which it gets no patches, no new functions, and no changes of functions."""

    deprecated: date
    no_create: date
    no_update: date


RUNTIMES = {
    "python3.9": Runtime(date(2025, 12, 15), date(2027, 2, 1), date(2027, 3, 3)),
    "python3.10": Runtime(date(2026, 10, 31), date(2027, 2, 1), date(2027, 3, 3)),
    "python3.11": Runtime(date(2027, 6, 30), date(2027, 7, 31), date(2027, 8, 31)),
    "python3.12": Runtime(date(2028, 10, 31), date(2028, 11, 30), date(2029, 1, 10)),
    "python3.13": Runtime(date(2029, 6, 30), date(2029, 7, 31), date(2029, 8, 31)),
    "python3.14": Runtime(date(2029, 6, 30), date(2029, 7, 31), date(2029, 8, 31)),
}


def machine_architecture() -> Architecture:
    """Return this machine's processor, in Lambda's word."""
    return "arm64" if platform.machine().lower() in {"arm64", "aarch64"} else "x86_64"


def end_of(runtime: str, today: date) -> str:
    """Return a warning when *runtime* has ended or ends within six months; else ""."""
    known = RUNTIMES.get(runtime)
    if known is None or today + _NOTICE < known.deprecated:
        return ""
    if today >= known.no_create:
        return f"Lambda makes no {runtime} functions any more, since {known.no_create}"
    word = "is deprecated since" if today >= known.deprecated else "is deprecated on"
    return f"{runtime} {word} {known.deprecated}; from {known.no_create} on Lambda makes no functions of it"


def refused(runtime: str, today: date, *, new: bool) -> str:
    """Return why Lambda refuses a *new* function of *runtime*, or a change of one; "" if it does not."""
    known = RUNTIMES.get(runtime)
    if known is None or runtime not in OFFERED:
        return f"{runtime} is none of the runtimes for it: {', '.join(OFFERED)}"
    if new and today >= known.no_create:
        return f"Lambda makes no {runtime} functions since {known.no_create}"
    if today >= known.no_update:
        return f"Lambda changes no {runtime} functions since {known.no_update}"
    return ""
