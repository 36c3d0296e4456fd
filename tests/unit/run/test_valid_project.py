"""All that is wrong in a project is told at once, with file, line and path, before anything is planned."""

import json
from pathlib import Path

import pytest

from shared.config.load import load_project
from shared.config.problems import ConfigError
from shared.run.undeclared import undeclared_inputs
from shared.run.valid_project import load_valid
from tests.unit.run.bad_project import files

REPOSITORY = Path(__file__).parents[3]
COUNT = "def handler(event, context):\n    return event\n"
TASK = {"Type": "Task", "Resource": "${count}", "End": True}


class Project:
    """A project's folder that a test writes into."""

    def __init__(self, root):
        self.root = root
        self.write("shared/settings.yaml", (REPOSITORY / "shared/settings.yaml").read_text(encoding="utf-8"))
        self.write("naming.yaml", (REPOSITORY / "naming.yaml").read_text(encoding="utf-8"))

    def write(self, path, text):
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")

    def team(self, slug, text=""):
        self.write(f"teams/{slug}.yaml", f"team: {slug}\nowner: {slug}@example.edu\n{text}")

    def own(self, team, workflow, definition, card="", code=COUNT):
        """Write a team's own workflow of one step, ``count``."""
        folder = f"teams/{team}/{workflow}"
        self.write(
            f"{folder}/workflow.yaml", f"description: Counts.\n{card}functions: {{count: {{handler: count.handler}}}}\n"
        )
        text = definition if isinstance(definition, str) else json.dumps(definition, indent=1)
        self.write(f"{folder}/workflow.asl.json", text)
        self.write(f"{folder}/count.py", code)

    def problems(self, *teams):
        with pytest.raises(ConfigError) as caught:
            load_valid(self.root, teams)
        return [str(problem) for problem in caught.value.problems]


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path)


@pytest.fixture
def bad(project):
    shared = {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}}
    project.write("statemachines/stars.yaml", "description: Shared.\n")
    project.write("statemachines/stars.asl.json", json.dumps(shared))
    for path, text in files().items():
        project.write(path, text)
    (project.root / "teams/words/word-count/data").symlink_to("/etc")
    return project


