"""The page of a run, over a cloud in this process: machines without functions, so that nothing is started."""

import itertools
import json
import re
from datetime import UTC, datetime
from urllib.parse import quote

import pytest

from shared.config.load import load_project
from shared.console.live_runs import LiveRuns
from shared.console.readings import Readings
from tests.helpers.console import cloud_here, console_client, desk_of, page, record
from tests.helpers.eventually import eventually
from tests.helpers.project import REPOSITORY

HOSTILE = "<script>alert(1)</script>"
REQUEST = "0f8fad5b-d9cb-469f-a165-70867728950e"
PASS = {"Type": "Pass", "End": True}
FAIL = {"Type": "Fail", "Error": "Bad", "Cause": "it was bad"}
ONLY_7_FAILS = {
    "StartAt": "Right?",
    "States": {
        "Right?": {
            "Type": "Choice",
            "Choices": [{"Variable": "$", "NumericEquals": 7, "Next": "Break"}],
            "Default": "Work",
        },
        "Work": PASS,
        "Break": FAIL,
    },
}


def machine(**states):
    return {"StartAt": next(iter(states)), "States": states}


def mapped(processor, **more):
    return {"Type": "Map", "ItemProcessor": processor, "End": True, **more}


@pytest.fixture(scope="module")
def project():
    return load_project(REPOSITORY)


@pytest.fixture(scope="module")
def aws(project, tmp_path_factory):
    with cloud_here(project, tmp_path_factory.mktemp("cloud")) as aws:
        yield aws


@pytest.fixture(scope="module")
def lane(project):
    return project.lane("team2")


@pytest.fixture
def client(project, aws):
    """A browser at a console for which so much time passes between two readings that each page is read anew."""
    desk = desk_of(project, aws)
    ticks = itertools.count(step=1000)
    desk.readings = Readings(lambda: float(next(ticks)))
    desk.runs = LiveRuns(desk.readings)
    yield console_client(desk)
    desk.readings.close()


def machine_role(aws):
    """Return the ARN of a new role of state machines that may look at any bucket."""
    iam = aws.client("iam")
    trust = statement(Principal={"Service": "states.amazonaws.com"}, Action="sts:AssumeRole")
    role = iam.create_role(RoleName="machine", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    iam.put_role_policy(RoleName="machine", PolicyName="looks", PolicyDocument=statement(Action="s3:*", Resource="*"))
    return role


def statement(**parts):
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **parts}]})


@pytest.fixture(scope="module")
def start(aws, lane):
    """Return a function that runs a definition as the lane's workflow, and returns the run's id."""
    workflow = lane.workflows["cosmic"]
    arn = lane.state_machine_arn("cosmic")
    count = iter(range(10_000))

    def run(definition, value=None, *, name=""):
        text = json.dumps(definition)
        machines = aws.states.list_state_machines()["stateMachines"]
        if any(each["stateMachineArn"] == arn for each in machines):
            aws.states.update_state_machine(stateMachineArn=arn, definition=text)
        else:
            role = machine_role(aws)
            aws.states.create_state_machine(name=workflow.name, definition=text, roleArn=role)
        run_id = name or f"20260102T030405Z-{next(count):06x}"
        aws.states.start_execution(stateMachineArn=arn, name=run_id, input=json.dumps(value))
        return run_id

    return run


@pytest.fixture(scope="module")
def ended(aws, lane, start):
    """Return a function that runs a definition to its end, and returns the run's id."""

    def run(definition, value=None, *, name=""):
        run_id = start(definition, value, name=name)
        wait(aws, lane, run_id)
        return run_id

    return run


def execution(lane, run_id):
    return f"{lane.state_machine_arn('cosmic').replace(':stateMachine:', ':execution:')}:{run_id}"


def wait(aws, lane, run_id):
    arn = execution(lane, run_id)
    eventually(lambda: aws.states.describe_execution(executionArn=arn)["status"] != "RUNNING")


def title(text):
    return re.search("<title>(.*?)</title>", text)[1]


def moves(text):
    return " data-moving" in text


