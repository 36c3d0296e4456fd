"""The form that starts a run: its fields, what it tells before, what it refuses, and that it starts one run."""

import json
import re
import shlex
from io import BytesIO

import pytest

from shared.cli.run import split_words
from shared.run.launch import ask
from tests.helpers.console import console_client, desk_of
from tests.helpers.eventually import eventually

KEY = re.compile(r'name="key" value="([^"]+)"')


def key_in(console, address):
    return KEY.search(console.get(address).text)[1]


def sent(console, workflow, form, do="start", **more):
    """Send *form* from the page of *workflow*, and return where it leads to."""
    page = f"/team9/{workflow}/new"
    answer = console.post(page, {"key": key_in(console, page), "do": do, **form}, **more)
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def ended(console, address):
    """Return the record of the launch at *address* when it is over."""
    assert address.startswith("/launches/")
    eventually(lambda: console.get(f"{address}.json").json["status"] != "RUNNING")
    return console.get(f"{address}.json").json


def test_a_field_has_a_label_its_bounds_and_the_right_type(console):
    page = console.get("/team9/program/new").text
    assert '<label for="field-size">size</label>' in page
    [size] = re.findall(r'<input id="field-size"[^>]*>', page)
    assert 'type="number" step="1" min="1" max="10" value="4"' in size
    assert "required" in size
    assert 'aria-describedby="field-size-about field-size-hint"' in size
    assert "integer; 1 to 10; 4 by the card" in page
    assert re.search(r'<select id="field-fast".*?<option value="false" selected>', page, re.DOTALL)
    assert re.search(r'<textarea id="field-map"[^>]*>\n\{\}</textarea>', page)
    assert '<input id="file-script" name="file.script" type="file"' in page


def test_it_tells_the_command_the_input_and_what_is_not_known(console):
    record = console.get("/team9/wait/new.json").json
    assert record["command"] == "lanes run team9 wait"
    assert json.loads(record["payload"]) == {"seconds": 3600}
    assert record["worst"]["functions"] == []
    assert [state[1:] for state in record["states"]] == [["Long", "Wait"], ["Done", "Succeed"]]
    assert "call no function of the lane" in console.get("/team9/wait/new").text


def test_all_that_is_wrong_is_told_at_once_and_what_was_written_stays(console):
    address = sent(console, "program", {"p.size": "11", "p.map": "{oops", "p.script": "mine.py", "p.fast": "true"})
    page = console.get(address).text
    assert "Not started: mend these 2 first" in page
    assert '<a href="#field-size">size is &#34;11&#34;, not 1 to 10</a>' in page
    [size] = re.findall(r'<input id="field-size"[^>]*>', page)
    assert 'aria-invalid="true" aria-describedby="field-size-error field-size-about field-size-hint"' in size
    assert 'value="11"' in size
    assert "{oops</textarea>" in page
    assert 'value="mine.py"' in page
    assert '<option value="true" selected>' in page
    assert console.get(address.replace("?", ".json?")).json["payload"] == ""


def test_a_file_that_is_missing_is_told_beside_its_field_when_the_form_was_sent(console):
    untouched = console.get("/team9/program/new").text
    assert "As it stands, it would be refused" in untouched
    assert "aria-invalid" not in untouched
    page = console.get(sent(console, "program", {})).text
    assert '<a href="#field-script">script is missing: it is what runs</a>' in page
    assert re.search(r'<input id="field-script"[^>]* aria-invalid="true"', page)


def test_showing_what_would_run_starts_nothing(console, desk):
    address = sent(console, "wait", {"p.seconds": "5"}, do="check")
    record = console.get(address.replace("?", ".json?")).json
    assert record["command"] == "lanes run team9 wait --seconds 5"
    assert json.loads(record["payload"]) == {"seconds": 5}
    assert desk.launches.get("none") is None


@pytest.mark.parametrize(
    ("form", "given"),
    [
        ({"p.size": "7", "p.script": "a b.py"}, {}),
        ({"p.script": "-x", "p.map": '{"a": [1, null]}', "p.fast": "true", "p.size": "4"}, {}),
        ({"payload": '{"script": "x.py", "size": 2}'}, {"script": "x.py", "size": 2}),
    ],
)
def test_the_input_is_what_the_told_command_makes(console, desk, form, given):
    record = console.get(sent(console, "program", form, do="check").replace("?", ".json?")).json
    words = shlex.split(record["command"])[2:]
    if given:
        at = words.index("--input")
        assert json.loads(words[at + 1]) == given
        del words[at : at + 2]
    names, options = split_words(words)
    assert names == ["team9", "program"]
    assert json.loads(record["payload"]) == ask(desk.lane("team9"), "program", given, options).payload


