"""Whatever a prepaid workflow does, it costs no more than it is charged, and is charged no more than was reserved.

Random workflows run on the engine, in virtual time, behind their gate; their functions take a random time, begin cold,
fail, or run into their timeouts. What they cost is counted apart from the ledger: of invocations by what Lambda bills
of each, of transitions by the trace that ``lanes cost`` reads.
"""

import dataclasses
import itertools
import json
import math
from random import Random
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.config.lane import Prepaid
from shared.config.load import load_project
from shared.config.prepaid import bound
from shared.config.prepaid_gate import gated
from shared.handlers.ledger.account import Ledger
from shared.handlers.ledger.prices import LAMBDA_REQUEST_USD, NANO, TRANSITION, nano, per_ms
from shared.handlers.ledger.reserve import PrepaidRefused, reserve
from shared.handlers.ledger.settle import settle_ended, used_so_far
from shared.handlers.ledger.used import used_by
from shared.local.asl.engine import Engine
from shared.local.asl.languages.jsonata import Expression
from shared.local.asl.validation import problems_of
from shared.measure.observed.trace import read_trace
from tests.helpers.project import REPOSITORY
from tests.helpers.small_dynamodb import SmallDynamoDB
from tests.helpers.step_functions import Api

# The JSONata library raises the recursion limit when it is imported, which must be before hypothesis looks at it.
Expression("{% 1 %}", "")

LEDGER = "arn:aws:lambda:us-east-1:123456789012:function:platform-ledger-0a1b2c3d"
GRANTED = 1_000 * NANO
COLD = 9.9
SIZES = {"cosmic-init": (512, 512, 2), "cosmic-inference": (1024, 4096, 3)}
"""Memory and /tmp in MB, and the timeout in seconds, by function."""
ITEMS = "{% [1..$states.context.Execution.Input.items] %}"
ERRORS = (["Broken"], ["States.TaskFailed"], ["States.Timeout", "Sandbox.Timedout"])
DEPTH = 2


@pytest.fixture(scope="module")
def lane():
    lane = load_project(REPOSITORY).lane("team2")
    sized = {
        key: dataclasses.replace(lane.functions[key], memory_mb=memory, ephemeral_mb=storage, timeout_seconds=timeout)
        for key, (memory, storage, timeout) in SIZES.items()
    }
    return dataclasses.replace(lane, prepaid=Prepaid(20.0, LEDGER), functions={**lane.functions, **sized})


RETRIES = st.lists(
    st.fixed_dictionaries(
        {"ErrorEquals": st.sampled_from(ERRORS)},
        optional={
            "MaxAttempts": st.integers(0, 3),
            "BackoffRate": st.sampled_from([1.0, 2.5]),
            "IntervalSeconds": st.integers(1, 5),
            "MaxDelaySeconds": st.integers(6, 9),
            "JitterStrategy": st.just("FULL"),
        },
    ),
    max_size=2,
)


def machine(draw, names, depth, *, in_map):
    """Draw a machine whose states come in a row; choices and catchers skip some of them."""
    own = [next(names) for _ in range(draw(st.integers(1, 3)))]
    states = {}
    for place, name in enumerate(own):
        later = own[place + 1 :]
        made = state(draw, names, depth, later, in_map=in_map)
        if made["Type"] in {"Task", "Map", "Parallel"}:
            retries = draw(RETRIES)
            made |= {"Retry": retries} if retries else {}
            if later and draw(st.booleans()):
                made["Catch"] = [{"ErrorEquals": ["States.ALL"], "Next": draw(st.sampled_from(later))}]
        if made["Type"] not in {"Choice", "Fail", "Succeed"}:
            made |= {"Next": later[0]} if later else {"End": True}
        states[name] = made
    return {"StartAt": own[0], "States": states}


