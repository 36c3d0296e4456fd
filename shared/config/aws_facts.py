"""Numbers of AWS that it may change, each with the page that says it and the day on which that page was read.

Prices are in ``measure/billing/prices.yaml`` and runtimes in :mod:`shared.config.runtimes`, with their sources.
Handlers travel alone, so they keep the numbers that they need themselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

_STATES = "https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html"
_LAMBDA = "https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"
_CONCURRENCY = "https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html"
_PUT_LOGS = "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html"
_INLINE = "https://docs.aws.amazon.com/step-functions/latest/dg/state-map-inline.html"
_SCALING = "https://docs.aws.amazon.com/lambda/latest/dg/scaling-behavior.html"
_OBJECTS = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance.html"
_REDRIVE = "https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html"
_REDRIVE_API = "https://docs.aws.amazon.com/step-functions/latest/apireference/API_RedriveExecution.html"
_READ = date(2026, 11, 29)
_READ_NEXT = date(2026, 11, 30)


@dataclass(frozen=True, slots=True)
class Fact:
    """One number of AWS.

    Attributes:
        value: The number, in the unit that its name or its docstring says.
        source: The page.
        read: When that page said so.
    """

    value: int
    source: str
    read: date


@dataclass(frozen=True, slots=True)
class Throttle:
    """How often one account may call an action in a region: ``bucket`` calls at once, ``refill`` more a second."""

    bucket: int
    refill: int
    source: str
    read: date


STANDARD_STARTS = Fact(100, _STATES, _READ)
"""Standard child executions that a distributed Map starts a second, at most: each Map run of its own."""
EXPRESS_STARTS = Fact(1000, _STATES, _READ)
"""Express child executions that a distributed Map starts a second, at most."""
MAP_CHILDREN = Fact(10_000, _STATES, _READ)
"""Child executions of one distributed Map that run at once, at most."""
INLINE_AT_ONCE = Fact(40, _INLINE, _READ_NEXT)
"""Iterations of an inline Map that run at once, at most; the page says "up to 40"."""
HISTORY_CALLS = Throttle(400, 20, _STATES, _READ)
"""GetExecutionHistory; all other actions are in :mod:`shared.config.throttles`."""
STATE_DATA = Fact(256 * 1024, _STATES, _READ)
"""Bytes of UTF-8 that a state, a task or an execution takes and gives, at most."""
REDRIVABLE_DAYS = Fact(14, _REDRIVE, _READ_NEXT)
"""Days after its end in which an execution may be redriven."""
REDRIVE_TOKENS = Fact(10, _REDRIVE_API, _READ_NEXT)
"""Client tokens of successful redrives that an execution remembers, for 15 minutes each."""
HISTORY_EVENTS = Fact(25_000, _STATES, _READ)
"""Events of a standard execution's history, at most."""

SYNC_PAYLOAD = Fact(6 * 1024**2, _LAMBDA, _READ)
"""Bytes of a synchronous invocation's event, and of its answer."""
ASYNC_PAYLOAD = Fact(1024**2, _LAMBDA, _READ)
"""Bytes of an asynchronous invocation's event: 256 KB until October 2025."""
DIRECT_UPLOAD = Fact(50 * 1024**2, _LAMBDA, _READ)
"""Bytes of a zip that is sent to Lambda itself; a larger one comes from S3."""
UNZIPPED = Fact(250 * 1024**2, _LAMBDA, _READ)
"""Bytes of a zip's contents, layers included, however it comes."""
CODE_STORAGE = Fact(75 * 1024**3, _LAMBDA, _READ)
"""Bytes of all zips and layers of an account in a region, before it asks for more."""
CONCURRENCY = Fact(1000, _LAMBDA, _READ)
"""Concurrent executions of an account in a region; a new account has fewer, often 10."""
NEW_ENVIRONMENTS = Throttle(1000, 100, _SCALING, _READ_NEXT)
"""New execution environments of each function: "1,000 every 10 seconds", refilled "continuously over time"."""
CALLS_OF_AN_ENVIRONMENT = Fact(10, _LAMBDA, _READ_NEXT)
"""Synchronous invocations a second for each unit of concurrency; of asynchronous ones any number."""
KEPT_UNRESERVED = Fact(100, _CONCURRENCY, _READ)
"""Concurrent executions that must stay unreserved."""
MEMORY = Fact(10_240, _LAMBDA, _READ)
"""MB of a function at most; a new account has less."""
NEW_ACCOUNT_MEMORY = Fact(3008, _LAMBDA, _READ)
"""MB at most in a new account. The page says "reduced"; users read this figure when AWS refuses a larger one."""

LOG_EVENT = Fact(1024**2, _PUT_LOGS, _READ)
"""Bytes of one event in CloudWatch Logs: 256 KB until April 2025."""

OBJECT_GETS = Fact(5500, _OBJECTS, _READ_NEXT)
"""GET and HEAD requests a second that S3 answers at least, for each partitioned prefix of a bucket."""
OBJECT_PUTS = Fact(3500, _OBJECTS, _READ_NEXT)
"""PUT, COPY, POST and DELETE requests a second, likewise."""
