"""``lanes workflow new --from``: what a definition uses gets onto the card, what a lane does not do is told at once."""

import json
import runpy
from pathlib import Path

import pytest
import yaml

from shared.config.card_file import CardFile
from shared.config.load import load_project
from shared.config.problems import ConfigError
from shared.errors import UsageError
from shared.scaffold.bring_in import new_from

PUBLISHED = Path(__file__).with_name("published.asl.json")


@pytest.fixture
def project(root):
    return load_project(root)


@pytest.fixture
def bring(project, tmp_path):
    """Return a function that brings in states, the first of which is the start, or any other text."""

    def go(states, name="machine.asl.json", **more):
        path = tmp_path / name
        definition = {"StartAt": next(iter(states)), "States": states, **more} if isinstance(states, dict) else None
        path.write_text(json.dumps(definition, indent=1) if definition else states)
        return new_from(path, project, "team1", "mine")

    return go


def card(new):
    return yaml.safe_load(new.files["workflow.yaml"])


def template(new):
    return json.loads(new.files["workflow.asl.json"])


def steps(new, tmp_path):
    path = tmp_path / "steps.py"
    path.write_text(new.files["steps.py"])
    return runpy.run_path(str(path))


def task(api, arguments, **more):
    return {"Type": "Task", "Resource": f"arn:aws:states:::{api}", "Parameters": arguments, "End": True, **more}


def test_a_published_map_reduce_is_brought_in_whole(project, tmp_path):
    new = new_from(PUBLISHED, project, "team1", "measures")
    told = card(new)
    CardFile.model_validate(told)
    assert told["description"] == "Counts what is in a file of measurements, in parallel."
    assert told["functions"] == {
        "split": {"handler": "steps.split"},
        "stack-count": {"handler": "steps.stack_count"},
        "reduce": {"handler": "steps.reduce"},
    }
    assert told["tables"] == {"counts": {"key": "chunk"}}
    assert told["topics"] == {"done": {}}
    assert {name: each["type"] for name, each in told["parameters"].items()} == {
        "key": "string",
        "chunk_size": "integer",
        "unit": "string",
    }
    states = template(new)["States"]
    assert states["Split the file"]["Parameters"]["FunctionName"] == "${split}"
    assert states["Split the file"]["Parameters"]["Payload"]["bucket"] == "${bucket}"
    assert states["Split the file"]["Resource"] == "arn:aws:states:::lambda:invoke"
    assert states["Count each chunk"]["ItemProcessor"]["States"]["Count"]["Resource"] == "${stack-count}"
    made = steps(new, tmp_path)
    assert made["split"]({}, None) == {"chunks": [{"key": "key"}], "count": 1}
    assert made["stack_count"]({}, None) == {"amount": "1"}
    assert made["reduce"]({}, None) == {"message": "message"}
    assert [note.split(":")[0] for note in new.notes] == ["Count"]


def test_what_it_writes_passes_every_check(root, lanes, tool, tmp_path):
    path = tmp_path / "machine.asl.json"
    definition = json.loads(PUBLISHED.read_text())
    del definition["States"]["Reduce"]["Next"], definition["States"]["Tell everybody"]
    definition["States"]["Reduce"]["End"] = True
    path.write_text(json.dumps(definition))
    result = lanes("workflow", "new", "team1", "measures", "--from", path)
    assert result.code == 0, result.err
    assert "look: Count: " in result.err
    for check in (["validate"], ["render", "--check"], ["schema", "--check"]):
        assert lanes(*check).code == 0
    tool("ruff", "check", "teams")
    assert "4 passed" in tool("pytest", "-q", "-p", "no:cacheprovider", "teams/team1/measures")


def test_its_test_answers_for_services_and_says_how_far_what_is_made_up_carries(root, lanes, tool, tmp_path):
    keep = task("dynamodb:putItem", {"TableName": "${T}", "Item": {"id": {"S": "x"}}}, ResultPath="$.kept", Next="Ask")
    ask = task("lambda:invoke", {"FunctionName": "${f}"}, Next="Enough?")
    del keep["End"], ask["End"]
    enough = {"Type": "Choice", "Choices": [{"Variable": "$.Payload.n", "NumericGreaterThan": 3, "Next": "Done"}]}
    states = {"Keep": keep, "Ask": ask, "Enough?": enough, "Done": {"Type": "Succeed"}}
    path = tmp_path / "machine.asl.json"
    path.write_text(json.dumps({"StartAt": "Keep", "States": states}))
    result = lanes("workflow", "new", "team1", "carries", "--from", path)
    assert result.code == 0, result.err
    written = (root / "teams/team1/carries/tests/test_steps.py").read_text()
    assert '"Keep": returns({}),' in written
    assert "assert workflow.run(mocks=MOCKS).succeeded" in written, result.err
    computed = {"Condition": "{% $states.input.Payload.n * 2 > 3 %}", "Next": "Done"}
    states["Enough?"] = {"Type": "Choice", "QueryLanguage": "JSONata", "Choices": [computed]}
    path.write_text(json.dumps({"StartAt": "Keep", "States": states}))
    result = lanes("workflow", "new", "team1", "ends", "--from", path)
    assert "look: with what is made up, a run fails in 'Enough?': States.QueryEvaluationError" in result.err
    written = (root / "teams/team1/ends/tests/test_steps.py").read_text()
    assert "assert workflow.run(mocks=MOCKS).path == ['Keep', 'Ask', 'Enough?']" in written
    assert "4 passed" in tool("pytest", "-q", "-p", "no:cacheprovider", "teams/team1/carries", "teams/team1/ends")
    tool("ruff", "check", "teams")


