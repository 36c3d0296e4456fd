"""What a test runs: a workflow of the project, or a definition alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from shared.config.lane import Place
from shared.errors import LanesError, unknown
from shared.local.asl.execution import RUNNING, Execution
from shared.local.asl.identity import Identity
from shared.testing.compiled import compile_definition
from shared.testing.errors import MocksDoNotFit
from shared.testing.functions import Functions
from shared.testing.memory_cloud import SERVICES, MemoryCloud
from shared.testing.mocks import as_mock
from shared.testing.run import Run
from shared.testing.trial import TrialEngine

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.config.lane import Lane, Workflow
    from shared.local.asl.services import Services
    from shared.local.handler import Handler
    from shared.testing.compiled import Compiled
    from shared.testing.mock_config import Cases
    from shared.testing.mocks import Given
    from shared.testing.modules import Modules
    from shared.testing.recorded.replay import Recorded
    from shared.values import Json

_NOWHERE = Place("123456789012", "us-east-1", "test")
"""Where a definition runs that is no project's."""


class Bench:
    """What all tests of a session share: the project, read once, and definitions, compiled once.

    Args:
        place: A folder in the project, if there is one.
        modules: Lets modules of workflows' folders be imported.
    """

    def __init__(self, place: Path, modules: Modules) -> None:
        self._place = place
        self.modules = modules
        self._lanes: dict[str, Lane] = {}
        self._definitions: dict[tuple[str, str], Mapping[str, Json]] = {}
        self._compiled: dict[tuple[str, bool], Compiled] = {}

    def lane(self, team: str) -> Lane:
        """Return the lane of *team*, whatever is wrong in the folders of others.

        Raises:
            ConfigError: Something is wrong with the files of the team, or of all.
            LanesError: There is no project.
            UsageError: There is no such team.
        """
        if team not in self._lanes:
            from shared.config.load import find_root, load_project  # 0.7 s that a definition alone does not take

            self._lanes[team] = load_project(find_root(self._place), (team,)).lane(team)
        return self._lanes[team]

    def definition(self, team: str, workflow: str) -> Mapping[str, Json]:
        """Return the definition of the *workflow* in the lane of *team*, rendered once.

        Raises:
            ConfigError: It cannot be rendered.
        """
        if (team, workflow) not in self._definitions:
            from shared.config.template import render_definition

            self._definitions[team, workflow] = render_definition(self.lane(team), workflow)
        return self._definitions[team, workflow]

    def compiled(self, definition: Mapping[str, Json], *, express: bool, where: str) -> Compiled:
        """Return *definition* compiled; the same value each time."""
        key = json.dumps(definition), express
        if key not in self._compiled:
            self._compiled[key] = compile_definition(definition, express=express, where=where)
        return self._compiled[key]


class Cloud:
    """The cloud of one test, made when something asks for it.

    Attributes:
        runs: What the test has run so far.
    """

    def __init__(self) -> None:
        self.runs: list[Run] = []
        self._memory: MemoryCloud | None = None
        self.asked = False

    def of(self, lane: Lane | None) -> MemoryCloud:
        """Return the cloud, with what *lane* owns."""
        if self._memory is None:
            self._memory = MemoryCloud(_NOWHERE)
        if lane is not None:
            self._memory.add(lane)
        return self._memory

    def close(self) -> None:
        """Forget what is in it."""
        if self._memory is not None:
            self._memory.close()
        self._memory = None


class Opening:
    """What every ``workflow`` of a test can open: other workflows, and definitions that are no project's.

    Args:
        bench: What all tests share.
        cloud: The test's own.
    """

    def __init__(self, bench: Bench, cloud: Cloud) -> None:
        self._bench = bench
        self._cloud = cloud

    def of(self, team: str, workflow: str) -> WorkflowUnderTest:
        """Return the *workflow* of a *team*'s lane, by its key there."""
        return WorkflowUnderTest(self._bench, self._cloud, team, workflow)

    def definition(self, definition: Mapping[str, Json] | Path) -> DefinitionUnderTest:
        """Return a *definition* alone, or the one in a file, JSON."""
        if isinstance(definition, Path):
            return DefinitionUnderTest(self._bench, self._cloud, json.loads(definition.read_text()), definition.name)
        return DefinitionUnderTest(self._bench, self._cloud, definition, "the definition")