def test_a_run_that_succeeds(client, ended):
    run_id = ended(machine(First={**PASS, "Result": {"n": 4}, "ResultPath": "$.a"}), {"given": 1})
    eventually(lambda: not moves(page(client, f"/runs/{run_id}")))
    assert record(client, f"/runs/{run_id}")["cost"]
    text = page(client, f"/runs/{run_id}")
    assert re.fullmatch(r"✓ cosmic \d+\.\d s - lanes", title(text))
    assert "Why it stopped" not in text
    assert "&#34;given&#34;: 1" in text
    assert "&#34;n&#34;: 4" in text
    assert "by hand" in text


def test_a_run_that_goes_on(client, aws, lane, start):
    run_id = start(mapped_waits(), [1, 2, 3])
    address = f"/runs/{run_id}"
    ranks = {"state": "Fit", "total": 3, "running": 2, "done": 1, "failed": 0, "timed_out": 0, "stopped": 0}
    ranks["wrong"] = []
    eventually(lambda: record(client, address)["ranks"] == ranks)
    text = page(client, address)
    assert title(text) == "▸ cosmic Fit 1/3 - lanes"
    assert moves(text)
    assert "1 of 3 done, 2 running" in text
    assert "None yet." in text
    seen = client.get(f"{address}.json").headers["X-Lanes-Version"]
    assert client.get(f"{address}?seen={seen}").status_code == 204
    assert client.get(f"{address}/plots/timeline.svg").status_code == 404
    aws.states.stop_execution(executionArn=execution(lane, run_id))
    eventually(lambda: client.get(f"{address}?seen={seen}").status_code == 200)
    assert title(page(client, address)).startswith("■ cosmic was stopped")


def mapped_waits():
    """A Map whose item 1 is done at once, while the others wait."""
    choice = {"Type": "Choice", "Choices": [{"Variable": "$", "NumericEquals": 1, "Next": "Done"}], "Default": "Wait"}
    wait = {"Type": "Wait", "Seconds": 3600, "End": True}
    return machine(Fit=mapped({"StartAt": "Pick", "States": {"Pick": choice, "Done": PASS, "Wait": wait}}))


def test_a_run_that_failed_at_a_rank(client, ended):
    run_id = ended(machine(Fit=mapped(ONLY_7_FAILS)), [1, 2, 7, 4])
    text = page(client, f"/runs/{run_id}")
    assert title(text) == "✗ cosmic failed at Break rank 2 - lanes"
    assert f'href="/runs/{run_id}/ranks/2"' in text
    assert "it was bad" in text
    assert "State Break" in text
    why = record(client, f"/runs/{run_id}")["why"]
    assert (why["state"], why["rank"], why["error"], why["command"]) == ("Break", 2, "Bad", "")
    assert why["no_log"] == "no function failed, so there is no log of one" or why["reading"]
    assert moves(text)  # it may be redriven


def test_a_redriven_run_goes_on(client, aws, lane, ended):
    run_id = ended(machine(Fit=mapped(ONLY_7_FAILS)), [7])
    before = record(client, f"/runs/{run_id}")
    aws.states.redrive_execution(executionArn=execution(lane, run_id))
    eventually(lambda: record(client, f"/runs/{run_id}")["redrives"] == 1)
    wait(aws, lane, run_id)
    eventually(lambda: (record(client, f"/runs/{run_id}")["why"] or {}).get("error") == "Bad")
    after = record(client, f"/runs/{run_id}")
    assert after["events"]["total"] > before["events"]["total"]
    assert "1 time <span" in page(client, f"/runs/{run_id}")


def test_what_was_tried_again_and_caught(client, aws, lane, ended):
    call = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:s3:headBucket",
        "Parameters": {"Bucket": "there-is-none-such"},
        "Retry": [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "MaxAttempts": 1}],
        "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Tidy"}],
        "Next": "Tidy",
    }
    run_id = ended(machine(Ask=call, Tidy=PASS), {})
    state = record(client, f"/runs/{run_id}?state=Ask")["state"]
    assert (state["mark"], state["retries"]) == ("done", 1)
    (visit,) = state["visits"]
    assert [attempt["status"] for attempt in visit["attempts"]] == ["FAILED", "FAILED"]
    text = page(client, f"/runs/{run_id}?state=Ask")
    assert "Attempt 2" in text
    assert "caught" in text
    assert "there-is-none-such" in text


def test_a_state_that_is_not_there_names_those_that_are(client, ended):
    run_id = ended(machine(First=PASS), 1)
    answer = client.get(f"/runs/{run_id}?state=Frist")
    assert answer.status_code == 404
    assert "First" in answer.text


