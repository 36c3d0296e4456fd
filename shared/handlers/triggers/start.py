"""Starts a run for each object that was uploaded, or one for all of a batch.

Lambda gives it a batch of the queue's messages. What could not be started is told by its message, so it comes back, and
after some tries it goes to the dead letters. A run's name follows from the uploads, so a message that comes twice
starts nothing twice: Step Functions takes no name of a standard machine's again within 90 days (API reference,
StartExecution). Of batches that is only so where the same messages come together again.
"""

from __future__ import annotations

import functools
import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from shared.errors import LanesError, code_of
from shared.handlers import env
from shared.handlers.triggers.notices import read_message, run_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mypy_boto3_stepfunctions import SFNClient

    from shared.handlers.triggers.notices import Object
    from shared.values import Json

_OBJECTS = "objects"
_INPUT_BYTES = 262_144
"""Of an execution's input, at most (Step Functions developer guide, "Quotas", read 2026-11-29)."""
_TAKEN = "ExecutionAlreadyExists"


@dataclass(frozen=True, slots=True)
class Starter:
    """What starts runs.

    Attributes:
        states: The client.
        machine: The ARN of the state machine.
        payload: The rest of each run's input.
        gives: What the objects are called in it: ``object`` for a run each, ``objects`` for one of all.
        bucket: Whose uploads start runs. The queue's policy lets in S3 for it alone; people may have rights to send.
    """

    states: SFNClient
    machine: str
    payload: Mapping[str, Json]
    gives: str
    bucket: str

    def answer(self, messages: Sequence[Mapping[str, str]]) -> dict[str, Json]:
        """Start what *messages* are about, and return those that could not be, as Lambda wants to be told."""
        uploads: list[tuple[str, Object]] = []
        failed: dict[str, None] = {}
        for message in messages:
            name = message["messageId"]
            try:
                uploads += [(name, each) for each in read_message(message["body"], self.bucket)]
            except LanesError as error:
                print(error)
                failed[name] = None
        for group in self._groups(uploads):
            try:
                self._start([each for _, each in group])
            except (ClientError, BotoCoreError) as error:
                print(f"not started: {error}")
                failed |= dict.fromkeys(name for name, _ in group)
        return {"batchItemFailures": [{"itemIdentifier": name} for name in failed]}

    def _groups(self, uploads: Sequence[tuple[str, Object]]) -> Iterator[list[tuple[str, Object]]]:
        """Yield the uploads of each run: one, or all as far as an input has room."""
        if self.gives != _OBJECTS:
            yield from ([each] for each in uploads)
            return
        group: list[tuple[str, Object]] = []
        empty = size = len(self._input([]).encode())
        for upload in uploads:
            more = len(_json(upload[1].told()).encode()) + 1  # and a comma
            if group and size + more > _INPUT_BYTES:
                yield group
                group, size = [], empty
            group.append(upload)
            size += more
        if group:
            yield group

    def _input(self, objects: Sequence[Object]) -> str:
        told: list[Json] = [each.told() for each in objects]
        return _json({**self.payload, self.gives: told if self.gives == _OBJECTS else told[0]})

    def _start(self, objects: Sequence[Object]) -> None:
        name = run_name(objects)
        try:
            self.states.start_execution(stateMachineArn=self.machine, name=name, input=self._input(objects))
        except ClientError as error:
            if code_of(error) != _TAKEN:
                raise
            print(f"{name} was started already")
        else:
            print(f"{name} started")


def handler(event: Mapping[str, Sequence[Mapping[str, str]]], _context: object) -> dict[str, Json]:
    """Start what the messages of *event* are about.

    Returns:
        ``{"batchItemFailures": [{"itemIdentifier": ...}]}``: the messages that come back.
    """
    told = dict(env.require(os.environ, "STATE_MACHINE INPUT GIVES BUCKET"))
    starter = Starter(_states(), told["STATE_MACHINE"], json.loads(told["INPUT"]), told["GIVES"], told["BUCKET"])
    return starter.answer(event["Records"])


def _json(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


@functools.cache
def _states() -> SFNClient:
    """Return this process's client. The environment says where it points (AWS_ENDPOINT_URL)."""
    return boto3.client("stepfunctions", config=Config(retries={"mode": "standard"}))
