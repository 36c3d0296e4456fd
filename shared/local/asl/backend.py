"""The machines and executions of one account and region, in the place of moto's Step Functions backend.

Nothing of it is moto's but the way it is found. Machines, their versions and aliases, activities and tags are records
(:mod:`shared.local.asl.records`), which the actions in ``api`` read and change.
"""

from __future__ import annotations

import datetime as dt
import functools
import json
import re
import threading
from typing import TYPE_CHECKING

from moto.core.base_backend import BaseBackend
from moto.core.resource_tagging import TaggableResourcesMixin, TaggedResource

from shared.local.asl.arns import machine_arn, read_arn
from shared.local.asl.configurations import check_readable
from shared.local.asl.delivery import deliver_at_the_end
from shared.local.asl.execution import RUNNING, Execution
from shared.local.asl.identity import Identity
from shared.local.asl.json_text import JsonTextError, read_json
from shared.local.asl.machine import Machine
from shared.local.asl.pages import Pages
from shared.local.asl.refusals import (
    Refused,
    deleting,
    invalid_name,
    no_execution,
    no_machine,
    no_resource,
    too_many,
)
from shared.local.asl.size import MAX_BYTES
from shared.local.asl.validation import problems_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.local.asl.engine import Engine
    from shared.local.asl.identity import StartedMachine
    from shared.local.asl.records import Activity, MachineRecord
    from shared.values import Json

# API reference, StartExecution and CreateStateMachine, "name" (read 2026-11-30).
_NAME = re.compile(r"[^\s<>{}\[\]?*\"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f\ufffe\uffff]{1,80}")


