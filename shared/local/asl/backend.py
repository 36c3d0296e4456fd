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
from shared.local.asl.maps.run import MapRun
from shared.local.asl.pages import Pages
from shared.local.asl.refusals import (
    Refused,
    deleting,
    invalid_name,
    no_execution,
    no_machine,
    no_resource,
    throttled,
    too_many,
)
from shared.local.asl.runs.record import record_of
from shared.local.asl.size import MAX_BYTES
from shared.local.asl.validation import problems_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.local.asl.engine import Engine
    from shared.local.asl.identity import StartedMachine
    from shared.local.asl.records import Activity, MachineRecord
    from shared.local.asl.runs.record import MapRunRecord, RunRecord
    from shared.values import Json

# API reference, StartExecution and CreateStateMachine, "name" (read 2026-11-30).
_NAME = re.compile(r"[^\s<>{}\[\]?*\"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f\ufffe\uffff]{1,80}")


_COMPILED = 256  # definitions that stay compiled


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
        # Those that run; what has ended is in the engine's store.
        self.runs: dict[str, Execution] = {}
        # Held while records change. Whoever holds it may take that for starting, never the other way round.
        self.changing = threading.RLock()
        self.starting = threading.Lock()

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
        with self.starting:
            gone = [run for run in list(self.runs.values()) if run.identity.machine_arn == arn]
        for run in gone:
            run.stop(None, None)
        self.engine.runs.forget_machine(arn)
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

    # Executions.

    def start_execution(
        self,
        state_machine_arn: str,
        name: str | None,
        execution_input: str,
        trace: str | None = None,
        *,
        at_once: bool = False,
    ) -> Execution:
        """Start an execution, or return the one that runs under this name with this input.

        Args:
            state_machine_arn: What to start: a machine, a version or an alias.
            name: The execution's name; a new one if there is none.
            execution_input: JSON.
            trace: The header of a trace.
            at_once: Whether the caller waits for its end, as of StartSyncExecution: of those, no account has a number.

        Raises:
            Refused: ExecutionAlreadyExists, ThrottlingException and the like.
            DiskError: A cloud that is to survive could not write it down. It is stopped.
        """
        machine = self.resolve(state_machine_arn)
        check_readable(self, machine.encryption)  # what it is given is closed with the key
        name = name or self.engine.uuid()
        check_name(name)
        value = parse_input(execution_input)
        express = machine.kind == "EXPRESS"
        account = self.engine.account
        if account is not None and not at_once and not account.starts(self.region_name, express=express):
            raise throttled()
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
        with self.starting:
            self.machine(own)  # it may be being deleted by now
            execution = self.runs.get(identity.arn)
            if execution is not None and execution.status == RUNNING and json.loads(execution.input_text) == value:
                new = False
            elif execution is not None or (not express and self.engine.runs.knows(identity.arn)):
                raise Refused("ExecutionAlreadyExists", f"Execution Already Exists: '{identity.arn}'")
            else:
                new = True
                self.check_room()
                execution = self._begin(identity, machine, execution_input)
        try:
            self.engine.runs.acknowledge()
        except BaseException:
            if new:
                execution.stop(None, None)
            raise
        return execution

    def check_room(self) -> None:
        """Check that one more execution may run.

        Raises:
            Refused: ExecutionLimitExceeded.
        """
        most = self.most_running
        if len(self.runs) >= most and sum(run.status == RUNNING for run in list(self.runs.values())) >= most:
            raise too_many("ExecutionLimitExceeded", "running executions", most)

    def begin_again(self, identity: Identity, execution_input: str) -> None:
        """Begin an execution from its start that ran when an earlier cloud ended; what that left of it goes."""
        if identity.machine is not None:
            with self.starting:
                self.engine.runs.forget(identity.arn)
                self._begin(identity, identity.machine, execution_input)

    def _begin(self, identity: Identity, machine: StartedMachine, execution_input: str) -> Execution:
        """Make an execution and start it; needs the lock for starting."""
        execution = Execution(self.engine, compiled(machine.definition), identity, execution_input)
        if not identity.express:  # nobody can ask for such a one once it has ended
            execution.number = self.engine.runs.new_number()
        with execution.lock:  # whoever finds it and wants to stop it waits until it has begun
            self.runs[identity.arn] = execution
            if self.engine.runs.durable and execution.number:
                self.engine.runs.began(execution)
            execution.start(parse_input(execution_input))
        execution.watch(functools.partial(self._forget, execution))
        deliver_at_the_end(execution, machine.logging)
        return execution

    def redrive(self, record: RunRecord, token: str | None) -> Execution:
        """Redrive the execution of *record*, which has ended, for a client's *token*; needs the lock for starting.

        Raises:
            Refused: ExecutionLimitExceeded.
        """
        self.check_room()
        identity, runs = record.identity, self.engine.runs
        if identity.machine is None:
            raise no_execution(record.arn)  # only children have none, which are redriven with their Map run
        execution = Execution(self.engine, compiled(identity.machine.definition), identity, record.input_text)
        runs.flush()  # its end, or it would be lost to its new beginning
        execution.recall(record, runs.stopped(record.number))
        with execution.lock:
            self.runs[identity.arn] = execution
            execution.redrive()
            if token is not None:
                execution.redrive_tokens[token] = execution.redriven_at or self.engine.scheduler.now()
            runs.began(execution)
        execution.watch(functools.partial(self._forget, execution))
        deliver_at_the_end(execution, identity.machine.logging)
        return execution

    def running(self, arn: str) -> Execution | None:
        """Return the execution of *arn*, which may be a child of a Map run; None if none runs."""
        found = self.engine.child(arn) or self.runs.get(arn)
        return found if isinstance(found, Execution) else None

    def execution(self, arn: str, *, express: bool = False) -> RunRecord:
        """Return what is known of the execution of *arn*: a child of a Map run, too, and an *express* one only then.

        Raises:
            Refused: InvalidArn; ExecutionDoesNotExist.
        """
        found = self.running(arn)
        record = self.engine.runs.find(arn) if found is None else self.seen(found)
        if not (express and record is not None and record.map_run is not None):
            read_arn(arn, "execution")
        if record is None:
            raise no_execution(arn)
        return record

    def seen(self, execution: Execution) -> RunRecord:
        """Return what is known of *execution*; its end only once it may be seen."""
        record = record_of(execution, execution.status)
        if record.status != RUNNING and self.engine.runs.durable:
            self.engine.runs.flush()
        return record

    def running_map_run(self, arn: str) -> MapRun | None:
        """Return the Map run of *arn*, None if it does not run."""
        found = self.engine.map_run(arn)
        return found if isinstance(found, MapRun) else None

    def map_run(self, arn: str) -> MapRunRecord:
        """Return what is known of the Map run of *arn*.

        Raises:
            Refused: InvalidArn; ResourceNotFound.
        """
        read_arn(arn, "mapRun")
        run = self.running_map_run(arn)
        if run is not None:
            with run.parent.lock:
                if run.status == RUNNING:
                    return run.record
        self.engine.runs.flush()
        found = self.engine.runs.map_run(arn)
        if found is None:
            raise no_resource(arn)
        return found

    def _forget(self, execution: Execution) -> None:
        if self.runs.get(execution.arn) is execution:
            del self.runs[execution.arn]


@functools.lru_cache(_COMPILED)
def compiled(definition: str) -> Machine:
    """Return the compiled form of *definition*."""
    return Machine(json.loads(definition))


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