def state(draw, names, depth, later, *, in_map):
    """Draw a state that *later* ones follow."""
    kinds = ["call", "call", "call", "arn", "Pass", "Wait", "Choice" if later else "Fail"]
    kinds += ["Parallel"] * (depth > 0) + ["inline", "distributed", "batches", "listed"] * (depth > 0 and not in_map)
    kind = draw(st.sampled_from(kinds))
    function = f"${{{draw(st.sampled_from(sorted(SIZES)))}}}"
    if kind == "call":
        arguments = {"FunctionName": function, "Payload": {}}
        more = {"TimeoutSeconds": draw(st.integers(1, 4))} if draw(st.booleans()) else {}
        return {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Arguments": arguments, **more}
    if kind == "Choice":
        condition = draw(st.sampled_from(["{% true %}", "{% false %}"]))
        return {
            "Type": kind,
            "Choices": [{"Condition": condition, "Next": each} for each in later],
            "Default": later[0],
        }
    if kind == "Parallel":
        count = draw(st.integers(1, 2))
        return {"Type": kind, "Branches": [machine(draw, names, depth - 1, in_map=in_map) for _ in range(count)]}
    plain = {
        "arn": {"Type": "Task", "Resource": function, "Arguments": {}},
        "Pass": {"Type": kind},
        "Wait": {"Type": kind, "Seconds": 500},
        "Fail": {"Type": kind, "Error": "Broken"},
    }
    return plain.get(kind) or map_of(draw, kind, machine(draw, names, depth - 1, in_map=True))


def map_of(draw, kind, processor):
    made = {"Type": "Map", "Items": [1, 2] if kind == "listed" else ITEMS, "ItemProcessor": processor}
    if kind in {"distributed", "batches"}:
        processor["ProcessorConfig"] = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
        made["ToleratedFailurePercentage"] = draw(st.sampled_from([0, 100]))
    if kind == "batches":
        made["ItemBatcher"] = {"MaxItemsPerBatch": draw(st.integers(1, 3))}
    return made | ({"MaxConcurrency": draw(st.integers(1, 3))} if draw(st.booleans()) else {})


@st.composite
def machines(draw):
    names = (f"S{number}" for number in itertools.count())
    return {"QueryLanguage": "JSONata", **machine(draw, names, DEPTH, in_map=False)}


@dataclasses.dataclass(frozen=True)
class Answer:
    payload: bytes
    function_error: str | None = None
    request_id: str = "request-1"
    version: str = "$LATEST"
    log_tail: str = ""


def failed(error):
    return Answer(json.dumps({"errorType": error, "errorMessage": "no"}).encode(), "Unhandled")


class Cloud:
    """The engine, the ledger behind the gate, and functions whose bill is kept in ``billed``, in nanodollars."""

    def __init__(self, lane, random):
        self.ledger = Ledger(SmallDynamoDB(), "table", sleep=lambda _: None)
        self.ledger.grant_file(lane.team, GRANTED, "ann")
        self.billed = 0
        self.api = Api()
        engine = Engine(self.api.scheduler, self._invoke, random=random)
        self.api.engine = self.api.backend.engine = type(self.api.backend).engine = engine
        self._random = random
        self._functions = {lane.function_arn(key): lane.functions[key] for key in SIZES}

    def _invoke(self, function, payload, _context=""):
        if function == LEDGER:
            try:
                return Answer(json.dumps(reserve(json.loads(payload), self.ledger, self)).encode())
            except PrepaidRefused:
                return failed("PrepaidRefused")
        own = self._functions[function]
        wanted = self._random.choice((0.0004, 0.1, 1.0, 100.0)) * self._random.random()
        took, cold = min(wanted, own.timeout_seconds), self._random.choice((0, 0, COLD))
        milliseconds = math.ceil((took + cold) * 1000)
        self.billed += nano(LAMBDA_REQUEST_USD) + milliseconds * per_ms(own.memory_mb, own.ephemeral_mb)
        self.api.scheduler.pass_time(took + cold)
        if took < wanted:
            return failed("Sandbox.Timedout")
        return failed("Broken") if self._random.random() < 0.3 else Answer(b"{}")

    def describe_execution(self, *, executionArn):
        return self.api("DescribeExecution", executionArn=executionArn)

    def describe_map_run(self, *, mapRunArn):
        return self.api("DescribeMapRun", mapRunArn=mapRunArn)

    def get_paginator(self, name):
        operation = name.title().replace("_", "")

        def paginate(PaginationConfig=None, **asked):
            page = self.api(operation, **asked)
            yield page
            while token := page.get("nextToken"):
                page = self.api(operation, **asked, nextToken=token)
                yield page

        return SimpleNamespace(paginate=paginate)

    def events(self, arn):
        return [
            event
            for page in self.get_paginator("get_execution_history").paginate(executionArn=arn)
            for event in page["events"]
        ]

    def executions(self, run):
        """Return the ARNs of a run and of the children of its Maps."""
        maps = [
            each for page in self.get_paginator("list_map_runs").paginate(executionArn=run) for each in page["mapRuns"]
        ]
        pages = (
            page
            for each in maps
            for page in self.get_paginator("list_executions").paginate(mapRunArn=each["mapRunArn"])
        )
        return [run, *(each["executionArn"] for page in pages for each in page["executions"])]


@given(machines(), st.integers(0, 3), st.integers(0, 3), st.integers(0, 2**32), st.none() | st.floats(0, 1500))
@settings(max_examples=60, deadline=None, report_multiple_bugs=False, suppress_health_check=list(HealthCheck))
def test_a_run_costs_no_more_than_its_charge_and_that_no_more_than_its_reservation(
    lane, template, items, world_size, seed, stopped_after
):
    text = json.dumps(template)
    for key in SIZES:
        text = text.replace(f"${{{key}}}", lane.function_arn(key))
    workflow, template = lane.workflows["cosmic"], json.loads(text)
    assert not bound(lane, workflow, template).unheld
    definition = json.dumps(gated(lane, workflow, template))
    assert problems_of(definition) == []
    cloud = Cloud(lane, Random(seed))
    api, ledger, team = cloud.api, cloud.ledger, lane.team
    run = api.start(api.machine(definition), input=json.dumps({"items": items, "world_size": world_size}))
    if stopped_after is not None:
        api.scheduler.run(until=api.scheduler.now() + stopped_after)
        if cloud.describe_execution(executionArn=run)["status"] == "RUNNING":
            api("StopExecution", executionArn=run)
    api.scheduler.run()
    reservations = ledger.reservations(team)
    settle_ended(ledger, cloud, team)
    account = ledger.account(team)
    trace = read_trace(cloud, run, most=1000)
    assert sum(used_by(cloud.events(each), {}) for each in cloud.executions(run)) == trace.transitions * TRANSITION
    for each in reservations:  # none of a run that was stopped in its gate
        assert used_so_far(cloud, each) <= each.reserved
        assert cloud.billed + trace.transitions * TRANSITION <= account.spent
    assert account.reserved == 0
    assert account.granted == account.available + account.kept + account.spent
