"""What express workflows lack on AWS is found at any depth of a definition, and refused with its line."""

import json

import pytest

from shared.config.express import lacking_in_express
from shared.config.problems import ConfigError
from shared.config.template import render_definition

SYNC = {"Type": "Task", "Resource": "arn:aws:states:::batch:submitJob.sync", "End": True}
TOKEN = {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken", "End": True}
ACTIVITY = {"Type": "Task", "Resource": "arn:aws:states:us-east-1:123456789012:activity:paint", "End": True}
NESTED = {"Type": "Task", "Resource": "arn:aws:states:::states:startExecution.sync:2", "End": True}
INVOKE = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Parameters": {}, "End": True}


def machine(**states):
    return {"StartAt": next(iter(states)), "States": states}


def distributed(**states):
    processor = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"}, **machine(**states)}
    return {"Type": "Map", "ItemProcessor": processor, "End": True}


@pytest.mark.parametrize(
    ("definition", "names"),
    [
        (machine(Invoke=INVOKE), []),
        (machine(Job=SYNC, Ask=TOKEN, Paint=ACTIVITY, Next=NESTED), ["Job", "Ask", "Paint", "Next"]),
        (machine(Each=distributed(Invoke=INVOKE)), ["Each"]),
        (machine(Both={"Type": "Parallel", "Branches": [machine(Job=SYNC), machine(Ask=TOKEN)]}), ["Job", "Ask"]),
        (machine(Old={"Type": "Map", "Iterator": machine(Job=SYNC)}), ["Job"]),
        (machine(New={"Type": "Map", "ItemProcessor": machine(Invoke=INVOKE)}), []),
        ({"States": ["no", "machine"]}, []),
    ],
)
def test_states_that_express_workflows_lack_are_found(definition, names):
    assert [each.path[-1] for each in lacking_in_express(definition)] == names


def test_they_are_refused_with_their_lines_when_the_card_says_express(files):
    template = json.dumps(machine(Look=INVOKE, Job=SYNC, Each=distributed(Invoke=INVOKE)), indent=1)
    files.write("statemachines/stars.asl.json", template)
    files.team("team2", "workflows: {stars: {}}\n")
    render_definition(files.load().lane("team2"), "stars")
    files.edit("statemachines/stars.yaml", "functions:", "type: express\nfunctions:")
    with pytest.raises(ConfigError) as caught:
        render_definition(files.load().lane("team2"), "stars")
    job, each = caught.value.problems
    assert template.splitlines()[job.line - 1].strip().startswith('"Job"')
    assert "waits for the job that it starts (.sync)" in job.what
    assert template.splitlines()[each.line - 1].strip().startswith('"Each"')
    assert "is a distributed Map" in each.what