def test_ten_things_that_a_lane_does_not_do_are_told_at_once_and_nothing_is_written(root, lanes, tmp_path):
    states = {
        "Token": task("lambda:invoke.waitForTaskToken", {"FunctionName": "${f}"}),
        "Container": task("ecs:runTask.sync", {}),
        "Batch": task("batch:submitJob.sync", {}),
        "Glue": task("glue:startJobRun.sync", {}),
        "Events": task("events:putEvents", {}),
        "Address": task("http:invoke", {}),
        "Secret": task("aws-sdk:secretsmanager:getSecretValue", {"SecretId": "x"}),
        "Worker": {"Type": "Task", "Resource": "arn:aws:states:us-east-1:1:activity:w", "End": True},
        "Computed": task("lambda:invoke", {"FunctionName.$": "$.function"}),
        "Foreign": task("s3:getObject", {"Bucket": "somebodys-data", "Key": "k"}),
        "Nested": task("states:startExecution.sync:2", {"StateMachineArn": "${ChildStateMachineArn}"}),
        "Role": task("lambda:invoke", {"FunctionName": "${f}"}, Credentials={"RoleArn": "r"}),
        "Queue in order": task("sqs:sendMessage", {"QueueUrl": "https://q/1/todo.fifo", "MessageBody": "x"}),
        "Topic in order": task("sns:publish", {"TopicArn": "${T}", "Message": "x", "MessageGroupId.$": "$.g"}),
    }
    path = tmp_path / "machine.asl.json"
    path.write_text(json.dumps({"StartAt": "Token", "States": states}, indent=1))
    before = sorted(root.rglob("*"))
    result = lanes("workflow", "new", "team1", "mine", "--from", path)
    assert result.code == 1
    assert "14 problems" in result.err
    for state, instead in {
        "Token": "let the function return its answer",
        "Container": "a lane runs Lambda functions",
        "Batch": "a lane runs Lambda functions",
        "Glue": "a function with pandas",
        "Events": "publish to a topic of the card's own",
        "Address": "a function that asks the address",
        "Secret": "uses: {secrets: [KEY]}",
        "Worker": "a queue (queues:)",
        "Computed": "FunctionName is computed",
        "Foreign": "commons: in shared/settings.yaml",
        "Nested": "lanes workflow new team1 child --from",
        "Role": "a state acts as the lane's role",
        "Queue in order": "https://q/1/todo.fifo: the queue is a FIFO one",
        "Topic in order": "MessageGroupId: the topic is a FIFO one",
    }.items():
        (line,) = [line for line in result.err.splitlines() if f"state {state!r}" in line]
        assert instead in line
        place = path.read_text().splitlines().index(f'  "{state}": {{')
        assert f"machine.asl.json:{place + 1}:" in line
    assert sorted(root.rglob("*")) == before


@pytest.mark.parametrize(
    ("text", "name", "what"),
    [
        ('{"Resources": {}}', "template.json", "a CloudFormation or SAM template"),
        ("service: x\nfunctions: {}\n", "serverless.yml", "a serverless.yml"),
        ('{"name": "x"}', "x.json", "no Amazon States Language"),
        ("[1]", "x.json", "no Amazon States Language"),
    ],
)
def test_other_documents_are_refused_by_name(text, name, what, bring):
    with pytest.raises(UsageError, match=what):
        bring(text, name)


def test_what_is_no_json_is_told_with_its_line(bring):
    with pytest.raises(ConfigError, match=r"x\.json:2: this is not JSON"):
        bring('{"a":\n}', "x.json")


def test_yaml_and_references_of_cloudformation_are_read(bring):
    new = bring(
        """\
StartAt: Work
States:
  Work:
    Type: Task
    Resource:
      Fn::GetAtt: [DoWorkLambdaFunction, Arn]
    Next: Tell
  Tell:
    Type: Task
    Resource: arn:aws:states:::sqs:sendMessage
    Parameters: {QueueUrl: {Ref: WorkQueue}, MessageBody.$: $.text, Region: "${AWS::Region}"}
    End: true
""",
        "machine.asl.yaml",
    )
    assert list(card(new)["functions"]) == ["do-work"]
    assert card(new)["queues"] == {"work": {}}
    assert template(new)["States"]["Tell"]["Parameters"]["Region"] == "us-east-1"


