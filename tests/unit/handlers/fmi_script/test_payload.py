"""Both forms of payload in use, and what is wrong with others."""

import pytest

from shared.handlers.fmi_script.payload import Request, read
from shared.handlers.payload import BadInput

BUCKET = "team1-data-0badcafe"
DEFAULTS = {"world_size": 4, "script": None, "result_path": "results", "object_type": "", "batch_size": None}


def test_the_payload_of_the_field():
    payload = {"world_size": "10", "bucket": BUCKET, "script": "scripts/fmi-test.py"}
    assert read(payload, DEFAULTS, BUCKET) == Request(10, "scripts/fmi-test.py", "", "", "", "results", 0, "", [], {})


def test_a_folder_as_the_field_names_it():
    payload = {
        "world_size": "2",
        "object_type": "folder",
        "S3_object_name": "Anomaly Detection",
        "script": "/tmp/Anomaly Detection/Inference/inference.py",
        "result_path": "result-partition-100MB/1GB/1/",
        "batch_size": "512",
        "data_bucket": BUCKET,
    }
    request = read(payload, DEFAULTS, BUCKET)
    assert (request.script, request.folder) == ("Anomaly Detection/Inference/inference.py", "Anomaly Detection/")
    assert request.path == "/tmp/Anomaly Detection/Inference/inference.py"
    assert (request.result_path, request.batch_size) == ("result-partition-100MB/1GB/1", 512)


def test_a_file_as_the_field_names_it_lies_where_the_payload_says():
    payload = {"object_type": "file", "S3_object_name": "scripts/fmi-test.py", "script": "/tmp/fmi-test.py"}
    request = read(payload, DEFAULTS, BUCKET)
    assert (request.script, request.folder, request.path) == ("scripts/fmi-test.py", "", "/tmp/fmi-test.py")
    request = read({"script": "/tmp/scripts/a.py"}, DEFAULTS, BUCKET)
    assert (request.script, request.folder, request.path) == ("scripts/a.py", "", "/tmp/scripts/a.py")


@pytest.mark.parametrize(
    ("given", "args"),
    [
        ({"args": ["-n", "two words", ""]}, ["-n", "two words", ""]),
        ({"args": "-n 5000 -s w 'two words'"}, ["-n", "5000", "-s", "w", "two words"]),
        ({"EXEC_ARGS": "-n 5000"}, ["-n", "5000"]),
        ({"args": [], "EXEC_ARGS": "-n 5000"}, ["-n", "5000"]),
        ({"args": None}, []),
    ],
)
def test_arguments_are_a_list_or_a_text(given, args):
    assert read({"script": "a.py", **given}, DEFAULTS, BUCKET).args == args


CYLON = {
    "rows": "1000000",
    "scaling": "s",
    "uniqueness": 0.9,
    "iterations": 10,
    "operation": "join",
    "S3Path": "cylon/{scaling}/",
    "stopwatch_object_name": "watch_{world_size}.txt",
    "summary_object_name": "summary_{scaling}_{world_size}.txt",
    "output_scaling_filename": "/tmp/scaling_{world_size}.csv",
    "enable_cost_tracking": "True",
}


def test_variables_are_those_of_env_and_of_cylons_keys():
    given = {"script": "a.py", "world_size": "4", "env": {"MODE": "fast", "SEED": 7, "EMPTY": ""}, **CYLON}
    assert read(given, DEFAULTS, BUCKET).env == {
        "MODE": "fast",
        "SEED": "7",
        "EMPTY": "",
        "ROWS": "1000000",
        "SCALING": "s",
        "UNIQUENESS": "0.9",
        "ITERATIONS": "10",
        "CYLON_OPERATION": "join",
        "S3_STOPWATCH_OBJECT_NAME": "cylon/strong/watch_4.txt",
        "S3_SUMMARY_OBJECT_NAME": "cylon/strong/summary_strong_4.txt",
        "OUTPUT_SCALING_FILENAME": "/tmp/scaling_4.csv",
        "ENABLE_COST_TRACKING": "True",
    }