def test_hostile_texts_are_only_texts(client, aws, lane, ended):
    cause = {
        "errorType": f"E{HOSTILE}",
        "errorMessage": f"{HOSTILE} password=hunter2",
        "requestId": REQUEST,
        "stackTrace": [f'  File "/var/task/{HOSTILE}.py", line 1, in f\n'],
    }
    name = f'Work {HOSTILE}"'
    states = {
        name: {"Type": "Pass", "Next": "Break"},
        "Break": {"Type": "Fail", "Error": f"E{HOSTILE}", "Cause": json.dumps(cause)},
    }
    run_id = ended({"StartAt": name, "States": states}, {HOSTILE: HOSTILE, "secret_key": "hunter2"})
    group = lane.functions["cosmic-init"].log_group
    at = int(datetime.now(UTC).timestamp() * 1000)
    aws.logs.create_log_group(logGroupName=group)
    aws.logs.create_log_stream(logGroupName=group, logStreamName="s")
    lines = [
        f"START RequestId: {REQUEST} Version: $LATEST",
        f"{HOSTILE} in the log",
        '{"password": "hunter2"}',
        f"REPORT RequestId: {REQUEST}\tDuration: 1 ms\tBilled Duration: 2 ms\tMemory Size: 8 MB\tMax Memory Used: 9 MB",
    ]
    events = [{"timestamp": at + place, "message": text} for place, text in enumerate(lines)]
    aws.logs.put_log_events(logGroupName=group, logStreamName="s", logEvents=events)
    address = f"/runs/{run_id}"
    eventually(lambda: record(client, address)["why"]["log"])
    for place in ("", "?state=Break", "?state=", f"?failures=1&of={HOSTILE}", f"?state={name}".replace("<", "%3C")):
        text = page(client, address + place)
        assert HOSTILE not in text
        assert "hunter2" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt; in the log" in page(client, address)
    assert f"lanes debug team2 {run_id}" in page(client, address)
    last = record(client, address)["events"]["rows"][0]["id"]
    for file in ("/input", f"/events/{last}", "/events/1", "/report"):
        answer = client.get(address + file)
        assert answer.status_code == 200
        assert "hunter2" not in answer.text
    report = client.get(f"{address}/report")
    assert HOSTILE not in report.text
    assert "script-src" not in report.headers["Content-Security-Policy"]
    assert report.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'unsafe-inline'")
    assert client.told == []


def test_half_a_surrogate_pair_is_shown_as_its_escape_wherever_it_comes(client, ended):
    failing = {"Type": "Fail", "ErrorPath": "$.a", "CausePath": "$.a"}
    run_id = ended(machine(Break=failing), {"a": "\ud800", "\udfff": 1})
    places = [f"/runs/{run_id}{end}" for end in ("", "?state=Break", "/input", "/events/2", "/report", ".json")]
    for place in (*places, f"/team2/cosmic/new?from={run_id}"):
        assert r"\ud800" in page(client, place), place


def test_no_page_of_a_run_or_of_its_ranks_shows_a_secret(client, ended):
    name = "ghp_" + 18 * "aB"  # as the name of a value, and in that of an error
    cause = {"errorMessage": "no login, password=hunter2", "errorType": f"Bad {name}"}
    failing = {"Type": "Fail", "ErrorPath": "$.error", "CausePath": "$.cause"}
    item = {"error": f"Bad {name}", "cause": json.dumps(cause), "password": "hunter2"}
    value = {name: 1, "items": [item], "tags": [{"Name": "DB_PASSWORD", "Value": "hunter2"}]}
    definition = machine(Each=mapped(machine(Break=failing), ItemsPath="$.items"))
    one, other = ended(definition, value), ended(definition, value)
    ends = ("", ".json", "?state=Each", "?state=Break", "/input", "/report", "/events/1", "/events/6")
    ranks = ("/ranks", "/ranks.json", "/ranks?status=bad", "/ranks/0", "/ranks/0.json")
    others = (f"/team2/cosmic/new?from={one}", "/team2/runs", f"/team2/runs?compare={one}&compare={other}")
    for address in (*(f"/runs/{one}{end}" for end in ends + ranks), *others):
        text = page(client, address)
        assert name not in text, address
        assert "hunter2" not in text, address