def test_a_step_that_is_told_a_name_may_use_what_it_names(bring):
    payload = {"table": "${Totals}", "queue": "${Jobs}", "x": 1}
    new = bring(
        {
            "Work": {
                **task("lambda:invoke", {"FunctionName": "${Work}", "Payload": payload}, Next="Save"),
                "End": False,
            },
            "Save": task("dynamodb:putItem", {"TableName": "${Totals}", "Item": {"id": {"S": "a"}}}, Next="Send"),
            "Send": task("sqs:sendMessage", {"QueueUrl": "${Jobs}", "MessageBody": "m"}),
        }
    )
    uses = {"bucket": "readwrite", "tables": {"totals": "readwrite"}, "queues": {"jobs": "send"}}
    assert card(new)["functions"]["work"]["uses"] == uses
    assert template(new)["States"]["Work"]["Parameters"]["Payload"] == {
        "table": "${totals}",
        "queue": "${jobs}",
        "x": 1,
    }
    assert "# look: it is told their names" in new.files["workflow.yaml"]


def test_several_buckets_are_further_ones_and_shared_data_is_named(root, bring, tmp_path):
    states = {
        "Read": task("s3:getObject", {"Bucket": "${SourceBucket}", "Key": "k"}, Next="Write"),
        "Write": task("s3:putObject", {"Bucket": "${TargetBucket}", "Key": "k", "Body": "b"}),
    }
    new = bring(states)
    assert card(new)["buckets"] == {"source": {}, "target": {}}
    settings = root / "shared/settings.yaml"
    settings.write_text(settings.read_text() + "\ncommons:\n  sky-data: {teams: all}\n")
    states["Read"]["Parameters"]["Bucket"] = "sky-data"
    path = tmp_path / "machine.asl.json"
    path.write_text(json.dumps({"StartAt": "Read", "States": states}))
    new = new_from(path, load_project(root), "team1", "mine")
    assert card(new)["uses"] == {"commons": ["sky-data"]}
    assert "buckets" not in card(new)
    assert template(new)["States"]["Write"]["Parameters"]["Bucket"] == "${bucket}"


def test_reviewed_actions_and_own_machines_are_kept(bring):
    new = bring(
        {
            "Look": task("aws-sdk:rekognition:detectLabels", {"Image": {}}, Next="Run"),
            "Run": task("states:startExecution.sync:2", {"StateMachineArn": "${fmi-script}"}),
        }
    )
    assert card(new)["uses"] == {"services": ["rekognition:DetectLabels"], "workflows": ["fmi-script"]}
    assert template(new)["States"]["Run"]["Parameters"]["StateMachineArn"] == "${fmi-script}"


def test_an_index_is_to_be_declared(bring):
    query = task("aws-sdk:dynamodb:query", {"TableName": "totals", "IndexName": "by-day"})
    (note,) = bring({"Find": query}).notes
    assert note.startswith("Find: it asks the index by-day, whose key nothing tells: declare it on the card")


def test_placeholders_that_are_left_are_parameters(bring):
    new = bring(
        {
            "Wait": {"Type": "Wait", "Seconds": "${Pause}", "Next": "Say"},
            "Say": {"Type": "Pass", "Result": "${Text}!", "End": True},
        }
    )
    told = {name: (each["type"], each["default"]) for name, each in card(new)["parameters"].items()}
    assert told == {"Pause": ("integer", 1), "Text": ("string", "")}


@pytest.mark.parametrize(
    ("input_path", "what"),
    [
        ({"ItemsPath": "$"}, "its whole input is a list"),
        ({"ItemsPath": "$['ship dates']"}, "'ship dates' can be no parameter"),
    ],
)
def test_an_input_that_parameters_cannot_make_is_refused(input_path, what, bring):
    inner = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}
    with pytest.raises(ConfigError, match=what):
        bring({"Each": {"Type": "Map", "Iterator": inner, "End": True, **input_path}})


def test_two_things_of_one_name_get_two_keys(bring):
    new = bring(
        {
            "Work": task("lambda:invoke", {"FunctionName": "${Work}", "Payload": {"in.$": "$.work"}}, Next="Send"),
            "Send": task("sqs:sendMessage", {"QueueUrl": "${WorkQueue}", "MessageBody": "m"}),
        }
    )
    told = card(new)
    names = [*told["functions"], *told["queues"], *told["parameters"]]
    assert len(names) == len(set(names)) == 3
    assert "work" in told["parameters"]


@pytest.mark.parametrize(
    ("state", "what"),
    [
        ("Work", "state 'A' is no object"),
        ({"Type": "Task", "Resource": ["x"]}, "Resource is no text"),
        ({"Type": "Choice", "Choices": {"Next": "A"}}, "Choices is no list"),
        ({"Type": "Choice", "Choices": [{"And": ["x"]}]}, "a rule of Choices is no object"),
        ({"Type": "Parallel", "Branches": ["x"]}, "this is no machine"),
        ({"Type": "Map", "ItemProcessor": {"States": []}}, "this is no machine"),
        ({"Type": "Pass", "Parameters": 1}, "Parameters is no object"),
    ],
)
def test_what_has_another_form_is_told(state, what, bring):
    with pytest.raises(ConfigError, match=what):
        bring({"A": state})
