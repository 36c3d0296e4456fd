"""What is asked wrongly, or is broken: an exit code, what happened, where, and the fix."""

import json

import pytest

from shared.local.doctor import examine
from tests.workflows.projects import kept_cloud

pytestmark = pytest.mark.workflow


@pytest.fixture(scope="module")
def lane(project):
    return project.lane("team2")


@pytest.fixture
def folder(aws, lane, lanes):
    """Return a function that puts objects under a new prefix of the team's deployed bucket."""
    if not aws.s3.list_buckets(Prefix=lane.bucket)["Buckets"]:
        assert lanes("run", "team2", "cosmic", "--world-size", 1).code == 0
    made = []

    def put(prefix, **objects):
        for name, body in objects.items():
            key = f"{prefix}/{name}"
            aws.s3.put_object(Bucket=lane.bucket, Key=key, Body=body)
            made.append(key)
        return prefix

    yield put
    for key in made:
        aws.s3.delete_object(Bucket=lane.bucket, Key=key)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("team3", "cosmic"), ["unknown team 'team3'", "team2"]),
        (("team2", "cosmik"), ["unknown workflow 'cosmik'", "did you mean 'cosmic'"]),
        (("team2",), ["which workflow of team2", "cosmic"]),
        ((), ["which team"]),
        (("team2", "cosmic", "--batchsize", "4"), ["unknown parameter 'batchsize'", "batch_size"]),
        (("team2", "cosmic", "--world-size", "0"), ["world_size", "1"]),
        (("team2", "cosmic", "--world-size", "abc"), ["world_size", "abc"]),
        (("team2", "cosmic", "--batch-size", "-1"), ["batch_size", "-1"]),
        (("team2", "cosmic", "--batch-size"), ["--batch-size has no value"]),
        (("team2", "cosmic", "--speed", "60"), ["the running cloud keeps its own time", "lanes up --speed"]),
        (("team2", "cosmic", "--input", "[1]"), ["--input: the payload is not a JSON object"]),
        (("team2", "cosmic", "--input", "{"), ["not JSON"]),
        (("team2", "cosmic", "--input", "nowhere.json"), ["nowhere.json", "No such file"]),
        (("team2", "cosmic", "--input", '{"world": 4}'), ["unknown parameter 'world'"]),
    ],
)
def test_asked_wrongly_is_exit_code_2_with_the_way_out(lanes, words, said):
    result = lanes("run", *words)
    assert result.code == 2
    assert result.out == ""
    for part in said:
        assert part in result.err
    assert "Traceback" not in result.err


def test_all_wrong_parameters_are_told_at_once(lanes):
    result = lanes("run", "team2", "cosmic", "--world-size", "0", "--batch-size", "-1", "--wrong", "1")
    assert result.code == 2
    assert all(name in result.err for name in ("world_size", "batch_size", "wrong"))


def test_a_malformed_team_file_is_named_with_its_line(lanes, root):
    path = root / "teams" / "broken.yaml"
    path.write_text("team: broken\nowner: [unclosed\n")
    try:
        result = lanes("run", "team2", "cosmic")
    finally:
        path.unlink()
    assert result.code in {1, 2}
    assert "broken.yaml:" in result.err
    assert "Traceback" not in result.err


def failed(lanes, *words):
    """Run cosmic, expect it to fail, and return the failure of --json and the text of stderr."""
    result = lanes("run", "team2", "cosmic", "--json", *words)
    assert result.code == 1
    outcome = json.loads(result.out)
    assert outcome["status"] == "FAILED"
    return outcome["failure"], result.err


def nothing_counts_as_result(aws, lane, path):
    found = aws.s3.list_objects_v2(Bucket=lane.bucket, Prefix=f"{path}/").get("Contents", [])
    return not [entry["Key"] for entry in found if "combined" in entry["Key"] or "summary" in entry["Key"]]


def test_an_empty_data_prefix(lanes, folder, aws, lane):
    failure, told = failed(lanes, "--data-prefix", "nothing-here", "--result-path", "results-empty")
    assert failure["state"] == "Init"
    assert "nothing-here" in failure["message"]
    assert "lanes data upload" in failure["message"]
    assert "state Init" in told
    assert nothing_counts_as_result(aws, lane, "results-empty")


def test_a_corrupt_partition_names_the_rank(lanes, folder, aws, lane):
    keys = aws.s3.list_objects_v2(Bucket=lane.bucket, Prefix="datasets/", MaxKeys=1)["Contents"]
    good = aws.s3.get_object(Bucket=lane.bucket, Key=keys[0]["Key"])["Body"].read()
    prefix = folder("partly", **{"0.safetensors": good, "1.safetensors": good[: len(good) // 2]})
    words = ("--data-prefix", prefix, "--world-size", 2, "--result-path", "results-corrupt")
    failure, told = failed(lanes, *words)
    assert (failure["state"], failure["rank"]) == ("Inference", 1)
    assert failure["error"] == "CorruptPartition"
    assert "partly/1.safetensors" in failure["message"]
    assert any(failure["request_id"] in line for line in failure["log_tail"])
    assert all(part in told for part in ("state Inference", "rank 1", "CorruptPartition"))
    assert "REPORT" not in told  # an error of ours says all there is to say
    assert nothing_counts_as_result(aws, lane, "results-corrupt")


def test_a_model_of_the_wrong_shape(lanes, folder, aws, lane):
    folder("models", **{"wrong.onnx": b"this is no model"})
    words = ("--model-key", "models/wrong.onnx", "--world-size", 2, "--result-path", "results-model")
    failure, _ = failed(lanes, *words)
    assert failure["error"] == "WrongModel"
    assert "models/wrong.onnx" in failure["message"]
    assert nothing_counts_as_result(aws, lane, "results-model")


def test_the_port_is_taken(lanes_in, aws, tmp_path, copy_project):
    taken = aws.target.endpoint.rsplit(":", 1)[1]
    result = lanes_in(copy_project(tmp_path / "other"), "up", "--port", taken)
    assert result.code == 1
    assert f"port {taken} is taken" in result.err
    assert "--port" in result.err


def test_a_full_tmp_is_named_with_the_way_out(probe, lanes_in):
    private = next(finding for finding in examine() if finding.name == "Private /tmp")
    if not private.ok:
        pytest.skip(f"nothing here may fill the machine's own /tmp: {private.found}")
    with kept_cloud(probe) as kept:
        assert lanes_in(probe, "deploy", "prober").code == 0
        bucket = kept.aws.s3.list_buckets()["Buckets"][0]["Name"]
        kept.aws.s3.put_object(Bucket=bucket, Key="data/large", Body=b"x" * 100_000)
        result = lanes_in(probe, "run", "prober", "probe", "--fill", "true")
    assert result.code == 1
    assert "StorageFull" in result.err
    assert "data/large: no room in /tmp" in result.err
    assert "ephemeral storage" in result.err
