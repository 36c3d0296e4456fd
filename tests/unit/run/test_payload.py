"""An execution's input, and what a lane and an account can carry out."""

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from shared.config.lane import Parameter, Workflow
from shared.config.load import load_project
from shared.errors import UsageError
from shared.fmi.worlds import Server, carried
from shared.run.payload import (
    build_payload,
    check_account,
    check_bucket,
    check_files,
    check_payload,
    check_together,
)


@pytest.fixture
def workflow():
    specs = (
        Parameter("world_size", "integer", 4, "ranks", 1, 10),
        Parameter("scale", "number", 1.0, "factor"),
        Parameter("data_map", "object", None, "keys"),
    )
    parameters = {"world_size": 2, "scale": 1.0, "data_map": None}
    return Workflow("w", "team-w-0", Path("w.asl.json"), "role", "/logs", {}, specs, parameters)


def test_the_teams_parameters_lie_under_those_given(workflow):
    assert build_payload(workflow, {"scale": "2.5"}) == {"world_size": 2, "scale": 2.5, "data_map": None}


def test_a_parameter_that_stands_for_another_leaves_that_one_to_the_handler():
    cosmic = load_project(Path(__file__).parents[3]).lane("team2").workflows["cosmic"]
    assert "world_size" not in build_payload(cosmic, {"file_limit": "11"})
    assert build_payload(cosmic, {"file_limit": "11", "world_size": 2})["world_size"] == 2
    assert build_payload(cosmic, {"file_limit": None})["world_size"] == 4


def test_every_wrong_parameter_is_told_at_once(workflow):
    with pytest.raises(UsageError) as caught:
        build_payload(workflow, {"world_size": "0", "scale": "much", "wrold_size": 1})
    assert all(
        part in str(caught.value) for part in ("workflow w", "world_size", "scale", "wrold_size", "did you mean")
    )
    assert caught.value.exit_code == 2


def test_without_parameters_an_input_is_any_json(workflow):
    anything = replace(workflow, specs=(), parameters={})
    for value in ([1], "text", 7, None, True, {"bucket": {"name": "x"}}):
        assert build_payload(anything, value) == value
    with pytest.raises(UsageError, match="declares no parameters, so --world-size is none"):
        build_payload(anything, {}, {"world_size": "1"})


def test_with_parameters_it_is_an_object_of_them(workflow):
    with pytest.raises(
        UsageError, match="--input: the payload is not a JSON object of the parameters of w, but an array"
    ):
        build_payload(workflow, [1])


def test_options_give_an_array_item_by_item_or_whole(workflow):
    number = Parameter("an item", "integer", None, "")
    specs = (
        Parameter("my-numbers", "array", None, "", items=number),
        Parameter("places", "array", None, "", items=Parameter("an item", "object", None, "")),
        Parameter("note", "string", None, ""),
    )
    listed = replace(workflow, specs=specs, parameters={})
    assert build_payload(listed, {}, {"my_numbers": ["3", "4"]}) == {"my-numbers": [3, 4]}
    assert build_payload(listed, {}, {"my_numbers": "3"}) == {"my-numbers": [3]}
    assert build_payload(listed, {}, {"my_numbers": "[5]"}) == {"my-numbers": [5]}
    assert build_payload(listed, {}, {"places": '[{"a": 1}]'}) == {"places": [{"a": 1}]}
    assert build_payload(listed, {}, {"my_numbers": "null"}) == {"my-numbers": None}
    assert build_payload(listed, {}, {"note": "null"}) == {"note": "null"}
    with pytest.raises(UsageError, match=r'my-numbers\[1\] is "x", not a whole number'):
        build_payload(listed, {}, {"my_numbers": ["3", "x"]})
    for twice in ({"note": ["a", "b"]}, {"places": ["{}", "{}"]}):
        with pytest.raises(UsageError, match="is given 2 times"):
            build_payload(listed, {}, twice)


