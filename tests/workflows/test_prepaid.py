"""A prepaid lane on an embedded cloud: runs are reserved and settled, runaways are held, its people skip nothing."""

import json
from functools import partial

import pytest
from botocore.exceptions import ClientError

from shared.config.ledger import ledger_service
from shared.config.load import load_project
from shared.handlers.ledger.prices import NANO
from shared.run.connecting import in_role
from tests.helpers.prepaid_lane import TEAM, USD, WORKFLOW, await_ends, deploy_prepaid, make_prepaid, trial
from tests.workflows.projects import kept_cloud

pytestmark = pytest.mark.workflow


@pytest.fixture(scope="module")
def root(tmp_path_factory, copy_project):
    return make_prepaid(copy_project(tmp_path_factory.mktemp("prepaid") / "project"))


@pytest.fixture(scope="module")
def project(root):
    return load_project(root)


@pytest.fixture(scope="module")
def aws(root):
    with kept_cloud(root) as kept:
        yield kept.aws


@pytest.fixture(scope="module")
def lane(project, aws):
    """The lane, as the platform's role deploys it with its ledger."""
    platform = in_role(project, aws, "platform", [project.lane(TEAM)], print)
    return deploy_prepaid(project, platform)


@pytest.fixture
def lanes(lane, root, lanes_in):
    return partial(lanes_in, root)


@pytest.fixture
def people(project, lane, aws):
    """Clients with the credentials of the team's deployer."""
    return in_role(project, aws, "deployer", [lane], print)


def ledger_of(lanes, *more):
    told = lanes("ledger", TEAM, "--json", *more)
    assert told.code == 0, told.err
    return json.loads(told.out)


def test_twenty_starts_at_once_with_runaways_among_them_never_pass_the_sum(project, aws, lane):
    bill, account = trial(project, aws, lane, seed=1)
    assert bill <= account.spent <= account.granted == round(USD * NANO)
    assert account.reserved == 0
    assert account.granted == account.available + account.kept + account.spent
    assert account.refused > 0


def test_a_run_is_reserved_and_settled_and_the_platform_tops_up(lanes):
    before = ledger_of(lanes, "--top-up", "1")
    assert before["available"] > 0.9
    ran = lanes("run", TEAM, WORKFLOW)
    assert ran.code == 0, ran.err
    after = ledger_of(lanes)
    assert after["reserved"] == 0
    assert 0 < after["spent"] - before["spent"] < 0.001
    assert after["granted"] == pytest.approx(USD + 1)
    assert [each["by"] for each in after["grants"]] == ["file", "top-up"]
    told = lanes("ledger", TEAM)
    assert "available" in told.out
    assert "top-up $1.00" in told.out


def test_a_run_that_is_stopped_leaves_nothing_reserved_and_pays_for_what_goes_on(lanes, aws, lane):
    before = ledger_of(lanes)
    machine = lane.state_machine_arn(WORKFLOW)
    arn = aws.states.start_execution(stateMachineArn=machine, input='{"seconds": 60}')["executionArn"]
    while not aws.states.list_map_runs(executionArn=arn)["mapRuns"]:
        aws.states.describe_execution(executionArn=arn)
    aws.states.stop_execution(executionArn=arn)
    await_ends(aws, [arn])
    after = ledger_of(lanes)
    while after["reserved"]:
        after = ledger_of(lanes)
    assert after["spent"] > before["spent"]


def test_a_refused_run_says_what_it_would_need(lanes):
    told = lanes("run", TEAM, WORKFLOW, "--world-size", "50000")
    assert told.code == 1
    assert "PrepaidRefused" in told.out + told.err
    assert "this run may cost up to $" in told.out + told.err


def test_a_redrive_is_refused_by_name(lanes):
    told = lanes("redrive", TEAM)
    assert told.code == 2
    assert "a redrive would skip the state that reserves" in told.err


def test_the_teams_people_start_runs_and_can_do_nothing_else_that_costs(project, lane, people):
    machine, function = lane.state_machine_arn(WORKFLOW), lane.functions[f"{WORKFLOW}-step"].name
    states, functions = people.states, people.lambda_
    arn = states.start_execution(stateMachineArn=machine)["executionArn"]
    await_ends(people, [arn])
    found = states.describe_state_machine(stateMachineArn=machine)
    free = json.dumps({"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}})
    table = ledger_service(project).table.name
    account = {"lane": {"S": TEAM}, "item": {"S": "account"}}
    tried = [
        partial(states.redrive_execution, executionArn=arn),
        partial(states.update_state_machine, stateMachineArn=machine, definition=free),
        partial(states.create_state_machine, name=f"{TEAM}-free", definition=free, roleArn=found["roleArn"]),
        partial(states.delete_state_machine, stateMachineArn=machine),
        partial(functions.invoke, FunctionName=function),
        partial(functions.invoke, FunctionName=lane.prepaid.function),
        partial(functions.update_function_configuration, FunctionName=function, Timeout=900),
        partial(functions.update_function_code, FunctionName=function, ZipFile=b""),
        partial(people.client("dynamodb").get_item, TableName=table, Key=account),
        partial(people.client("dynamodb").delete_item, TableName=table, Key=account),
    ]
    for each in tried:
        with pytest.raises(ClientError, match=r"not authorized|AccessDenied"):
            each()


def test_the_teams_people_may_not_read_the_ledger(lanes):
    told = lanes("ledger", TEAM, "--as", "deployer")
    assert told.code == 1
    assert "the ledger is the platform's" in told.err


def test_what_is_as_the_file_says_is_left_alone(lanes):
    told = lanes("plan", TEAM)
    assert told.code == 0
    assert "prepaid sum" not in told.out
