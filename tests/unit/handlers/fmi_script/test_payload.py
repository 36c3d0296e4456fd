"""Both forms of payload in use, and what is wrong with others."""

import pytest

from shared.handlers.fmi_script.payload import Request, read
from shared.handlers.payload import BadInput

BUCKET = "team1-data-0badcafe"
DEFAULTS = {"world_size": 4, "script": None, "result_path": "results", "object_type": "", "batch_size": None}


def test_the_payload_of_the_field():
    payload = {"world_size": "10", "bucket": BUCKET, "script": "scripts/fmi-test.py"}
    assert read(payload, DEFAULTS, BUCKET) == Request(10, "scripts/fmi-test.py", "", "", "results", 0, "")


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
    assert (request.result_path, request.batch_size) == ("result-partition-100MB/1GB/1", 512)


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
    ],
)
def test_what_cannot_be_run(payload, said):
    with pytest.raises(BadInput) as caught:
        read(payload, DEFAULTS, BUCKET)
    assert said in caught.value.what
