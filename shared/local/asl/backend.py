"""moto's Step Functions backend with this engine behind it.

State machines, their versions, aliases, activities and tags stay moto's. Executions, Map runs, task tokens and the
queues of activities are ours.
"""

from __future__ import annotations

import functools
import json
import re
import threading
from typing import TYPE_CHECKING, Any, Never

from moto.core.exceptions import AWSError
from moto.stepfunctions import exceptions as wrong
from moto.stepfunctions.models import StepFunctionBackend

from shared.local.asl.delivery import deliver_at_the_end
from shared.local.asl.execution import RUNNING, Execution
from shared.local.asl.identity import Identity, StartedMachine
from shared.local.asl.machine import Machine
from shared.local.asl.size import MAX_BYTES
from shared.local.asl.validation import problems_of

if TYPE_CHECKING:
    from shared.local.asl.engine import Engine
    from shared.values import Json

_NAME = re.compile(r"[^\s<>{}\[\]?*\"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f]{1,80}$")


class AslBackend(StepFunctionBackend):
    """The state machines and executions of one account and region."""

    # Set by `install`; moto makes backends without arguments of ours.
    engine: Engine

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.runs: dict[str, Execution] = {}
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

    # Machines.

    def create_state_machine(self, name: str, definition: str, *args: object, **kwargs: object) -> object:
        """Create a machine whose definition is found valid."""
        kind = str(kwargs.get("sm_type") or "STANDARD")
        check_definition(definition, kind)
        before = next((each for each in self.state_machines if each.name == name), None)
        if before is not None and (before.definition, before.type) != (definition, kind):
            raise StateMachineAlreadyExists(f"State Machine Already Exists: '{before.arn}'")
        return super().create_state_machine(name, definition, *args, **kwargs)

    def update_state_machine(self, arn: str, definition: str | None = None, *args: object, **kwargs: object) -> object:
        """Update a machine; a new definition must be valid."""
        if definition is not None:
            check_definition(definition, self.describe_state_machine(arn).type)
        return super().update_state_machine(arn, definition, *args, **kwargs)

    def delete_state_machine(self, arn: str) -> None:
        """Delete a machine with its versions, aliases, tags and executions; those that run are stopped."""
        super().delete_state_machine(arn)
        self.tagger.delete_all_tags_for_resource(arn)
        with self._start_lock:
            gone = [run for run in self.runs.values() if run.identity.machine_arn == arn]
            for run in gone:
                del self.runs[run.arn]
        for run in gone:
            run.stop(None, None)
        self.engine.forget_map_runs(arn.replace(":stateMachine:", ":mapRun:") + "/")

    def tag_resource(self, arn: str, tags: dict[str, str]) -> None:
        """Tag a machine or an activity, which must exist."""
        self._find_tagged(arn)
        super().tag_resource(arn, tags)

    def untag_resource(self, arn: str, tag_keys: list[str]) -> None:
        """Take tags from a machine or an activity, which must exist."""
        self._find_tagged(arn)
        super().untag_resource(arn, tag_keys)

    def _find_tagged(self, arn: str) -> None:
        if arn not in self.activities and all(each.arn != arn for each in self.state_machines):
            raise wrong.ResourceNotFound(arn)

    def compiled(self, definition: str) -> Machine:
        """Return the compiled form of *definition*, compiled once."""
        machine = self._compiled.get(definition)
        if machine is None:
            machine = self._compiled[definition] = Machine(json.loads(definition))
        return machine

    def resolve(self, arn: str) -> StartedMachine:
        """Return the machine or version that *arn* names, or that the alias of this ARN leads to this time."""
        head, _, tail = arn.rpartition(":")
        if tail and not tail.isnumeric() and ":stateMachine:" in head:
            alias = self.describe_state_machine_alias(arn)
            point = self.engine.random.random() * 100
            for route in alias.routing_configuration:
                point -= route["weight"]
                if point < 0:
                    break
            arn = route["stateMachineVersionArn"]
        return _as_started(self.describe_state_machine(arn))

    # Executions.

    def start_execution(self, state_machine_arn: str, name: str | None, execution_input: str) -> Execution:
        """Start an execution, or return the one that runs under this name with this input."""
        machine = self.resolve(state_machine_arn)
        name = name or self.engine.uuid()
        if not _NAME.match(name):
            raise wrong.InvalidName(f"Invalid Name: '{name}'")
        value = parse_input(execution_input)
        express = machine.kind == "EXPRESS"
        prefix = f"arn:aws:states:{self.region_name}:{self.account_id}"
        middle = "express" if express else "execution"
        arn = f"{prefix}:{middle}:{machine.name}:{name}" + (f":{self.engine.uuid()}" if express else "")
        identity = Identity(
            arn=arn,
            name=name,
            machine_arn=machine.arn.split(":stateMachine:")[0] + f":stateMachine:{machine.name}",
            machine_name=machine.name,
            role_arn=machine.role_arn,
            express=express,
            machine=machine,
            alias=state_machine_arn if machine.arn != state_machine_arn else None,
        )
        with self._start_lock:
            before = self.runs.get(arn)
            if before is not None:
                if before.status == RUNNING and json.loads(before.input_text) == value:
                    return before
                raise wrong.ExecutionAlreadyExists(f"Execution Already Exists: '{arn}'")
            return self._begin(identity, machine, execution_input)

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

    def execution(self, arn: str) -> Execution:
        """Return the execution of *arn*, which may be a child of a Map run.

        Raises:
            ExecutionDoesNotExist: There is none.
        """
        if ":express:" in arn:
            raise wrong.InvalidArn("Invalid Arn: 'Resource type not valid in this context: express'")
        found = self.runs.get(arn) or self.engine.child(arn)
        if not isinstance(found, Execution):
            self._validate_execution_arn(arn)
            raise wrong.ExecutionDoesNotExist(f"Execution Does Not Exist: '{arn}'")
        return found

    def _forget(self, arn: str) -> None:
        self.runs.pop(arn, None)


