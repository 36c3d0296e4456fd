"""The workforce simulation in R, end to end; and a machine that has no R."""

import json
import shutil

import pytest

pytestmark = pytest.mark.workflow


@pytest.fixture
def with_r():
    if not shutil.which("Rscript"):
        pytest.skip("there is no Rscript on this machine (apt install r-base-core)")


@pytest.fixture
def body(aws):
    def read(uri):
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        return aws.s3.get_object(Bucket=bucket, Key=key)["Body"].read()

    return read


def test_two_runs_of_one_seed_give_one_table(with_r, lanes, body, aws, project):
    words = ("run", "wssr", "wssr", "--iterations", "2", "--years", "5", "--seed", "42", "--json")
    outcomes = [json.loads(result.out) for result in (lanes(*words), lanes(*words))]
    first, second = [outcome["output"] for outcome in outcomes]
    assert [outcome["status"] for outcome in outcomes] == ["SUCCEEDED", "SUCCEEDED"]
    assert first["run_id"] != second["run_id"]
    assert first["results"]["workforce"] != second["results"]["workforce"]
    table = body(first["results"]["workforce"])
    assert table == body(second["results"]["workforce"])
    assert table.startswith(b"year,grade,age_band,headcount_mean,joiners_mean,leavers_mean,retirements_mean")
    assert len(table.splitlines()) == 1 + 6 * 5 * 5
    assert [row["rank"] for row in outcomes[0]["ranks"]] == [1, 2]
    assert body(first["results"]["ensemble"])[:5] in {b"<?xml", b"%PDF-"}
    for step in ("init", "simulate", "collate"):
        function = project.lane("wssr").functions[f"wssr-{step}"]
        configuration = aws.lambda_.get_function_configuration(FunctionName=function.name)
        assert configuration["PackageType"] == "Image"
        pushed = aws.client("ecr").describe_images(repositoryName=function.image.repository)["imageDetails"]
        assert f"sha256:{configuration['CodeSha256']}" in {image["imageDigest"] for image in pushed}


@pytest.fixture
def machine_without_r(tmp_path, monkeypatch):
    """A PATH that has what a worker and the database are started with, and no R."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool in ("sh", "unshare", "mount", "mkdir", "true"):
        if place := shutil.which(tool):
            (folder / tool).symlink_to(place)
    monkeypatch.setenv("PATH", str(folder))


def test_where_r_is_missing_the_run_says_so_at_once(copy_project, tmp_path, machine_without_r, lanes_in):
    done = lanes_in(copy_project(tmp_path / "project"), "run", "wssr", "wssr")
    assert done.code == 1
    assert "FAILED at state Init" in done.err
    assert "MissingR: R is not installed where this function runs" in done.err
    assert "apt install r-base-core" in done.err


def test_bad_figures_are_told_before_anything_runs(lanes):
    result = lanes("run", "wssr", "wssr", "--iterations", "0", "--seed", "-1")
    assert result.code == 2
    assert "iterations" in result.err
    assert "seed" in result.err