TOLD = """\
lab.yaml:3: the variable 'TABLE_TOTALS' is what tells survey-look
lab.yaml:4: the variable 'SECRET_KEY' is what tells survey-look
lab/private/workflow.asl.json:1: States.A.ItemsPath: it reads 'tasks' of the run's input, and no parameter declares it
lab/survey/workflow.asl.json:12: States.Side.Branches[0].States.Scan: dynamodb:deleteTable is not granted
lab/survey/workflow.asl.json:23: States.Theirs: bucket team1-data is not the bucket of team lab
nobody:1: there is no team nobody
nobody/thing/workflow.asl.json:2: this is not JSON
nobody/thing/workflow.yaml:2: this is not YAML
words.yaml:3: lab/survey and survey are two workflows of one name
words.yaml:5: unknown workflow 'lab/private'
words/notes:1: this is no workflow
words/stars/workflow.asl.yaml:2: States: no state ends the workflow
words/stars/workflow.yaml:1: 'stars' is the name of a shared workflow too
words/twice/workflow.asl.json:1: These fields are required: [States]
words/twice/workflow.asl.json:2: the key 'StartAt' is given twice, first on line 1
words/twice/workflow.asl.yaml:1: workflow.asl.json is there too
words/word-count/data:1: a link that leads out of the folder, to /etc
words/word-count/merge.py:1: this is no Python: expected ':'
words/word-count/requirements.txt:3: this is no requirement
words/word-count/requirements.txt:4: the option -r is not taken
words/word-count/requirements.txt:5: Pandas is required twice, first on line 2
words/word-count/requirements.txt:6: a library from a path or an address
words/word-count/workflow.asl.json:2: StartAt: "Splt" is no state of this machine (did you mean 'Split'?)
words/word-count/workflow.asl.json:3: States: no state ends the workflow
words/word-count/workflow.asl.json:11: States.Pieces.ItemsPath: Value is not a valid JSONPath.
words/word-count/workflow.asl.json:12: States.Pieces.TimeoutSeconds: Field 'TimeoutSeconds' is not supported
words/word-count/workflow.asl.json:18: unknown placeholder ${cuont} (did you mean 'count'?)
words/word-count/workflow.asl.json:21: States.Pieces.ItemProcessor.States.Lost: State "Lost" is not reachable.
words/word-count/workflow.asl.json:34: States.Choose.Choices[0].NumericGreaterThan: Expected value of type Number
words/word-count/workflow.asl.json:35: States.Choose.Choices[0].Next: "Merg" is no state of this machine (did you
words/word-count/workflow.asl.json:42: States.Later.Seconds: Minimum value is 0
words/word-count/workflow.asl.json:51: States.Merge.Parameters.Payload.keys.$: The value for the field 'keys.$' must be
words/word-count/workflow.asl.json:59: States.Merge.Catch[0].Next: "Sorry" is no state of this machine
words/word-count/workflow.asl.json:64: States.Query: Exactly one of the fields [Next, End] is required
words/word-count/workflow.asl.json:67: States.Query.Output: Unexpected end of expression
words/word-count/workflow.asl.json:68: States.Query.ResultPath: The QueryLanguage is set to 'JSONata', but field
words/word-count/workflow.asl.json:69: States.Query.Nxt: Field 'Nxt' is not supported (did you mean 'Next'?)
words/word-count/workflow.yaml:2: there is no team 'nobody' to share it with
words/word-count/workflow.yaml:3: unknown key 'pyhton' (did you mean 'python'?)
words/word-count/workflow.yaml:4: architecture is 'arm': it should be 'x86_64' or 'arm64'
words/word-count/workflow.yaml:5: python is '3.1': it should be '3.11', '3.12', '3.13' or '3.14'
words/word-count/workflow.yaml:7: image.base says nothing beside image.uri, which is all of the image
words/word-count/workflow.yaml:8: tables.total is not on the card (did you mean 'totals'?)
words/word-count/workflow.yaml:8: the team does not run 'next-week'
words/word-count/workflow.yaml:10: 'split.handler' is not there: there is no teams/words/word-count/split.py
words/word-count/workflow.yaml:12: 'count.handle' is not there: teams/words/word-count/count.py defines no handle
words/word-count/workflow.yaml:14: queues.faild is not on the card (known: work)
words/word-count/workflow.yaml:15: 'cosmos' is no shared data of the settings
words/word-count/workflow.yaml:15: queues.wrok is not on the card (did you mean 'work'?)
words/word-count/workflow.yaml:15: s3:GetObject is not on the reviewed list
words/word-count/workflow.yaml:16: the value of 'KEY' has the form of a credential
words/word-count/workflow.yaml:16: the variable 'TABLE_TOTALS' is set by deployment or by Lambda
words/word-count/workflow.yaml:16: the variable 'TEAM' is set by deployment or by Lambda
words/word-count/workflow.yaml:17: unknown key 'functions.merge.memroySize' (did you mean 'memorySize'?)
words/word-count/workflow.yaml:19: 'word' is a number here and a string elsewhere in the table
words/word-count/workflow.yaml:19: ../../elsewhere.json leads out of the card's folder
words/word-count/workflow.yaml:22: the default: pieces is 0, less than 1
""".splitlines()


def test_all_that_is_wrong_is_told_at_once_each_with_its_file_and_line(bad):
    problems = bad.problems()
    wanted = [f"teams/{line}" for line in TOLD]
    assert [problem[: len(line)] for problem, line in zip(problems, wanted, strict=False)] == wanted
    assert len(problems) == len(wanted)


def test_no_secret_of_a_file_is_told(bad):
    assert "AKIAIOSFODNN7EXAMPLE" not in "\n".join(bad.problems())


def test_a_team_is_stopped_by_what_is_wrong_with_a_workflow_that_it_borrows(project):
    project.team("lab")
    project.own("lab", "count", {"StartAt": "A", "States": {"A": {**TASK, "End": False}}}, "share: all\n")
    project.team("words", "workflows: {lab/count: }\n")
    project.team("calm")
    (problem,) = {each.partition(" (")[0] for each in project.problems("words") if "Exactly one" in each}
    assert problem.startswith("teams/lab/count/workflow.asl.json:4: States.A: ")
    assert load_valid(project.root, ["calm"]).lane("calm").workflows == {}
    project.write("teams/lab/count/workflow.yaml", "descripton: no card.\n")
    assert "teams/words.yaml:3: something is wrong with the workflow 'lab/count' (lanes validate lab tells what)" in (
        project.problems("words")
    )


def test_more_people_than_a_trust_policy_has_room_for_are_told(project):
    users = [f"student-number-{number:03}" for number in range(20)]
    project.team("calm", f"access: {{users: {users}}}\n")
    assert load_valid(project.root, ["calm"]).lane("calm").access.users == tuple(users)
    sets = [f"students-of-{number:02}" for number in range(12)]
    project.team("calm", f"access:\n  users: {users}\n  permissionSets: {sets}\n")
    (told,) = project.problems("calm")
    assert told.startswith("teams/calm.yaml:3: the trust policy of calm-deployer-")
    assert " would have 2,665 " in told
    assert told.endswith(
        "characters, and IAM takes 2,048 (let in a permission set in place of many users, or name fewer)"
    )