class DefinitionUnderTest(Opening):
    """A definition that a test runs.

    Args:
        bench: What all tests share.
        cloud: The test's own.
        definition: The Amazon States Language.
        where: What messages call it.
    """

    def __init__(self, bench: Bench, cloud: Cloud, definition: Mapping[str, Json], where: str) -> None:
        super().__init__(bench, cloud)
        self._definition = definition
        self._where = where

    def run(
        self,
        given: Json = None,
        *,
        mocks: Mapping[str, Given] | None = None,
        functions: Mapping[str, Handler] | None = None,
        name: str = "test",
        seed: int = 0,
    ) -> Run:
        """Run it to its end, in virtual time.

        Args:
            given: Its input; an empty object by default.
            mocks: What answers, by the names of states.
            functions: What stands in for functions, by their names or ARNs: called with event and context.
            name: The execution's name.
            seed: Of jitter, UUIDs and random functions.

        Raises:
            MocksDoNotFit: Mocks or stand-ins are for nothing, too few or too many; or a state calls what no test runs,
                and has no mock.
            LanesError: Step Functions would not take the definition.
        """
        __tracebackhide__ = True
        try:
            return self._run({} if given is None else given, mocks or {}, functions or {}, name, seed)
        except LanesError as error:
            raise error.with_traceback(None) from None  # the test's own line is what its writer looks for

    def mock_config(self, path: Path, machine: str | None = None) -> Cases:
        """Return the mocks of each test case in a MockConfigFile.json of Step Functions Local, by the case's name.

        Args:
            path: The file.
            machine: What the state machine is called in it, where it has several and none has the workflow's name.

        Raises:
            ConfigError: Lists everything that is wrong in the file, with line and path.
            UsageError: There is no such file, or no such state machine in it.
        """
        from shared.testing.mock_config import read_mock_config

        own = (self._workflow.key, self._workflow.name) if self._workflow else ()
        return read_mock_config(path, (machine,) if machine else own, self._compiled.tasks)

    @property
    def cloud(self) -> MemoryCloud:
        """The test's cloud in memory. Once a test has asked for it, tasks of its services run there without a mock."""
        self._cloud.asked = True
        return self._cloud.of(self._lane)

    @property
    def _lane(self) -> Lane | None:
        return None

    @property
    def _workflow(self) -> Workflow | None:
        return None

    def _run(  # noqa: PLR0913, PLR0917  a run is so much
        self,
        given: Json,
        mocks: Mapping[str, Given],
        handlers: Mapping[str, Handler],
        name: str,
        seed: int,
        on: Services | None = None,
    ) -> Run:
        express, compiled = self._express, self._compiled
        functions = Functions(self._bench.modules, self._lane, self._workflow, handlers)
        self._finish([*compiled.problems(mocks), *functions.problems()])
        by_state = {state: as_mock(mock) for state, mock in mocks.items()}
        services = on or self._cloud.of(self._lane).services
        opened = SERVICES if self._cloud.asked else frozenset[str]()
        engine = TrialEngine(by_state, functions, services, opened, seed)
        execution = Execution(engine, compiled.machine, self._identity(name, express=express), json.dumps(given))
        execution.start(json.loads(execution.input_text))
        engine.clock.run()
        if engine.raised is not None:
            raise engine.raised
        engine.finish()
        run = Run(execution, compiled, functions.raised)
        self._cloud.runs.append(run)
        if execution.status == RUNNING:
            waiting = [visit.state for visit in run.states if not visit.left]
            engine.problems.append(f"{waiting[-1]}: it waits for ever; give the state a TimeoutSeconds, or an answer")
        self._finish(engine.problems)
        return run

    @property
    def _express(self) -> bool:
        return self._workflow is not None and self._workflow.type == "express"

    @property
    def _compiled(self) -> Compiled:
        return self._bench.compiled(self._definition, express=self._express, where=self._where)

    def _finish(self, problems: list[str]) -> None:
        if problems:
            raise MocksDoNotFit(problems, where=self._where)

    def _identity(self, name: str, *, express: bool) -> Identity:
        place = self._lane.place if self._lane else _NOWHERE
        machine = self._workflow.name if self._workflow else "definition"
        role = self._workflow.role if self._workflow else "role"
        kind = "express" if express else "execution"
        return Identity(
            arn=place.arn("states", f"{kind}:{machine}:{name}"),
            name=name,
            machine_arn=place.arn("states", f"stateMachine:{machine}"),
            machine_name=machine,
            role_arn=place.arn("iam", f"role/{role}"),
            express=express,
        )


