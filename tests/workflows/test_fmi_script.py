"""A team's own program on every rank, end to end."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from shared.run.logs import read_logs
from shared.run.start import start
from shared.run.watch import follow

pytestmark = pytest.mark.workflow

HELLO = "import os\nprint('rank', os.environ['RANK'], 'of', os.environ['WORLD_SIZE'])\n"


@pytest.fixture(scope="module")
def lane(project):
    return project.lane("team1")


@pytest.fixture
def script(tmp_path):
    def write(text, name="program.py"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    return write


def test_every_rank_runs_the_program_and_has_its_row(lanes, script):
    result = lanes("run", "team1", "fmi-script", "--world-size", "3", "--script", script(HELLO), "--show-output")
    assert result.code == 0, result.err
    for rank in range(3):
        assert f"[rank {rank}] rank {rank} of 3" in result.out.splitlines()
    heading = next(line for line in result.out.splitlines() if "request id" in line)
    names = [name.strip() for name in heading.strip("┃").split("┃")]
    assert names == ["rank", "request id", "duration", "billed", "memory", "used", "init"]
    rows = re.findall(r"│ +(\d) │ [0-9a-f]{12} │ +[\d.]+ ms │ +\d+ ms │ +1769 MB │ +\d+ MB │", result.out)
    assert rows == ["0", "1", "2"]
    assert "throughput" not in result.out


def test_a_folder_is_uploaded_and_run(lanes, script):
    script("import helper\n", "job/__main__.py")
    folder = script("print('helped')\n", "job/helper.py").parent
    result = lanes("run", "team1", "fmi-script", "--world-size", "1", "--script", folder, "--show-output", "--json")
    assert result.code == 0, result.err
    outcome = json.loads(result.out)
    assert [row["printed"] for row in outcome["ranks"]] == [["helped"]]
    assert outcome["output"]["script"].endswith(f"scripts/{outcome['run_id']}/job/__main__.py")


def test_the_payload_of_the_field_started_by_anybodys_boto3(lanes, aws, lane, script):
    assert lanes("run", "team1", "fmi-script", "--world-size", "1", "--script", script(HELLO)).code == 0  # deployed
    aws.s3.put_object(Bucket=lane.bucket, Key="scripts/fmi-test.py", Body=HELLO.encode())
    payload = {"world_size": "2", "bucket": lane.bucket, "script": "scripts/fmi-test.py"}
    arn = lane.state_machine_arn("fmi-script")

    now = datetime.now(UTC)
    run = start(aws, lane, "fmi-script", payload, "field-1")
    *_, end = follow(aws, run, read_logs(aws, run, now))
    assert (end.status, json.loads(end.output)["world_size"]) == ("SUCCEEDED", 2)
    assert arn in run.arn.replace(":execution:", ":stateMachine:")


def test_the_sample_runs_every_collective_on_three_ranks(lanes):
    sample = Path(__file__).parents[2] / "statemachines/samples/fmi-collectives.py"
    result = lanes("run", "team1", "fmi-script", "--world-size", "3", "--script", sample, "--show-output", "--json")
    assert result.code == 0, result.err
    for row in json.loads(result.out)["ranks"]:
        told = dict(re.split(r" {2,}|(?<=right) ", line, maxsplit=1) for line in row["printed"][1:-1])
        rank = row["rank"]
        assert told == {
            "send and recv": str((rank - 1) % 3),
            "bcast": "42",
            "gather": "[0, 1, 2]" if rank == 0 else "[]",
            "scatter": str([rank, rank + 0.5]).replace(f"[{rank},", f"[{rank}.0,"),
            "reduce sum": "4.5" if rank == 0 else "0.0",
            "allreduce max": "2",
            "allreduce prod": "4",
            "scan sum": ["0", "1", "3"][rank],
            "scan left to right": ["0", "1", "12"][rank],
        }


FIELD = """\
import os
import sys

import fmi

sys.path.append("/tmp/Anomaly Detection/")
from blocks.part import NAME