def test_what_is_wrong_in_a_shared_template_is_told_once_for_all_teams(project):
    project.write("statemachines/sum.yaml", "description: x\n")
    bucket = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:s3:getObject",
        "Parameters": {"Bucket": "x"},
        "End": True,
    }
    project.write("statemachines/sum.asl.json", json.dumps({"StartAt": "A", "States": {"A": bucket}}))
    for slug in ("red", "blue"):
        project.team(slug, "workflows: {sum: }\n")
    (problem,) = project.problems()
    assert problem.startswith("statemachines/sum.asl.json:1: States.A: bucket x is not the bucket of team blue")
    (problem,) = project.problems("red")
    assert "team red" in problem


def test_only_the_lanes_that_are_asked_for_are_filled_in(project):
    project.write(
        "statemachines/nap.yaml", "description: x\nparameters: {until: {type: string, default: '', description: x}}\n"
    )
    wait = {"Type": "Wait", "Timestamp": "${until}", "End": True}
    project.write("statemachines/nap.asl.json", json.dumps({"StartAt": "A", "States": {"A": wait}}))
    project.team("red", "workflows: {nap: {until: '2030-01-01T00:00:00Z'}}\n")
    project.team("blue", "workflows: {nap: {until: soon}}\n")
    assert load_valid(project.root, ["red"])
    (problem,) = project.problems("blue")
    assert "States.A.Timestamp: Value is not a valid ISO-8601" in problem


def test_nobodys_code_is_run(project, tmp_path):
    planted = f"import pathlib\npathlib.Path({str(tmp_path / 'ran')!r}).touch()\n{COUNT}"
    project.team("words")
    project.own("words", "count", {"StartAt": "A", "States": {"A": TASK}}, code=planted)
    for name in ("__init__", "sitecustomize", "setup", "conftest", "yaml"):
        project.write(f"teams/words/count/{name}.py", planted)
    assert list(load_valid(project.root).lane("words").workflows) == ["count"]
    assert not (tmp_path / "ran").exists()


def test_a_call_without_the_name_of_what_it_calls_is_told(project):
    publish = {"Type": "Task", "Resource": "arn:aws:states:::sns:publish", "Parameters": {}, "End": True}
    inner = {"StartAt": "A", "States": {"A": publish}}
    state = {"Type": "Map", "ItemsPath": "$.tasks", "ItemProcessor": inner, "End": True}
    project.team("probe")
    card = "parameters: {tasks: {type: object, description: A list.}}\n"
    project.own("probe", "probe", {"StartAt": "M", "States": {"M": state}}, card)
    (problem,) = project.problems()
    assert problem.startswith("teams/probe/probe/workflow.asl.json:12: States.M.ItemProcessor.States.A: ")


@pytest.mark.parametrize(
    ("state", "fits"),
    [
        ({"ItemsPath": "$.tasks"}, True),
        ({"ItemsPath": "$.others"}, False),
        ({"ItemsPath": "$$.Execution.Input.others"}, False),
        ({"ItemsPath": "$['others']"}, False),
        ({"InputPath": "$.others"}, False),
        ({"InputPath": "$.tasks", "ItemsPath": "$.others"}, True),  # it looks into the task
        ({"ItemsPath": "$.others", "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Z"}]}, True),
        ({"QueryLanguage": "JSONata", "Items": "{% $states.input.others %}"}, False),
        ({"QueryLanguage": "JSONata", "Items": "{% $states.context.Execution.Input.others.`a-b` %}"}, False),
        ({"QueryLanguage": "JSONata", "Items": "{% [$states.input.others] %}"}, True),
        ({"QueryLanguage": "JSONata", "Items": "{% $states.input.tasks %}"}, True),
        ({"ItemSelector": {"x.$": "$.others"}, "ItemsPath": "$.tasks"}, True),
    ],
)
def test_an_input_that_no_parameter_declares_is_told_where_it_must_fail(project, state, fits):
    inner = {"StartAt": "B", "States": {"B": {"Type": "Pass", "End": True}}}
    states = {"A": {"Type": "Map", "ItemProcessor": inner, "Next": "Z", **state}, "Z": {"Type": "Succeed"}}
    project.team("probe")
    card = "parameters: {tasks: {type: object, description: A list.}}\n"
    project.own("probe", "probe", {"StartAt": "A", "States": states}, card)
    if fits:
        assert load_valid(project.root)
    else:
        (problem,) = project.problems()
        assert "it reads 'others' of the run's input, and no parameter declares it (declare it under" in problem


