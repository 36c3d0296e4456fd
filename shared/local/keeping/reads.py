"""Which calls change nothing that is to be kept, by botocore's names.

A call that is not known to read counts as one that changes: then it waits until what it may have changed is compared
with what is written, which costs time and nothing else.
"""

from __future__ import annotations

import re

_READS = re.compile(r"(?:Get|List|Describe|Head|BatchGet|Query$|Scan$|TransactGetItems$|Simulate|Select|Filter|Lookup)")
_CHANGES = frozenset(
    {
        ("secretsmanager", "GetSecretValue"),  # it may make the platform's secret, and its last day of use is told
    }
)
_WAITS = frozenset(
    {
        ("lambda", "Invoke"),
        ("lambda", "InvokeWithResponseStream"),
        ("stepfunctions", "StartSyncExecution"),
        ("stepfunctions", "GetActivityTask"),
        ("stepfunctions", "TestState"),
    }
)


def only_reads(service: str, operation: str) -> bool:
    """Say whether *operation* of *service* changes nothing that is kept."""
    return _READS.match(operation) is not None and (service, operation) not in _CHANGES


def waits(service: str, operation: str) -> bool:
    """Say whether *operation* waits for what others run, and itself changes nothing in moto's tables."""
    return (service, operation) in _WAITS