def test_options_give_an_object_of_any_keys_one_by_one_or_whole(workflow):
    assert build_payload(workflow, {}, {"data_map": "a=b=c"})["data_map"] == {"a": "b=c"}
    assert build_payload(workflow, {}, {"data_map": ["a=1", "b="]})["data_map"] == {"a": "1", "b": ""}
    assert build_payload(workflow, {}, {"data_map": "null=1"})["data_map"] == {"null": "1"}
    assert build_payload(workflow, {}, {"data_map": '{"a": 1}'})["data_map"] == {"a": 1}
    assert build_payload(workflow, {}, {"data_map": "null"})["data_map"] is None
    for wrong, said in ((["a=1", "{}"], "not KEY=VALUE"), ("a", "not KEY=VALUE"), (["a=1", "a=2"], "gives a twice")):
        with pytest.raises(UsageError, match=said):
            build_payload(workflow, {}, {"data_map": wrong})


def test_a_text_stands_for_words_and_is_split_as_a_shell_does(workflow):
    words = Parameter("args", "array", [], "", items=Parameter("an item", "string", None, ""), words=True)
    worded = replace(workflow, specs=(words,), parameters={})
    for given, args in (
        ("-n 5000 'two words'", ["-n", "5000", "two words"]),
        (["-n 5000", "-s", "w"], ["-n", "5000", "-s", "w"]),
        ('["two words"]', ["two words"]),
    ):
        assert build_payload(worded, {}, {"args": given}) == {"args": args}
    assert build_payload(worded, {"args": "a b"}) == {"args": ["a", "b"]}
    with pytest.raises(UsageError, match='args is "it\'s": No closing quotation'):
        build_payload(worded, {}, {"args": "it's"})


@pytest.fixture
def eight_at_once(lane):
    """The lane, whose function is told the rendezvous and may run eight times at once."""
    work = replace(lane.functions["w-work"], reserved_concurrency=8, environment={"RENDEZVOUS_ENDPOINT": "host:1"})
    return replace(lane, functions={"w-work": work})


def test_ranks_that_wait_for_each_other_need_room_for_all(eight_at_once):
    check_together(eight_at_once, "w", {"world_size": 8})
    with pytest.raises(UsageError, match=r"(?s)teams/team\.yaml: 9 ranks wait .* only 8 of w-work .*fix: lower"):
        check_together(eight_at_once, "w", {"world_size": 9, "fmi_enabled": True})


def test_the_parameter_that_world_size_follows_from_counts_where_it_is_alone(eight_at_once):
    limit = Parameter("file_limit", "integer", None, "At most so many.", instead_of="world_size")
    workflow = replace(eight_at_once.workflows["w"], specs=(limit,))
    held = replace(eight_at_once, workflows={"w": workflow})
    check_together(held, "w", {"file_limit": 11, "world_size": 8})
    with pytest.raises(UsageError, match="11 ranks wait"):
        check_together(held, "w", {"file_limit": 11})


def test_a_world_that_the_rendezvous_does_not_carry_is_refused_before_anything_starts(eight_at_once):
    work = replace(eight_at_once.functions["w-work"], reserved_concurrency=None)
    meeting = replace(eight_at_once.rendezvous, server=Server(256, 512))
    lane = replace(eight_at_once, functions={"w-work": work}, rendezvous=meeting)
    most = carried(meeting.server)
    check_together(lane, "w", {"world_size": most})
    check_together(lane, "w", {"world_size": most + 1, "fmi_enabled": False})
    with pytest.raises(UsageError, match=rf"(?s)workflow w of team: a world of {most + 1} ranks.*fix: lower.*cpu: 512"):
        check_together(lane, "w", {"world_size": most + 1})


def test_ranks_that_wait_for_nobody_need_none(lane, eight_at_once):
    check_together(eight_at_once, "w", {"world_size": 9, "fmi_enabled": False})
    check_together(eight_at_once, "w", {})
    check_together(lane, "w", {"world_size": 9})