class StateMachineAlreadyExists(AWSError):
    """A machine of this name has another definition."""

    TYPE = "StateMachineAlreadyExists"
    STATUS = 400


class InvalidDefinition(AWSError):
    """The definition has problems."""

    TYPE = "InvalidDefinition"
    STATUS = 400


def check_definition(definition: str, kind: str, *, here: bool = True) -> None:
    """Raise InvalidDefinition unless *definition* has no errors; all of them are in its message.

    What the embedded cloud lacks is an error only if it is to run *here*.
    """
    errors = [str(problem) for problem in problems_of(definition, kind, here=here)]
    if errors:
        raise InvalidDefinition(f"Invalid State Machine Definition: '{', '.join(errors)}'")


def _as_started(machine: Any) -> StartedMachine:
    """Return what moto's record of a *machine* is now: an update changes the record itself."""
    return StartedMachine(
        machine.arn,
        machine.name,
        machine.type,
        machine.definition,
        machine.roleArn,
        machine.update_date,
        machine.loggingConfiguration,
        machine.tracingConfiguration,
        machine.encryptionConfiguration,
    )


def _no_constant(name: str) -> Never:
    raise ValueError(f"{name} is not JSON")


def parse_input(text: str) -> Json:
    """Return the execution input *text* as a value.

    Raises:
        InvalidExecutionInput: It is not JSON, or larger than 256 KB.
    """
    if len(text.encode()) > MAX_BYTES:
        raise wrong.InvalidExecutionInput(
            f"Invalid State Machine Execution Input: 'The input exceeds {MAX_BYTES} bytes'"
        )
    try:
        value: Json = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise wrong.InvalidExecutionInput(f"Invalid State Machine Execution Input: '{error}'") from error
    return value
