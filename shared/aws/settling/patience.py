"""Clients that wait out what passes. Clock and sleep are handed in: the tests wait for nothing."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from shared.aws.client import Aws
from shared.aws.settling.answers import is_done, passing
from shared.errors import LanesError, code_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shared.aws.settling.rules import Passing
    from shared.aws.settling.waiting import Sleep

_FIRST, _GROWTH, _LONGEST = 1.0, 1.6, 15.0  # seconds between tries
_SILENT = 5.0  # seconds that nobody needs to be told of
_OF_CLIENTS = frozenset({"can_paginate", "close", "generate_presigned_url", "get_paginator", "get_waiter"})


class StaysError(LanesError):
    """What should have passed did not."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How waiting is done.

    Attributes:
        sleep: Waits, in seconds.
        tell: Told, a line each, what is waited for once it takes longer.
        clock: Seconds that only grow.
        jitter: A number from 0 to 1, so that many deploys do not come back to AWS at the same moment.
    """

    sleep: Sleep = time.sleep
    tell: Callable[[str], None] | None = None
    clock: Callable[[], float] = time.monotonic
    jitter: Callable[[], float] = random.random


@dataclass(slots=True)
class Wait:
    """Waits for one call, for as long as what it waits for may take.

    Time counts from the first refusal, by the clock or by what was slept, whichever is more: a test's sleep takes none.
    """

    patience: Patience
    call: str
    params: Mapping[str, object]
    _since: float | None = None
    _slept: float = 0.0
    _told: float = field(default=_SILENT)
    _next: float = _FIRST

    def once_more(self, rule: Passing, error: Exception) -> None:
        """Wait until it is time to ask again.

        Raises:
            StaysError: It has taken too long.
        """
        now = self.patience.clock()
        self._since = now if self._since is None else self._since
        waited = max(self._slept, now - self._since)
        if waited >= rule.seconds:
            raise StaysError(f"{error} (for {waited:.0f} s now: {rule.why})", fix=_fix(rule, self.params)) from error
        if waited >= self._told and self.patience.tell is not None:
            self._told = waited + _LONGEST
            said = code_of(error) or type(error).__name__
            limit = f"{waited:.0f} s so far, {rule.seconds:.0f} at most"
            self.patience.tell(f"waiting: {rule.why} ({self.call}: {said}; {limit})")
        seconds = min(self._next * (0.5 + self.patience.jitter()), rule.seconds - waited)
        self._next = min(self._next * _GROWTH, _LONGEST)
        self.patience.sleep(seconds)
        self._slept += seconds


class PatientAws(Aws):
    """The clients of *aws*. Each call waits out what passes, but pages are fetched as botocore does.

    A call whose work is already done answers with nothing. An earlier try may have done it, and its answer was lost.
    """

    def __init__(self, aws: Aws, patience: Patience) -> None:
        super().__init__(aws.session, aws.target, aws.caller, aws.owner)
        self.patience = patience
        self._aws = aws

    def client(self, service: str, region: str | None = None) -> Any:
        """Return the client for *service*, the same one each time."""
        key = (service, region)
        if key not in self._clients:
            self._clients[key] = _PatientClient(self._aws.client(service, region), service, self.patience)
        return self._clients[key]


class _PatientClient:
    def __init__(self, client: object, service: str, patience: Patience) -> None:
        self._client = client
        self._service = service
        self._patience = patience

    def __getattr__(self, name: str) -> object:
        method = getattr(self._client, name)
        if not callable(method) or name in _OF_CLIENTS:
            return method

        def ask(**params: object) -> object:
            call = f"{self._service}.{name}"
            wait = Wait(self._patience, call, params)
            while True:
                try:
                    return _whole(method(**params), name)
                except (ClientError, BotoCoreError) as error:
                    rule = passing(call, error)
                    if rule is not None:
                        wait.once_more(rule, error)
                    elif is_done(call, error):
                        return {}
                    else:
                        raise

        return ask


def _whole(answer: object, operation: str) -> object:
    """Return *answer*, unless a part of the request was refused, which EventBridge says in an answer of 200.

    Raises:
        ClientError: As for a refusal of the whole. Source: EventBridge API reference, PutTargets.
    """
    if isinstance(answer, dict) and answer.get("FailedEntryCount"):
        first = answer["FailedEntries"][0]
        code, text = first.get("ErrorCode", ""), first.get("ErrorMessage", "")
        raise ClientError({"Error": {"Code": code, "Message": text}}, operation)
    return answer


def _fix(rule: Passing, params: Mapping[str, object]) -> str:
    """Return what to do, with the call's own parameters where the rule names them in braces."""
    fix = rule.fix
    for name, value in params.items():
        fix = fix.replace("{" + name + "}", str(value))
    return fix