def test_what_any_input_holds_nobody_knows_before(project):
    inner = {"StartAt": "B", "States": {"B": {"Type": "Pass", "End": True}}}
    state = {"Type": "Map", "ItemsPath": "$.tasks", "ItemProcessor": inner, "End": True}
    project.team("probe")
    project.own("probe", "probe", {"StartAt": "A", "States": {"A": state}})
    assert load_valid(project.root).lane("probe").workflows["probe"].takes_any


def test_from_a_start_that_is_no_state_only_that_is_told(project):
    project.team("words")
    project.own("words", "count", {"StartAt": "B", "States": {"A": TASK}})
    (problem,) = project.problems()
    assert 'workflow.asl.json:2: StartAt: "B" is no state of this machine (known: A)' in problem


def test_a_name_with_what_separates_names_leads_to_its_line(project):
    states = {
        "a": {"Type": "Pass", "Next": "a/Next"},
        "a/Next": {"Type": "Pass", "Next": "b[0]"},
        "b[0]": {"Type": "Pass", "Next": "c"},
        "z": {"Type": "Succeed"},
    }
    project.team("words")
    project.own("words", "count", {"StartAt": "a", "States": states})
    assert [problem.partition(" (")[0].partition("json:")[2] for problem in project.problems()] == [
        '14: States.b[0].Next: "c" is no state of this machine',
        '16: States.z: State "z" is not reachable.',
    ]


def test_an_express_machine_is_held_to_what_express_machines_can(project):
    project.team("words")
    wait = {**TASK, "Resource": "arn:aws:states:::states:startExecution.sync", "Parameters": {"StateMachineArn": "x"}}
    project.own("words", "count", {"StartAt": "A", "States": {"A": wait}}, "type: express\n")
    (problem,) = project.problems()
    assert "Express state machine does not support '.sync' service integration" in problem


def test_a_call_without_an_integration_of_its_own_is_told_how_it_is_called(project):
    project.team("words")
    query = {**TASK, "Resource": "arn:aws:states:::dynamodb:query", "Parameters": {}}
    project.own("words", "count", {"StartAt": "A", "States": {"A": query}})
    (problem,) = project.problems()
    assert "arn:aws:states:::dynamodb:query is not recognized" in problem
    assert "(write arn:aws:states:::aws-sdk:dynamodb:query, if the service has that action)" in problem


def test_yaml_templates_know_their_lines(project):
    project.team("words")
    project.own("words", "count", "{}")
    folder = project.root / "teams/words/count"
    (folder / "workflow.asl.json").unlink()
    (folder / "workflow.asl.yaml").write_text(
        "# a comment may say ${anything}\nStartAt: A\nStates:\n"
        "  A:\n    Type: Task\n    Resource: ${count}\n    Next: B\n",
        encoding="utf-8",
    )
    assert [problem.partition("yaml:")[2] for problem in project.problems()] == [
        '3: States: no state ends the workflow (write "End": true in the last one)',
        '7: States.A.Next: "B" is no state of this machine (known: A)',
    ]


def test_fifty_teams_with_a_workflow_of_their_own_are_all_right(project):
    for number in range(50):
        project.team(f"team{number}")
        project.own(f"team{number}", "word-count", {"StartAt": "A", "States": {"A": TASK}})
    lanes = load_valid(project.root).teams
    assert {name: list(lane.workflows) for name, lane in lanes.items()} == {
        f"team{number}": ["word-count"] for number in range(50)
    }
    assert len({lane.workflows["word-count"].name for lane in lanes.values()}) == 50


def test_the_project_itself_is_valid():
    assert load_valid(REPOSITORY).teams.keys() == load_project(REPOSITORY).teams.keys()