rank, size = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
comm = fmi.Communicator(rank, size, "fmi.json", "fmi_pair", 512)
total = comm.allreduce(rank, fmi.func(fmi.op.sum), fmi.types(fmi.datatypes.int))
print(NAME, total, sys.argv[1:], os.environ["ROWS"], os.environ["MODE"], sorted(os.listdir("/tmp/Anomaly Detection")))
"""


def test_a_folder_of_the_field_lies_below_tmp_and_is_new_in_each_run(lanes, aws, lane, script):
    assert lanes("run", "team1", "fmi-script", "--world-size", "1", "--script", script(HELLO)).code == 0  # deployed
    payload = {
        "object_type": "folder",
        "S3_object_name": "Anomaly Detection",
        "script": "/tmp/Anomaly Detection/Inference/inference.py",
        "world_size": "2",
        "rows": "5000",
        "EXEC_ARGS": "-n 5 -h",
    }
    words = ("run", "team1", "fmi-script", "--input", json.dumps(payload), "--env", "MODE=fast", "--show-output")
    folder = {"Inference/inference.py": FIELD, "blocks/__init__.py": "", "blocks/part.py": "NAME = 'block'\n"}
    for name, text in (folder | {"old.txt": "of an older version"}).items():
        aws.s3.put_object(Bucket=lane.bucket, Key=f"Anomaly Detection/{name}", Body=text.encode())
    for listed in (["Inference", "blocks", "old.txt"], ["Inference", "blocks"]):
        result = lanes(*words)
        assert result.code == 0, result.err
        assert f"[rank 1] block 1 ['-n', '5', '-h'] 5000 fast {listed}" in result.out
        assert "[rank 0] fmi: there is no file 'fmi.json' in /tmp/Anomaly Detection; taking Direct at" in result.out
        aws.s3.delete_object(Bucket=lane.bucket, Key="Anomaly Detection/old.txt")


def test_arguments_and_variables_of_the_command_line(lanes, script):
    shown = script("import os, sys\nprint(sys.argv[1:], os.environ['A'], os.environ['B'])\n")
    words = ("--world-size", "1", "--script", shown, "--args", "-h two", "--args", "'three four'", "--env", "A=1=2")
    result = lanes("run", "team1", "fmi-script", *words, "--env", "B=", "--show-output")
    assert result.code == 0, result.err
    assert "[rank 0] ['-h', 'two', 'three four'] 1=2 " in result.out
    failure, _ = failed(lanes, *words[:4], "--env", "LD_PRELOAD=x.so")
    assert (failure["state"], failure["error"]) == ("Init", "BadInput")
    assert "env sets LD_PRELOAD, which the run itself says" in failure["message"]


def test_two_runs_at_once_do_not_meet(aws, lane, lanes, script):
    source = (
        "import os, fmi\n"
        "from fmilib.fmi_operations import fmi_communicator\n"
        "rank = int(os.environ['RANK'])\n"
        "comm = fmi_communicator(2, rank)\n"
        "mine = int(os.environ['BATCH_SIZE'])\n"
        "total = comm.allreduce(mine, fmi.func(fmi.op.sum), fmi.types(fmi.datatypes.int))\n"
        "assert total == 2 * mine, total\n"
    )
    assert lanes("run", "team1", "fmi-script", "--world-size", "1", "--script", script(HELLO)).code == 0  # deployed
    aws.s3.put_object(Bucket=lane.bucket, Key="scripts/sum.py", Body=source.encode())
    now = datetime.now(UTC)
    payload = {"world_size": 2, "script": "scripts/sum.py"}
    runs = [start(aws, lane, "fmi-script", {**payload, "batch_size": size}, f"at-once-{size}") for size in (16, 512)]
    for run in runs:
        *_, end = follow(aws, run, read_logs(aws, run, now))
        assert end.status == "SUCCEEDED"


def test_a_rank_that_raises_is_named_also_by_those_who_waited_for_it(lanes, script):
    source = (
        "import os\n"
        "from fmilib.fmi_operations import fmi_communicator\n"
        "rank = int(os.environ['RANK'])\n"
        "comm = fmi_communicator(2, rank)\n"
        "comm.barrier()\n"
        "if rank == 1:\n"
        "    raise ValueError('the data of this rank')\n"
        "comm.barrier()\n"
    )
    failure, _ = failed(lanes, "--world-size", "2", "--script", script(source))
    assert failure["error"] == "ScriptFailed"
    assert "ValueError: the data of this rank" in failure["message"]  # said by rank 1, or of it by rank 0


def failed(lanes, *words):
    result = lanes("run", "team1", "fmi-script", "--json", *words)
    assert result.code == 1
    return json.loads(result.out)["failure"], result.err


def test_a_program_that_exits_with_3_names_its_rank_and_its_last_words(lanes, script):
    source = "import os\nprint('so far so good')\nraise SystemExit(3 if os.environ['RANK'] == '1' else 0)\n"
    failure, told = failed(lanes, "--world-size", "2", "--script", script(source))
    assert (failure["state"], failure["rank"], failure["error"]) == ("Execute", 1, "ScriptFailed")
    assert "exit status 3" in failure["message"]
    assert "so far so good" in failure["message"]
    assert "rank 1" in told


def test_more_ranks_than_start_at_a_time_all_meet(lanes):
    """They wait for each other, so none comes free for the next."""
    sample = Path(__file__).parents[2] / "statemachines/samples/fmi-collectives.py"
    result = lanes("run", "team1", "fmi-script", "--world-size", "12", "--script", sample, "--show-output")
    assert result.code == 0, result.err
    assert result.out.count("of 12 is connected") == 12


def test_a_program_that_is_nowhere(lanes):
    result = lanes("run", "team1", "fmi-script", "--script", "nowhere.py")
    assert result.code == 2
    assert "there is no file or folder 'nowhere.py' here, and no such object in the bucket" in result.err
    failure, _ = failed(lanes, "--input", '{"script": "scripts/nowhere.py"}')
    assert (failure["state"], failure["error"]) == ("Init", "MissingObject")
    result = lanes("run", "team1", "fmi-script")
    assert result.code == 2
    assert result.err == "error: fmi-script has nothing to run: script is missing\n  fix: add --script FILE\n"


def test_a_rendezvous_that_is_down_ends_the_run_before_any_rank(lanes, script):
    words = ("--world-size", "2", "--script", script(HELLO), "--rendezvous-endpoint", "127.0.0.1:9")
    failure, told = failed(lanes, *words)
    assert (failure["state"], failure["error"]) == ("Rendezvous check", "RendezvousUnavailable")
    assert "rendezvous 127.0.0.1:9: refused" in failure["message"]
    assert "lanes rendezvous serve" in told


def test_the_lanes_own_rendezvous_is_the_clouds_here(lanes, lane, script):
    shown = script("import os\nprint(os.environ['RENDEZVOUS_ENDPOINT'])\n")
    payload = json.dumps({"rendezvous_endpoint": lane.rendezvous.endpoint, "world_size": 1})
    result = lanes("run", "team1", "fmi-script", "--input", payload, "--script", shown, "--show-output")
    assert result.code == 0, result.err
    assert re.search(r"\[rank 0\] 127\.0\.0\.1:\d+", result.out)