class WorkflowUnderTest(DefinitionUnderTest):
    """A workflow of the project that a test runs, as its lane has it.

    Args:
        bench: What all tests share.
        cloud: The test's own.
        team: Whose lane.
        workflow: Its key in the lane.
    """

    def __init__(self, bench: Bench, cloud: Cloud, team: str, workflow: str) -> None:
        lane = bench.lane(team)
        if workflow not in lane.workflows:
            raise unknown("workflow", workflow, list(lane.workflows), where=f"teams/{team}.yaml")
        self.lane = lane
        self.workflow = lane.workflows[workflow]
        super().__init__(bench, cloud, bench.definition(team, workflow), self.workflow.file)

    def run(  # noqa: PLR0913  all but the input may be left out
        self,
        given: Json = None,
        *,
        mocks: Mapping[str, Given] | None = None,
        functions: Mapping[str, Handler] | None = None,
        name: str = "test",
        seed: int = 0,
        exactly: bool = False,
    ) -> Run:
        """Run it to its end, in virtual time, with the functions' own handlers.

        Args:
            given: What `lanes run` would be given: parameters over the team's, checked by the card.
            mocks: What answers instead, by the names of states.
            functions: What stands in for handlers, by the keys of functions on the card: called with event and context.
            name: The execution's name.
            seed: Of jitter, UUIDs and random functions.
            exactly: Start with *given* itself, as a trigger or another machine would.

        Raises:
            MocksDoNotFit: As of a definition's run.
            UsageError: *given* is not what the card says.
        """
        __tracebackhide__ = True
        try:
            return self._run(given if exactly else self._payload(given), mocks or {}, functions or {}, name, seed)
        except LanesError as error:
            raise error.with_traceback(None) from None

    def _payload(self, given: Json) -> Json:
        from shared.run.payload import build_payload

        return build_payload(self.workflow, {} if given is None else given)

    def run_on(self, services: Services, given: Json, mocks: Mapping[str, Given], name: str = "test") -> Run:
        """Run it with *given* itself as input, and *services* for those of the test's cloud; as a replay does."""
        __tracebackhide__ = True
        return self._run(given, mocks, {}, name, 0, services)

    @property
    def cloud_of_test(self) -> MemoryCloud:
        """The test's cloud in memory; to ask for it here lets no task run there."""
        return self._cloud.of(self.lane)

    @property
    def tasks(self) -> list[str]:
        """The names of its Task states."""
        return self._compiled.tasks

    def recorded(self, path: Path) -> Recorded:
        """Return the recorded run in the file at *path*, which `lanes test --record` wrote.

        Raises:
            LanesError: There is no such file, it is none, or it names what the lane has not.
        """
        from shared.testing.recorded.own_names import OwnNames
        from shared.testing.recorded.recording import read_recording
        from shared.testing.recorded.replay import Recorded

        return Recorded(self, read_recording(path, OwnNames(self.lane, "test")))

    def put_sample(self) -> None:
        """Put the files of the workflow's ``sample/`` into the bucket of the test's cloud.

        Raises:
            LanesError: There are none.
        """
        self._cloud.of(self.lane).put_sample(self.lane, self.workflow.key)

    @property
    def _lane(self) -> Lane | None:
        return self.lane

    @property
    def _workflow(self) -> Workflow | None:
        return self.workflow