def test_a_run_whose_name_no_address_can_hold_as_it_is_can_be_stopped(client, aws, lane, start):
    run_id = start(machine(Wait={"Type": "Wait", "Seconds": 600, "End": True}), name="\u202eodd\u200b")
    answer = client.post(f"/runs/{quote(run_id)}/stop")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/runs/{quote(run_id)}")
    wait(aws, lane, run_id)


@pytest.mark.parametrize("query", ["before=x", "before=-1", "before=1e3", "before=99999999999", "before=٣"])
def test_a_wrong_number_is_told(client, ended, query):
    run_id = ended(machine(First=PASS), 1)
    answer = client.get(f"/runs/{run_id}?{query}")
    assert answer.status_code == 404
    assert "must be a whole number" in answer.text


def test_twenty_five_thousand_events_are_a_hundred_rows(client, ended):
    work = {"StartAt": "Work", "States": {"Work": PASS}}
    run_id = ended(machine(Fit=mapped(work, MaxConcurrency=40)), list(range(6_200)))
    text = page(client, f"/runs/{run_id}")
    first = record(client, f"/runs/{run_id}")["events"]
    assert first["total"] > 24_000
    assert len(first["rows"]) == 100
    assert f"{first['total']:,} events" in text
    assert len(text) < 300_000
    older = record(client, first["older"].partition("#")[0])["events"]
    assert [row["id"] for row in older["rows"]] == list(range(first["total"] - 100, first["total"] - 200, -1))
    chosen = record(client, f"/runs/{run_id}?of=Work&kind=PassStateEntered")["events"]
    assert chosen["matching"] == 6_200
    state = record(client, f"/runs/{run_id}?state=Work")["state"]
    assert (state["total"], len(state["visits"])) == (6_200, 10)


def test_an_input_that_is_long_is_cut_and_is_there_as_a_file(client, ended):
    value = {"long": "x y " * 20_000}
    run_id = ended(machine(First=PASS), value)
    text = page(client, f"/runs/{run_id}?state=First")
    assert len(text) < 200_000
    state = record(client, f"/runs/{run_id}?state=First")["state"]
    assert state["visits"][0]["input"]["cut"]
    assert json.loads(client.get(f"/runs/{run_id}/input").text) == value
    entry = state["visits"][0]["entry"]
    assert json.loads(client.get(f"/runs/{run_id}/events/{entry}").text)["details"]["input"] == value


def test_what_started_a_run_is_linked(client, lane, ended):
    machine_name = lane.workflows["cosmic"].name
    parent = lane.place.arn("states", f"execution:{machine_name}:run-0")
    run_id = ended(machine(First=PASS), {"AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID": parent}, name="child-1")
    assert '<a id="by" href="/runs/run-0">by workflow cosmic/run-0</a>' in page(client, f"/runs/{run_id}")


def test_a_run_that_nobody_has(client):
    answer = client.get("/runs/nope")
    assert answer.status_code == 404
    assert "AWS keeps a run for 90 days" in " ".join(answer.text.split())
    assert client.get("/runs/nope/report").status_code == 404


@pytest.mark.parametrize("file", ["/output", "/plots/other.svg", "/events/999", "/events/0"])
def test_a_file_that_is_not_there_is_told(client, ended, file):
    run_id = ended(machine(Break=FAIL), 1)
    answer = client.get(f"/runs/{run_id}{file}")
    assert answer.status_code == 404
    assert client.told == []


def test_ids_do_not_repeat_and_every_control_in_a_live_part_has_one(client, ended):
    run_id = ended(machine(Fit=mapped(ONLY_7_FAILS)), [1, 7])
    for address in (f"/runs/{run_id}", f"/runs/{run_id}?state=Fit", f"/runs/{run_id}?state="):
        text = page(client, address)
        ids = re.findall(r'\sid="([^"]+)"', text)
        assert len(ids) == len(set(ids))
        assert "style=" not in text
        live = "".join(re.findall(r"<section [^>]*data-live.*?</section>", text, re.DOTALL))
        controls = re.findall(
            r"<(?:a|button|details|input|select)\b[^>]*>", re.sub("<svg.*?</svg>", "", live, flags=re.DOTALL)
        )
        assert [each for each in controls if ' id="' not in each] == []
