"""What express workflows lack on AWS is found at any depth of a definition, and refused with its line."""

import json

import pytest

from shared.config.express import lacking_in_children, lacking_in_express
from shared.config.problems import ConfigError
from shared.config.template import may_have_express_children, render_definition

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


def unfit_of(seconds=900):
    return {"arn:slow": f"may take {seconds} s"}


@pytest.mark.parametrize(
    ("states", "names"),
    [
        ({"Invoke": INVOKE}, []),
        ({"Job": SYNC, "Ask": TOKEN, "Paint": ACTIVITY}, ["Job", "Ask", "Paint"]),
        ({"Sleep": {"Type": "Wait", "Seconds": 301, "End": True}}, ["Sleep"]),
        ({"Sleep": {"Type": "Wait", "Seconds": 300, "End": True}}, []),
        ({"Slow": {**INVOKE, "Parameters": {"FunctionName": "arn:slow"}}}, ["Slow"]),
        ({"Slow": {"Type": "Task", "Resource": "arn:slow", "End": True}}, ["Slow"]),
        ({"Deep": {"Type": "Map", "ItemProcessor": machine(Job=SYNC)}}, ["Job"]),
        ({"Deep": distributed(Invoke=INVOKE)}, ["Deep"]),
    ],
)
def test_states_that_express_children_cannot_have_are_found(states, names):
    definition = machine(Before=SYNC, Each=distributed(**states))
    assert [each.path[-1] for each in lacking_in_children(definition, unfit_of())] == names
    standard = json.loads(json.dumps(definition).replace("EXPRESS", "STANDARD"))
    assert lacking_in_children(standard, unfit_of()) == []
    assert [each.path[-1] for each in lacking_in_children(standard, unfit_of(), offered=True)] == names


def offered(files, children="standard"):
    template = machine(Each=distributed(Count={"Type": "Task", "Resource": "${count}", "End": True}))
    text = json.dumps(template, indent=1).replace('"EXPRESS"', '"${children}"')
    files.write("statemachines/stars.asl.json", text)
    files.edit("statemachines/stars.yaml", "functions:", f"children: {children}\nfunctions:")
    return text.splitlines()


def kind_of(lane):
    each = render_definition(lane, "stars")["States"]["Each"]
    return each["ItemProcessor"]["ProcessorConfig"]["ExecutionType"]


def test_a_team_may_have_express_children_where_the_card_leaves_the_choice(files):
    offered(files)
    files.team("team2", "workflows: {stars: {}}\n")
    lane = files.load().lane("team2")
    assert kind_of(lane) == "STANDARD"
    assert may_have_express_children(lane, "stars")
    files.team("team2", "workflows: {stars: {children: express}}\n")
    lane = files.load().lane("team2")
    assert kind_of(lane) == "EXPRESS"
    assert not may_have_express_children(lane, "stars")


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        (
            "memorySize: 256",
            "memorySize: 256\n    timeout: 301",
            "which may take 301 s, and an express child lasts 300",
        ),
        ("memorySize: 256", "memorySize: 256\n    rendezvous: true", "an express child may begin twice"),
    ],
)
def test_a_function_that_no_express_child_can_call_is_refused_with_the_states_line(files, old, new, why):
    lines = offered(files)
    files.edit("statemachines/stars.yaml", old, new)
    files.team("team2", "workflows: {stars: {}}\n")
    assert not may_have_express_children(files.load().lane("team2"), "stars")
    files.team("team2", "workflows: {stars: {children: express}}\n")
    with pytest.raises(ConfigError, match=why) as caught:
        render_definition(files.load().lane("team2"), "stars")
    (problem,) = caught.value.problems
    assert '"Count"' in lines[problem.line - 1]


@pytest.mark.parametrize(
    ("said", "why"),
    [("children: fast", "children is 'fast', not standard or express"), ("children: express", "leaves no choice")],
)
def test_what_children_cannot_be_is_refused(files, said, why):
    if "fast" in said:
        offered(files)
    files.team("team2", f"workflows: {{stars: {{{said}}}}}\n")
    with pytest.raises(ConfigError, match=why):
        files.load()