@pytest.mark.parametrize(
    "name",
    [
        *("RANK", "WORLD_SIZE", "RUN_ID", "TEAM", "S3_BUCKET", "FMI_TEAM_KEY", "FMI_TIMEOUT", "RENDEZVOUS_ENDPOINT"),
        *("AWS_ACCESS_KEY_ID", "AWS_ENDPOINT_URL", "LD_PRELOAD", "LD_LIBRARY_PATH", "PYTHONPATH", "PATH", "_HANDLER"),
    ],
)
def test_what_the_run_itself_says_cannot_be_set(name):
    with pytest.raises(BadInput, match=f"env sets {name}, which the run itself says"):
        read({"script": "a.py", "env": {name: "x"}}, DEFAULTS, BUCKET)


def test_a_folder_by_its_slash_runs_what_python_would():
    request = read({"script": "scripts/run-1/job/"}, DEFAULTS, BUCKET)
    assert (request.script, request.folder) == ("scripts/run-1/job/__main__.py", "scripts/run-1/job/")
    assert request.world_size == 4


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        ({}, "script is missing"),
        ({"script": "a.py", "world_size": 0}, "world_size is 0, not a whole number from 1 to 4096"),
        ({"script": "a.py", "world_size": "many"}, "world_size is 'many'"),
        ({"script": "a.py", "worldsize": 4}, "unknown key 'worldsize' (did you mean world_size)"),
        ({"script": "a.py", "bucket": "fmi-lambda-demo"}, f"reach '{BUCKET}' only"),
        ({"script": "../a.py"}, "leads out of its folder"),
        ({"script": "x/../../a.py"}, "leads out of its folder"),
        ({"script": "b/a.py", "object_type": "folder", "S3_object_name": "a"}, "not in the folder 'a/'"),
        ({"script": "a.py", "object_type": "folder"}, "S3_object_name is missing"),
        ({"script": "a.py", "object_type": "directory"}, "object_type is 'directory', not file or folder"),
        ({"script": ["a.py"]}, "script is ['a.py'], not a string"),
        ({"script": "a.py", "rendezvous_endpoint": "here"}, "rendezvous_endpoint is 'here', not host:port"),
        ({"script": "/tmp/"}, "script is '/tmp/', which names no file"),
        ({"script": "/tmp/../etc/a.py"}, "leads out of its folder"),
        ({"script": "/tmp/../a.py", "S3_object_name": "a.py"}, "leads out of its folder"),
        ({"script": "/tmp/a/../a.py", "object_type": "folder", "S3_object_name": "a"}, "leads out of its folder"),
        ({"script": "a.py", "S3_object_name": "scripts/a.py"}, "script is 'a.py', not below /tmp"),
        ({"script": "a.py", "args": "it's"}, 'args is "it\'s": No closing quotation'),
        ({"script": "a.py", "args": ["-n", 5]}, "args is ['-n', 5], neither text nor a list of texts"),
        ({"script": "a.py", "args": {"n": 5}}, "neither text nor a list of texts"),
        ({"script": "a.py", "args": ["a"], "EXEC_ARGS": "b"}, "args and EXEC_ARGS are both given"),
        ({"script": "a.py", "args": ["a", "b\0"]}, "args[1] has a NUL in it"),
        ({"script": "a.py", "args": ["x" * 131_072]}, "args[0] is longer than 131,071 bytes"),
        ({"script": "a.py", "env": "A=1"}, "env is 'A=1', not an object of names to values"),
        ({"script": "a.py", "env": {"A-B": "1"}}, "env has 'A-B', which is no name of a variable"),
        ({"script": "a.py", "env": {"A": True}}, "env.A is True, neither text nor a number"),
        ({"script": "a.py", "env": {"A": ["x"]}}, "env.A is ['x'], neither text nor a number"),
        ({"script": "a.py", "env": {"A": "x" * 131_070}}, "env.A is longer than 131,071 bytes"),
        ({"script": "a.py", "env": {"A": "1\0"}}, "env.A has a NUL in it"),
        ({"script": "a.py", "env": {"ROWS": "1"}, "rows": 2}, "env sets ROWS, which a key of the payload gives too"),
        ({"script": "a.py", "rows": True}, "rows is True, neither text nor a number"),
        ({"script": "a.py", "redis_host": "h"}, "redis_host says how cylon's own ranks meet"),
    ],
)
def test_what_cannot_be_run(payload, said):
    with pytest.raises(BadInput) as caught:
        read(payload, DEFAULTS, BUCKET)
    assert said in caught.value.what