def test_json_that_is_none_has_no_command_rather_than_that_of_another_run(console):
    address = sent(console, "program", {"payload": '{"size": 2,'})
    assert console.get(address.replace("?", ".json?")).json["command"] == ""
    assert "It is not known until the JSON is right." in console.get(address).text


def test_a_run_is_deployed_started_and_shown(console, cloud, desk):
    lane = desk.lane("team9")
    cloud.states.delete_state_machine(stateMachineArn=lane.state_machine_arn("quick"))  # if another test has made it
    address = sent(console, "wait", {"p.seconds": "0"})
    over = ended(console, address)
    assert over["status"] == "SUCCEEDED", over
    assert over["goes"] == f"/runs/{over['run_id']}"
    assert "checks the project's files" in over["lines"]
    assert f"create state machine {lane.workflows['quick'].name}" in over["lines"]
    arn = desk.run(over["run_id"]).found.run.arn
    eventually(lambda: cloud.states.describe_execution(executionArn=arn)["status"] == "SUCCEEDED")
    assert json.loads(cloud.states.describe_execution(executionArn=arn)["input"]) == {"seconds": 0}
    assert f'data-goes="/runs/{over["run_id"]}"' in console.get(address).text


def test_a_form_that_is_sent_twice_starts_one_run(console, cloud, desk):
    form = {"key": key_in(console, "/team9/any/new"), "do": "start", "payload": "[1]"}
    first, second = (console.post("/team9/any/new", form).headers["Location"] for _ in range(2))
    assert first == second == f"/launches/{form['key']}"
    ended(console, first)
    other = console.post("/team9/any/new", {**form, "payload": "[2]"}).headers["Location"]
    assert other != first
    assert ended(console, other)["status"] == "SUCCEEDED"
    runs = cloud.states.list_executions(stateMachineArn=desk.lane("team9").state_machine_arn("any"))["executions"]
    assert len(runs) == 2


def test_a_start_that_failed_may_be_sent_again(console, desk):
    form = {"key": key_in(console, "/team9/program/new"), "do": "start", "p.script": "nowhere.py"}
    address = console.post("/team9/program/new", form).headers["Location"]
    over = ended(console, address)
    assert over["status"] == "FAILED"
    assert "there is no file or folder 'nowhere.py' here, and no such object in the bucket" in over["error"]["what"]
    assert over["error"]["fix"] == "correct --script"
    [again] = re.findall(r'id="again"[^>]* href="([^"]+)"', console.get(address).text)
    page = console.get(again).text
    assert 'value="nowhere.py"' in page
    assert KEY.search(page)[1] == form["key"]
    assert console.post("/team9/program/new", form).headers["Location"] == address
    assert ended(console, address)["status"] == "FAILED"


def test_any_json_is_the_input_of_a_workflow_without_parameters(console, desk):
    page = console.get("/team9/any/new").text
    assert "Its input is any JSON" in page
    assert 'aria-label="Parameters"' not in page
    over = ended(console, sent(console, "any", {"payload": '[1, "a"]'}))
    assert json.loads(desk.run(over["run_id"]).found.input) == [1, "a"]
    refused = console.get(sent(console, "any", {"payload": "[1,"})).text
    assert "the JSON: " in refused
    assert "[1,</textarea>" in refused


def test_an_express_run_shows_its_result(console):
    assert "an express workflow" in console.get("/team9/quick/new").text
    address = sent(console, "quick", {"p.word": "<script>"})
    over = ended(console, address)
    assert over["status"] == "SUCCEEDED", over
    assert json.loads(over["result"]["output"]) == {"word": "<script>"}
    page = console.get(address).text
    assert "&lt;script&gt;" in page
    assert "AWS lists none of them" in page
    [again] = re.findall(r'id="once-more"[^>]* href="([^"]+)"', page)
    filled = console.get(again).text
    assert 'value="&lt;script&gt;"' in filled
    assert KEY.search(filled)[1] != over["run_id"]  # so that the same runs again