def _writing(prefix, key="out.csv"):
    """Return a definition that writes an object and the results of a Map, both below *prefix* of the bucket."""
    put = {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:s3:putObject", "Next": "Each"}
    put["Parameters"] = {"Bucket": "${bucket}", "Key": f"{prefix}{key}", "Body": "x"}
    inner = {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}}
    processor = {**inner, "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}
    writer = {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": "${bucket}", "Prefix": prefix}}
    each = {"Type": "Map", "ItemsPath": "$.object", "ItemProcessor": processor, "ResultWriter": writer, "End": True}
    return {"StartAt": "Put", "States": {"Put": put, "Each": each}}


def test_a_trigger_that_feeds_itself_is_told_with_the_lines_that_do(project):
    project.team("lab")
    project.own("lab", "sums", _writing("incoming/"), "on: {bucket: {prefix: incoming/}}\n")
    problems = project.problems()
    assert len(problems) == 2
    assert all("it writes below incoming/, whose uploads start it" in each for each in problems)
    project.own("lab", "sums", _writing("incoming"), "on: {bucket: {prefix: incoming/}}\n")
    assert len(project.problems()) == 1  # the Map's results go to incoming/<id>/
    project.own("lab", "sums", _writing("results/"), "on: {bucket: {prefix: incoming/}}\n")
    assert load_valid(project.root)


def test_what_an_upload_gives_a_run_needs_no_parameter(project):
    task = {**TASK, "Parameters": {"key.$": "$.object.key"}}
    project.team("lab")
    project.own("lab", "sums", {"StartAt": "A", "States": {"A": task}}, "on: {bucket: {prefix: incoming/}}\n")
    assert load_valid(project.root)
    project.own("lab", "sums", {"StartAt": "A", "States": {"A": task}}, "on: {bucket: {prefix: in/, window: 9}}\n")
    assert any("reads object.key of the input, which no run" in each for each in project.problems())


def test_what_a_map_reads_its_items_with_is_an_input():
    states = {"A": {"Type": "Map", "ItemReader": {"Parameters": {"Bucket": "b", "Key.$": "$.others.key"}}}}
    place = ("States", "A", "ItemReader", "Parameters", "Key.$")
    assert [*undeclared_inputs({"StartAt": "A", "States": states}, ["tasks"])] == [(place, "others")]


def test_a_hyphen_belongs_to_a_name(project):
    task = {**TASK, "Parameters": {"key.$": "$.my-numbers"}}
    project.team("lab")
    card = "parameters: {my-numbers: {type: array, description: A list.}}\n"
    project.own("lab", "sums", {"StartAt": "A", "States": {"A": task}}, card)
    assert load_valid(project.root)


RATE = "schedule: {hourly: rate(1 hour)}\n"
OBJECT = "on: {bucket: {prefix: in/}}\n"
LARGE = "parameters: {x: {type: object, byReference: true, description: Large"
REFERENCE = "{bucket: b, key: k}"


@pytest.mark.parametrize(
    ("card", "reads", "problem"),
    [
        (
            RATE,
            "$.x",
            "reads x of the input, which no run that this starts would have (give it in the schedule's payload)",
        ),
        (RATE, "{% $states.input.x %}", "reads x of the input"),
        ("schedule: {hourly: {when: rate(1 hour), payload: {x: 1}}}\n", "$.x", None),
        ("schedule: {hourly: {when: rate(1 hour), payload: {x: {}}}}\n", "$.x.y", "reads x.y of the input"),
        ("schedule: {hourly: {when: rate(1 hour), payload: [1]}}\n", "$[0]", None),
        (RATE + OBJECT, "$.object.key", "reads object.key of the input"),
        (OBJECT, "$.object.key", None),
        (OBJECT, "{% $states.input.object.key %}", None),
        (OBJECT, "$.object.name", "(an object has bucket, key, size, etag)"),
        (f"{LARGE}}}}}\n{RATE}", "$.x.key", "reads x.key of the input"),
        (f"{LARGE}, default: {{a: 1}}}}}}\n{RATE}", "$.x", "x goes by reference, and only lanes run puts"),
        (f"{LARGE}, default: {{a: 1}}}}}}\n{OBJECT}", "$.x", "x goes by reference, and only lanes run puts"),
        (f"{LARGE}}}}}\nschedule: {{a: {{when: rate(1 day), payload: {{x: {REFERENCE}}}}}}}\n", "$.x.key", None),
    ],
)
def test_a_trigger_whose_runs_would_lack_what_they_read_is_told(project, card, reads, problem):
    jsonata = reads.startswith("{%")
    task = {**TASK, **({"Arguments": {"x": reads}} if jsonata else {"Parameters": {"x.$": reads}})}
    language = {"QueryLanguage": "JSONata"} if jsonata else {}
    project.team("lab")
    project.own("lab", "sums", {**language, "StartAt": "A", "States": {"A": task}}, card)
    if problem is None:
        assert load_valid(project.root)
    else:
        (told,) = project.problems()
        assert told.startswith("teams/lab/sums/workflow.yaml:")
        assert problem in told
