"""A function as Lambda has it: what is called, as whom, and in which environment."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from shared.config.runtimes import MACHINE, machine_architecture
from shared.errors import LanesError, code_of, unknown
from shared.run.debug.choice import name_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.aws.client import Aws
    from shared.config.lane import Function, Lane


@dataclass(frozen=True, slots=True)
class Deployed:
    """A function that is deployed.

    Attributes:
        function: What the lane's files say of it.
        arn: Its ARN.
        role: The ARN of its role.
        handler: The dotted path of its handler.
        variables: Its own environment variables.
        runtime: What it runs on, ``python3.13``; empty for an image.
        architecture: ``x86_64`` or ``arm64``.
        memory_mb: Its memory.
        timeout: The seconds that a call may take.
        sha256: The hash of its code, as Lambda tells it.
    """

    function: Function
    arn: str
    role: str
    handler: str
    variables: Mapping[str, str] = field(repr=False)
    runtime: str
    architecture: str
    memory_mb: int
    timeout: int
    sha256: str

    @property
    def elsewhere(self) -> str:
        """What it runs on, where that is another Python or processor than this one; else empty."""
        here, there = (MACHINE, machine_architecture()), (self.runtime or MACHINE, self.architecture)
        return "" if here == there else " on ".join(there)


def read_deployed(aws: Aws, lane: Lane, name: str) -> Deployed:
    """Return the function of *lane* that *name*, a name or an ARN, means in AWS.

    Raises:
        LanesError: It is another's, it is not deployed, or its code is not in the project.
    """
    function = next((each for each in lane.functions.values() if each.name == name_of(name)), None)
    if function is None:
        raise LanesError(
            f"{name} is no function of {lane.team}'s files, so its code is not here",
            fix=f"lanes names {lane.team} lists them; an older run may name one that has gone since",
        )
    if function.image and function.image.is_others:
        raise LanesError(
            f"{function.key} runs an image that the project does not build, so its code cannot be run here",
            fix=f"lanes invoke {lane.team} {function.key} runs it in the cloud",
        )
    try:
        told = aws.lambda_.get_function_configuration(FunctionName=function.name)
    except ClientError as error:
        if code_of(error) != "ResourceNotFoundException":
            raise
        raise LanesError(f"{function.key} is not deployed", fix=f"lanes deploy {lane.team}") from error
    environment = told.get("Environment", {})
    if hidden := environment.get("Error"):
        raise LanesError(
            f"Lambda does not tell the environment of {function.key}: {hidden.get('Message', hidden)}",
            fix="use credentials that may decrypt it with its key",
        )
    return Deployed(
        function=function,
        arn=told["FunctionArn"],
        role=told["Role"],
        handler=told.get("Handler") or function.handler,
        variables=environment.get("Variables", {}),
        runtime=told.get("Runtime", ""),
        architecture=next(iter(told.get("Architectures", ())), "x86_64"),
        memory_mb=told.get("MemorySize", function.memory_mb),
        timeout=told.get("Timeout", function.timeout_seconds),
        sha256=told.get("CodeSha256", ""),
    )


def find_function(lane: Lane, named: str) -> Function:
    """Return the function that a user calls *named*: its key in the team's file, or ``WORKFLOW/STEP``.

    Raises:
        UsageError: There is none; the message lists what there is.
    """
    workflow, slash, step = named.partition("/")
    if slash and workflow in lane.workflows:
        keys = lane.workflows[workflow].functions
        if step not in keys:
            raise unknown("function", step, list(keys), where=f"workflow {workflow}")
        return lane.functions[keys[step]]
    if named not in lane.functions:
        steps = [f"{key}/{step}" for key, each in lane.workflows.items() for step in each.functions]
        raise unknown("function", named, [*lane.functions, *steps], where=f"team {lane.team}")
    return lane.functions[named]