MACHINE = {
    "StartAt": "Ranks",
    "States": {
        "Ranks": {
            "Type": "Map",
            "ItemProcessor": {
                "StartAt": "Work",
                "States": {
                    "Work": {
                        "Type": "Task",
                        "Resource": "arn:aws:states:::lambda:invoke",
                        "Parameters": {"FunctionName": "${work}"},
                        "End": True,
                    }
                },
            },
            "End": True,
        }
    },
}


@pytest.fixture
def mapped(lane, tmp_path):
    """Return a maker of the lane whose Map calls its function, meeting at the rendezvous or not, reserved or not."""
    template = tmp_path / "w.asl.json"
    template.write_text(json.dumps(MACHINE))

    def make(*, reserved=None, meets=True):
        environment = {"RENDEZVOUS_ENDPOINT": "host:1"} if meets else {}
        work = replace(lane.functions["w-work"], reserved_concurrency=reserved, environment=environment)
        check = replace(work, key="w-check", name="w-check", reserved_concurrency=None)
        workflow = replace(lane.workflows["w"], template=template, functions={"work": "w-work", "check": "w-check"})
        return replace(lane, functions={"w-work": work, "w-check": check}, workflows={"w": workflow})

    return make


@pytest.fixture
def account():
    """Return a maker of an account in which so many functions may run without a reservation."""

    def make(unreserved):
        limit = {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": unreserved}
        return SimpleNamespace(lambda_=SimpleNamespace(get_account_settings=lambda: {"AccountLimit": limit}))

    return make


def test_ranks_that_wait_for_each_other_need_room_in_the_account_too(mapped, account):
    assert check_account(account(10), mapped(), "w", {"world_size": 10}) == ""
    with pytest.raises(UsageError, match=r"(?s)11 ranks, and the account runs 10 .*none would end.*world-size to 10"):
        check_account(account(10), mapped(), "w", {"world_size": 11})


def test_ranks_that_wait_for_nobody_are_told_that_some_come_later(mapped, account):
    told = check_account(account(10), mapped(meets=False), "w", {"world_size": 11})
    assert told.endswith("AWS refuses the others for a while, and they are tried again")
    assert check_account(account(10), mapped(), "w", {"world_size": 11, "fmi_enabled": False}) == told


@pytest.mark.parametrize("payload", [{}, {"world_size": 1}, {"world_size": 500}])
def test_a_reservation_or_a_run_of_one_needs_nothing_of_the_account(mapped, payload):
    assert check_account(None, mapped(reserved=500), "w", payload) == ""


@pytest.mark.parametrize("key", ["bucket", "data_bucket"])
def test_another_teams_bucket_is_refused_before_anything_starts(lane, key):
    check_bucket(lane, "w", {key: "bucket"})
    check_bucket(lane, "w", {key: ""})
    with pytest.raises(UsageError, match=f"{key} is 'team2-data', but this team's functions reach 'bucket' only"):
        check_bucket(lane, "w", {key: "team2-data"})


def test_a_workflow_that_runs_a_file_says_which_option_gives_it(workflow):
    script = Parameter("run_script", "string", None, "what runs", upload="scripts")
    wanting = replace(workflow, specs=(script,))
    check_files(wanting, {"run_script": "scripts/a.py"})
    with pytest.raises(UsageError, match="run_script is missing") as error:
        check_files(wanting, {"run_script": ""})
    assert error.value.fix == "add --run-script FILE"


def test_all_that_speaks_against_an_input_is_told_at_once():
    lane = load_project(Path(__file__).parents[3]).lane("team1")
    with pytest.raises(UsageError) as caught:
        check_payload(lane, "fmi-script", {"world_size": 4096, "bucket": "another", "script": None})
    told = str(caught.value)
    assert "script is missing (add --script FILE)" in told
    assert "bucket is 'another'" in told
    assert "4096 ranks" in told