class AslBackend(BaseBackend, TaggableResourcesMixin):
    """The state machines and executions of one account and region."""

    SERVICE_NAMESPACE = "states"
    # Set by `install`; moto makes backends without arguments of ours.
    engine: Engine
    # How many executions may run. Developer Guide, "Quotas related to state machine executions" (read 2026-11-30).
    most_running = 1_000_000

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.machines: dict[str, MachineRecord] = {}
        self.activities: dict[str, Activity] = {}
        self.tags: dict[str, dict[str, str]] = {}
        self.pages = Pages()
        self.runs: dict[str, Execution] = {}
        # Held while records change. Whoever holds it may take that for starting, never the other way round.
        self.changing = threading.RLock()
        self._compiled: dict[str, Machine] = {}
        self._start_lock = threading.Lock()

    @property
    def _url_module(self) -> object:
        from moto.stepfunctions import urls  # as moto's own property does

        return urls

    def reset(self) -> None:
        """Stop what runs, then forget everything."""
        for run in list(self.runs.values()):
            run.stop(None, None)
        super().reset()

    def now(self) -> dt.datetime:
        """Return the time of the engine's clock."""
        return dt.datetime.fromtimestamp(self.engine.scheduler.now(), dt.UTC)

    def arn(self, resource: str) -> str:
        """Return the ARN of *resource*, such as ``activity:a``, in this account and region."""
        return f"arn:{self.partition}:states:{self.region_name}:{self.account_id}:{resource}"

    # Machines.

    def machine(self, arn: str) -> MachineRecord:
        """Return the machine of *arn*, without version or alias.

        Raises:
            Refused: StateMachineDoesNotExist; StateMachineDeleting.
        """
        record = self.machines.get(arn)
        if record is None:
            raise no_machine(arn)
        if record.deleting:
            raise deleting(arn)
        return record

    def resolve(self, arn: str) -> StartedMachine:
        """Return the machine or version that *arn* names, or that the alias of this ARN leads to this time.

        Raises:
            Refused: InvalidArn; StateMachineDoesNotExist; StateMachineDeleting.
        """
        given = machine_arn(arn)
        record = self.machines.get(given.owner)
        if record is None:
            raise no_machine(arn)
        self.machine(given.owner)
        if not given.qualifier:
            return record.now
        alias = record.aliases.get(given.qualifier)
        version = record.version_of(alias.choose(self.engine.random) if alias else arn)
        if version is None:
            raise no_machine(arn)
        return version.machine

    def delete_machine(self, arn: str) -> None:
        """Delete a machine with its versions, aliases, tags and executions; those that run are stopped first."""
        with self.changing:
            record = self.machines.get(arn)
            if record is None or record.deleting:
                return
            record.deleting = True
        with self._start_lock:
            gone = [run for run in list(self.runs.values()) if run.identity.machine_arn == arn]
        for run in gone:
            run.stop(None, None)
        with self._start_lock:
            for run in gone:
                self.runs.pop(run.arn, None)
        self.engine.forget_map_runs(arn.replace(":stateMachine:", ":mapRun:") + "/")
        with self.changing:
            del self.machines[arn]
            self.tags.pop(arn, None)

    # Tags, also for the Resource Groups Tagging API.

    def iter_tagged_resources(self) -> Iterator[TaggedResource]:
        """Yield every machine and activity with its tags."""
        for kind, arns in (("stateMachine", list(self.machines)), ("activity", list(self.activities))):
            for arn in arns:
                yield TaggedResource(arn=arn, tags=self.tags_of(arn), resource_type=f"states:{kind}")

    def tags_of(self, arn: str) -> dict[str, str]:
        """Return the tags of a machine or an activity.

        Raises:
            Refused: ResourceNotFound.
        """
        if arn not in self.activities and arn not in self.machines:
            raise no_resource(arn)
        return self.tags.setdefault(arn, {})

    def tag_resource(self, arn: str, tags: dict[str, str]) -> None:
        """Tag a machine or an activity, which must exist."""
        self.tags_of(arn).update(tags)

    def untag_resource(self, arn: str, tag_keys: list[str]) -> None:
        """Take tags from a machine or an activity, which must exist."""
        found = self.tags_of(arn)
        for key in tag_keys:
            found.pop(key, None)

    def compiled(self, definition: str) -> Machine:
        """Return the compiled form of *definition*, compiled once."""
        machine = self._compiled.get(definition)
        if machine is None:
            machine = self._compiled[definition] = Machine(json.loads(definition))
        return machine

    # Executions.

    def start_execution(
        self, state_machine_arn: str, name: str | None, execution_input: str, trace: str | None = None
    ) -> Execution:
        """Start an execution, or return the one that runs under this name with this input."""
        machine = self.resolve(state_machine_arn)
        check_readable(self, machine.encryption)  # what it is given is closed with the key
        name = name or self.engine.uuid()
        check_name(name)
        value = parse_input(execution_input)
        express = machine.kind == "EXPRESS"
        arn = self.arn(f"{'express' if express else 'execution'}:{machine.name}:{name}")
        own = self.arn(f"stateMachine:{machine.name}")
        identity = Identity(
            arn=f"{arn}:{self.engine.uuid()}" if express else arn,
            name=name,
            machine_arn=own,
            machine_name=machine.name,
            role_arn=machine.role_arn,
            express=express,
            machine=machine,
            alias=state_machine_arn if state_machine_arn not in (machine.arn, own) else None,
            trace=trace,
        )
        with self._start_lock:
            self.machine(own)  # it may be being deleted by now
            before = self.runs.get(identity.arn)
            if before is not None:
                if before.status == RUNNING and json.loads(before.input_text) == value:
                    return before
                raise Refused("ExecutionAlreadyExists", f"Execution Already Exists: '{identity.arn}'")
            self.check_room()
            return self._begin(identity, machine, execution_input)

    def check_room(self) -> None:
        """Check that one more execution may run.

        Raises:
            Refused: ExecutionLimitExceeded.
        """
        most = self.most_running
        if len(self.runs) >= most and sum(run.status == RUNNING for run in list(self.runs.values())) >= most:
            raise too_many("ExecutionLimitExceeded", "running executions", most)

    def begin_again(self, identity: Identity, execution_input: str) -> None:
        """Begin an execution from its start that ran when an earlier cloud ended."""
        if identity.machine is not None:
            with self._start_lock:
                self._begin(identity, identity.machine, execution_input)

    def _begin(self, identity: Identity, machine: StartedMachine, execution_input: str) -> Execution:
        """Make an execution and start it; needs the lock for starting."""
        execution = Execution(self.engine, self.compiled(machine.definition), identity, execution_input)
        with execution.lock:  # whoever finds it and wants to stop it waits until it has begun
            self.runs[identity.arn] = execution
            execution.start(parse_input(execution_input))
        if identity.express:  # nobody can ask for it once it has ended
            execution.watch(functools.partial(self._forget, identity.arn))
        deliver_at_the_end(execution, machine.logging)
        return execution

    def execution(self, arn: str, *, express: bool = False) -> Execution:
        """Return the execution of *arn*, which may be a child of a Map run, and an *express* one only then.

        Raises:
            Refused: InvalidArn; ExecutionDoesNotExist.
        """
        child = self.engine.child(arn)
        if not (express and child):
            read_arn(arn, "execution")
        found = child or self.runs.get(arn)
        if not isinstance(found, Execution):
            raise no_execution(arn)
        return found

    def _forget(self, arn: str) -> None:
        self.runs.pop(arn, None)


class InvalidDefinition(Refused):
    """The definition has problems."""

    def __init__(self, message: str) -> None:
        super().__init__("InvalidDefinition", message)


def check_definition(definition: str, kind: str) -> None:
    """Raise InvalidDefinition unless *definition* has no errors; all of them are in its message."""
    errors = [str(problem) for problem in problems_of(definition, kind)]
    if errors:
        raise InvalidDefinition(f"Invalid State Machine Definition: '{', '.join(errors)}'")


def check_name(name: str) -> None:
    """Raise InvalidName unless *name* has only characters that a name may have."""
    if not _NAME.fullmatch(name):
        raise invalid_name(name)


def parse_input(text: str) -> Json:
    """Return the execution input *text* as a value.

    Raises:
        Refused: InvalidExecutionInput: it is not JSON, or larger than 256 KB.
    """
    if len(text.encode(errors="replace")) > MAX_BYTES:
        raise _invalid_input(f"The input exceeds {MAX_BYTES} bytes")
    try:
        return read_json(text)
    except JsonTextError as error:
        raise _invalid_input(str(error)) from error


def _invalid_input(why: str) -> Refused:
    return Refused("InvalidExecutionInput", f"Invalid State Machine Execution Input: '{why}'")
