"""What the ledger reckons with: nanodollars, whole ones, so that sums are exact.

The prices are those of ``shared/measure/billing/prices.yaml``, which does not travel into Lambda; a test holds both
to be the same.
"""

from __future__ import annotations

import math

NANO = 1_000_000_000
"""Nanodollars in a dollar."""
LAMBDA_REQUEST_USD = 0.0000002
LAMBDA_GB_SECOND_USD = 0.0000166667
STORAGE_GB_SECOND_USD = 0.0000000309
TRANSITION_USD = 0.000025
INIT_SECONDS = 10
"""The longest cold start, which Lambda bills beside the call since August 2025: after it, it begins anew within the
call's own time. Source: Lambda Developer Guide, "Understanding the Lambda execution environment lifecycle" (read
2026-11-29)."""
SERVICE_CALL_USD = 0.001
"""What a call of S3, DynamoDB, SQS or SNS by a state may cost at the most: 8,000 read units, or 1,600 write units. A
batch reads 16 MB, which are 4,096; a state takes 256 KB, and so writes 1,024 into a table and an index in a
transaction."""
_FREE_STORAGE_MB = 512


def nano(usd: float) -> int:
    """Return *usd* dollars in nanodollars, rounded up."""
    return math.ceil(usd * NANO - 1e-6)


def dollars(amount: int) -> str:
    """Return an *amount* of nanodollars as text."""
    usd = abs(amount) / NANO
    text = f"{usd:.2f}" if usd >= 1 or usd == 0 else f"{usd:.6f}".rstrip("0")
    return f"{'-' if amount < 0 else ''}${text}"


def per_ms(memory_mb: int, ephemeral_mb: int) -> float:
    """Return what a millisecond of a function costs, in nanodollars."""
    storage = max(0, ephemeral_mb - _FREE_STORAGE_MB) * STORAGE_GB_SECOND_USD
    return (memory_mb * LAMBDA_GB_SECOND_USD + storage) / 1024 * NANO / 1000


def most_of_a_call(memory_mb: int, ephemeral_mb: int, timeout_seconds: int) -> int:
    """Return what one call of a function costs at the most, in nanodollars."""
    milliseconds = (timeout_seconds + INIT_SECONDS) * 1000
    return nano(LAMBDA_REQUEST_USD) + math.ceil(per_ms(memory_mb, ephemeral_mb) * milliseconds)


GATE_MEMORY_MB, GATE_TIMEOUT_SECONDS = 256, 60
"""Of the ledger's own function."""
TRANSITION = nano(TRANSITION_USD)
SERVICE_CALL = nano(SERVICE_CALL_USD)
GATE_CALL = nano(LAMBDA_REQUEST_USD) + math.ceil(per_ms(GATE_MEMORY_MB, 512) * 1000)
"""What a call of the ledger's function is charged: a request and a second, whatever it took."""
FEE = TRANSITION + GATE_CALL
"""What a start costs that is refused."""
