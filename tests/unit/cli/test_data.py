"""lanes data and lanes model: what they print, what they refuse, and where things land in the bucket."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from typer.testing import CliRunner

from shared.aws.client import connect_endpoint
from shared.cli.main import app
from shared.cli.wiring import open_project
from shared.config.lane import Place
from shared.cosmic import partitions, transfer
from shared.errors import LanesError, UsageError
from shared.local import daemon
from shared.local.cloud import EmbeddedCloud
from shared.local.state import STATE_DIR, State

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def in_the_project() -> Iterator[None]:
    before = Path.cwd()
    os.chdir(ROOT)
    yield
    os.chdir(before)


def lanes(*words: Any) -> Any:
    """Run a command; return what it wrote to stdout. An error is raised as it is: main() would make it text."""
    found = CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)
    assert found.exit_code == 0, found.output
    return found.stdout


@pytest.fixture
def survey(tmp_path: Path) -> Path:
    random = np.random.default_rng(0)
    made = {
        "images": random.normal(size=(60, 5, 32, 32)).astype(np.float32),
        "magnitudes": random.uniform(16, 20, (60, 5)).astype(np.float32),
        "redshifts": random.uniform(0, 0.4, 60).astype(np.float32),
    }
    partitions.write(tmp_path / "survey", [made])
    return tmp_path / "survey"


def test_split_cuts_and_says_what_it_made(survey: Path, tmp_path: Path) -> None:
    said = json.loads(lanes("data", "split", "--megabytes", 0.5, survey, tmp_path / "small", "--json"))
    assert (said["partitions"], said["records"]) == (3, 60)
    before, after = (
        np.concatenate([block["redshifts"] for block in partitions.read(partitions.find(folder))])
        for folder in (survey, tmp_path / "small")
    )
    assert np.array_equal(before, after)


def test_split_of_nothing_is_asked_wrongly(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such folder"):
        lanes("data", "split", tmp_path / "none", tmp_path / "out")


def test_a_dry_upload_says_where_the_sample_would_go_or_that_there_is_no_bucket(
    copy_project: Any, tmp_path: Path
) -> None:
    os.chdir(copy_project(tmp_path / "project"))
    project = open_project()
    state = State(project.root / STATE_DIR)
    running = daemon.up(state, daemon.Settings(project.place, 0))
    try:
        missing = r"(?s)s3://team2-cosmical-7078ea12: the team's bucket is not there.*lanes deploy team2"
        with pytest.raises(LanesError, match=missing):
            lanes("data", "upload", "team2", "--dry-run")
        s3 = connect_endpoint(project.place, running.endpoint, running.key).s3
        s3.create_bucket(Bucket="team2-cosmical-7078ea12")
        said = json.loads(lanes("data", "upload", "team2", "--dry-run", "--json"))
        assert "Contents" not in s3.list_objects_v2(Bucket="team2-cosmical-7078ea12")
        (tmp_path / "notes" / "deep").mkdir(parents=True)
        (tmp_path / "notes" / "deep" / "a.csv").write_text("1,2")
        (tmp_path / "notes" / ".hidden").touch()
        plain = [
            json.loads(lanes("data", "upload", "team2", path, "--as-is", "--prefix", "inputs", "--json"))
            for path in (tmp_path / "notes", tmp_path / "notes" / "deep" / "a.csv")
        ]
        kept = s3.get_object(Bucket="team2-cosmical-7078ea12", Key="inputs/deep/a.csv")["Body"].read()
    finally:
        daemon.down(state)
    assert said["bucket"] == "team2-cosmical-7078ea12"
    assert said["keys"] == [f"datasets/part-0000{number}.safetensors" for number in range(4)]
    assert (said["records"], said["uploaded"]) == (1250, False)
    assert [each["keys"] for each in plain] == [["inputs/deep/a.csv"], ["inputs/a.csv"]]
    assert (kept, plain[0]["records"]) == (b"1,2", None)


def test_what_is_uploaded_as_it_is_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="which file or folder"):
        lanes("data", "upload", "team2", "--as-is")
    with pytest.raises(UsageError, match="no such file or folder"):
        lanes("data", "upload", "team2", tmp_path / "none", "--as-is")


def test_an_unknown_team_is_asked_wrongly() -> None:
    with pytest.raises(UsageError, match="unknown team 'team9'"):
        lanes("data", "upload", "team9")


def test_upload_to_a_team_without_a_bucket_says_what_to_do(survey: Path, tmp_path: Path) -> None:
    lane = open_project().lane("team2")
    with EmbeddedCloud(lane.place, tmp_path / "state") as cloud:
        aws = connect_endpoint(lane.place, cloud.endpoint, cloud.key)
        with pytest.raises(LanesError, match=r"(?s)is not there.*lanes deploy team2"):
            transfer.neighbours(aws, transfer.own_bucket(lane), "datasets/", [])


def test_what_is_uploaded_is_whole_and_its_neighbours_are_told(survey: Path, tmp_path: Path) -> None:
    lane = open_project().lane("team2")
    (path,) = partitions.find(survey)
    with EmbeddedCloud(lane.place, tmp_path / "state") as cloud:
        aws = connect_endpoint(Place(lane.place.account, lane.place.region, "test"), cloud.endpoint, cloud.key)
        aws.s3.create_bucket(Bucket=lane.bucket)
        aws.s3.put_object(Bucket=lane.bucket, Key="datasets/old.safetensors", Body=b"old")
        sent: list[int] = []
        transfer.upload(aws, transfer.own_bucket(lane), [(path, "datasets/new.safetensors")], sent.append)
        assert transfer.neighbours(aws, transfer.own_bucket(lane), "datasets/", ["datasets/new.safetensors"]) == [
            "datasets/old.safetensors"
        ]
        body = aws.s3.get_object(Bucket=lane.bucket, Key="datasets/new.safetensors")["Body"].read()
    assert body == path.read_bytes()
    assert sum(sent) == len(body)


def test_a_model_needs_somewhere_to_go(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="where should the model go"):
        lanes("model", "import", tmp_path / "x.onnx")
    with pytest.raises(UsageError, match="no such file"):
        lanes("model", "import", tmp_path / "x.onnx", "--out", tmp_path / "y.onnx")


def test_an_onnx_model_with_other_inputs_is_told_how_to_be_exported(tmp_path: Path) -> None:
    (tmp_path / "x.onnx").write_bytes(b"no model")
    with pytest.raises(LanesError) as caught:
        lanes("model", "import", tmp_path / "x.onnx", "--out", tmp_path / "y.onnx")
    assert 'input_names=["images", "magnitudes"]' in str(caught.value.fix)


def test_a_right_onnx_model_is_taken_as_it_is(tmp_path: Path) -> None:
    packaged = ROOT / "shared/handlers/cosmic/astromae.onnx"
    said = json.loads(lanes("model", "import", packaged, "--out", tmp_path / "y.onnx", "--json"))
    assert said == {"bytes": packaged.stat().st_size, "model_key": None, "file": str(tmp_path / "y.onnx")}
    assert (tmp_path / "y.onnx").read_bytes() == packaged.read_bytes()