def test_a_file_of_the_browser_is_uploaded_under_its_own_name(console, cloud, desk):
    page = "/team9/program/new"
    form = {"key": key_in(console, page), "do": "check", "file.script": (BytesIO(b"print(1)"), "../../my prog.py")}
    address = console.post(page, form).headers["Location"]
    shown = console.get(address).text
    assert "my prog.py, chosen before" in shown
    assert "lanes run team9 program --script &#39;my prog.py&#39;" in shown
    draft = address.partition("=")[2]
    over = ended(console, sent(console, "program", {"draft": draft, "keep.script": "yes"}))
    assert over["status"] == "SUCCEEDED", over
    key = json.loads(desk.run(over["run_id"]).found.input)["script"]
    assert key == f"scripts/{over['run_id']}/my prog.py"
    assert cloud.s3.get_object(Bucket=desk.lane("team9").bucket, Key=key)["Body"].read() == b"print(1)"


def test_a_form_that_is_too_large_is_told_the_command(console):
    console.app.config["MAX_CONTENT_LENGTH"] = 1000  # of a larger one the test's own browser would leave a file open
    page = "/team9/program/new"
    answer = console.post(page, {"key": "k", "file.script": (BytesIO(b"x" * 2000), "big.py")})
    assert answer.status_code == 413
    assert "lanes run takes files of any size" in answer.text


def test_a_form_is_filled_from_an_earlier_run(console):
    first = ended(console, sent(console, "wait", {"p.seconds": "1"}))["run_id"]
    page = console.get(f"/team9/wait/new?from={first}").text
    assert re.search(r'<input id="field-seconds"[^>]* value="1"', page)
    assert "lanes run team9 wait --seconds 1" in page
    other = console.get(f"/team9/any/new?from={first}")
    assert other.status_code == 404
    assert f"/team9/wait/new?from={first}" in other.text


def test_an_input_that_the_fields_cannot_say_is_filled_in_as_json(console, cloud, desk):
    ended(console, sent(console, "wait", {"p.seconds": "0"}))
    machine = desk.lane("team9").state_machine_arn("wait")
    cloud.states.start_execution(stateMachineArn=machine, name="by-hand", input='{"seconds": 0, "more": true}')
    record = console.get("/team9/wait/new.json?from=by-hand").json
    assert record["by_json"]
    assert json.loads(record["json"]) == {"seconds": 0, "more": True}
    assert "the fields cannot say the same" in record["notes"][0]
    assert "unknown parameter 'more'" in record["reasons"][0]["what"]


@pytest.mark.parametrize(
    "address",
    [
        "/team9/none/new",
        "/nobody/any/new",
        "/team9/any/new?draft=none",
        "/team9/any/new?from=none",
        "/team9/any/new?from=%0d%0a",
        f"/team9/any/new?from={5000 * 'a'}",
        f"/team9/any/new?records={5000 * '1'}",
        "/launches/none",
    ],
)
def test_what_there_is_not_is_told_with_a_fix(console, address):
    answer = console.get(address)
    assert answer.status_code == 404
    assert "Fix:" in answer.text


def test_a_form_without_a_key_or_with_foreign_fields_starts_nothing(console):
    assert console.post("/team9/any/new", {"do": "start"}).status_code == 400
    answer = console.post("/team9/any/new", {"key": key_in(console, "/team9/any/new"), "do": "start", "p.other": "1"})
    assert "the form asks for other" in answer.text


def test_a_console_that_only_reads_starts_nothing_and_still_shows_what_would_run(project, cloud):
    desk = desk_of(project, cloud, writes=False, named=True)
    console = console_client(desk)
    page = console.get("/team9/wait/new").text
    assert "This console only reads" in page
    assert 'value="start"' not in page
    assert "this console only reads" in console.get(sent(console, "wait", {})).text
    assert "lanes run team9 wait --seconds 5" in console.get(sent(console, "wait", {"p.seconds": "5"}, do="check")).text


def test_where_an_account_is_changed_the_teams_name_is_asked_for(project, cloud):
    console = console_client(desk_of(project, cloud, named=True))
    assert "This starts it in account 123456789012" in console.get("/team9/any/new").text
    refused = console.get(sent(console, "any", {"named": "team1", "payload": "[7]"})).text
    assert "the team&#39;s name was not given" in refused
    assert "[7]</textarea>" in refused
    assert ended(console, sent(console, "any", {"named": "team9", "payload": "[7]"}))["status"] == "SUCCEEDED"
