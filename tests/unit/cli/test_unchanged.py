"""A rehearsal looks at a lane anew after any change of files or cloud, and at nothing else's expense."""

import pytest

from shared.aws.client import connect_endpoint
from shared.config.load import load_project
from shared.local import daemon
from shared.local.state import State
from shared.run.clouds import Rehearsal
from shared.run.compared import Compared
from tests.helpers.project import hollow


class Settled(Compared):
    """As if the files had lain there for a while."""

    def __init__(self, root):
        super().__init__(root, root / ".lanes")
        self._settled = True


class Commands:
    """Commands that run one after the other on a kept cloud."""

    def __init__(self, root):
        self.root = root
        self.state = State(root / ".lanes")
        place = load_project(root).place
        daemon.up(self.state, daemon.Settings(place, 0))
        running = self.state.running()
        self.aws = connect_endpoint(place, running.endpoint, running.key)

    def deploy(self):
        """Make the lane as a run does; return what was told, and how many requests it took."""
        told, sent = [], []
        compared = Settled(self.root)
        project = load_project(self.root)
        running = self.state.running()
        aws = connect_endpoint(project.place, running.endpoint, running.key)
        aws.session.events.register("before-send", lambda **_: sent.append(1))
        Rehearsal(project, aws, self.state, told.append, compared).make_deployed(project.lane("topics"))
        return [each for each in told if each.startswith("deployed")], len(sent)


@pytest.fixture(scope="module")
def commands(copy_project, tmp_path_factory):
    commands = Commands(hollow(copy_project(tmp_path_factory.mktemp("project"))))
    commands.deploy()
    yield commands
    daemon.down(commands.state)


def test_an_unchanged_lane_is_known_by_one_request(commands):
    assert commands.deploy() == ([], pytest.approx(40, abs=30))
    assert commands.deploy() == ([], 1)


def test_a_change_by_hand_is_mended(commands):
    commands.deploy()
    function = next(iter(load_project(commands.root).lane("topics").functions.values()))
    commands.aws.lambda_.update_function_configuration(FunctionName=function.name, MemorySize=function.memory_mb * 2)
    assert commands.deploy()[0] == ["deployed topics: 1 steps"]
    found = commands.aws.lambda_.get_function_configuration(FunctionName=function.name)
    assert found["MemorySize"] == function.memory_mb


def test_a_change_of_a_file_is_deployed(commands):
    commands.deploy()
    commands.deploy()
    (commands.root / "shared" / "handlers" / "extra.txt").write_text("x")
    told, requests = commands.deploy()
    assert (told, requests > 1) == ([], True)


def test_a_run_changes_nothing(commands):
    commands.deploy()
    commands.deploy()
    machine = load_project(commands.root).lane("topics").state_machine_arn("item-map")
    arn = commands.aws.states.start_execution(stateMachineArn=machine, input="{}")["executionArn"]
    commands.aws.states.stop_execution(executionArn=arn)
    assert commands.deploy() == ([], 1)
