"""``lanes archive``, ``lanes destroy --archived`` and ``lanes clean``, as a user types them at a cloud that runs."""

import json

import pytest

from shared.cli.where import Where
from shared.cli.wiring import open_cloud
from shared.config.load import load_project
from shared.local import daemon
from shared.local.state import STATE_DIR, State
from tests.helpers.small_project import SmallProject

TEAM = "team9"


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    """A project with one team, which owns a bucket and no workflow."""
    root = tmp_path_factory.mktemp("project")
    SmallProject(root)
    return root


@pytest.fixture(scope="module")
def project(here):
    return load_project(here)


@pytest.fixture(scope="module")
def aws(project):
    state = State(project.root / STATE_DIR)
    daemon.up(state, daemon.Settings(project.place, 0))
    with open_cloud(project, Where()) as aws:
        yield aws
    daemon.down(state)


@pytest.fixture
def bucket(lanes, aws, project):
    """The team's bucket, with an object in it."""
    assert lanes("deploy", TEAM)[0] == 0
    name = project.lane(TEAM).bucket
    aws.s3.put_object(Bucket=name, Key="results/one.txt", Body=b"one")
    return name


def test_a_lane_goes_only_when_its_archive_has_all_of_it(lanes, bucket, aws, here):
    code, out, err = lanes("archive", TEAM, "--to", "archives/team9")
    assert code == 0, err
    assert "object               1 files" in out
    assert "not in it: old versions of objects" in err
    assert lanes("archive", "--check", "archives/team9")[0] == 0

    aws.s3.put_object(Bucket=bucket, Key="results/two.txt", Body=b"two")
    code, _, err = lanes("destroy", TEAM, "--archived", "archives/team9", "--yes")
    assert code == 1
    assert f"s3://{bucket}/results/two.txt is not in the archive" in err
    assert "fix: lanes archive team9 --to archives/team9, then again" in err
    assert aws.s3.head_bucket(Bucket=bucket)

    assert lanes("archive", TEAM, "--to", "archives/team9")[0] == 0
    kept = here / "archives/team9/buckets" / bucket / "results/one.txt"
    kept.write_text("six")
    code, out, _ = lanes("archive", "--check", "archives/team9", "--json")
    told = json.loads(out)
    assert (code, told["problems"]) == (1, [f"buckets/{bucket}/results/one.txt is damaged: its SHA-256 is another"])
    assert lanes("destroy", TEAM, "--archived", "archives/team9", "--yes")[0] == 1

    code, out, _ = lanes("archive", TEAM, "--to", "archives/team9", "--json")
    assert (code, json.loads(out)["kept"]) == (0, 1)
    code, _, err = lanes("destroy", TEAM, "--archived", "archives/team9", answer=TEAM)
    assert code == 0, err
    assert "holds all of team9" in err
    assert kept.read_text() == "one"
    assert lanes("archive", "--check", "archives/team9")[0] == 0


def test_to_a_bucket_of_no_lane(lanes, bucket, aws):
    aws.s3.create_bucket(Bucket="kept-for-good")
    assert lanes("archive", TEAM, "--to", "s3://kept-for-good/2026")[0] == 0
    code, out, _ = lanes("archive", "--check", "s3://kept-for-good/2026")
    assert (code, "all are there" in out) == (0, True)
    code, _, err = lanes("archive", TEAM, "--to", f"s3://{bucket}/mine")
    assert (code, "belongs to the lane of team9, and goes with it" in err) == (2, True)
    assert "no bucket none-of-ours" in lanes("archive", TEAM, "--to", "s3://none-of-ours")[2]


@pytest.mark.parametrize("role", ["deployer", "platform"])
def test_the_teams_people_and_the_platform_may_archive(lanes, bucket, role):
    code, _, err = lanes("archive", TEAM, "--to", f"archives/{role}", "--as", role)
    assert code == 0, err


def test_what_cannot_be_is_refused_before_anything_is_read(lanes, here):
    for words, said in {
        ("archive",): "which team, and where to?",
        ("archive", TEAM, "--check", "x"): "--check takes neither a team nor --to",
        ("archive", TEAM, "--to", "teams/archive"): "a folder of the project's own",
        ("archive", TEAM, "--to", "naming.yaml"): "that is a file",
        ("archive", "--check", "nowhere"): "there is no archive here",
        ("archive", "nobody", "--to", "x"): "there is no teams/nobody.yaml",
    }.items():
        code, _, err = lanes(*words)
        assert said in err
        assert code in (1, 2)
    assert not (here / "x").exists()


def test_a_team_whose_file_is_gone_is_cleaned_and_its_data_only_on_demand(lanes, bucket, aws, here):
    file = here / f"teams/{TEAM}.yaml"
    text = file.read_text()
    (here / "teams/team8.yaml").write_text("team: team8\nowner: b@example.edu\nsuffix: 1badcafe\n")
    file.unlink()
    try:
        for words in (("destroy", TEAM, "--yes"), ("archive", TEAM, "--to", "x")):
            code, _, err = lanes(*words)
            assert (code, "bring the file back" in err, "lanes clean" in err) == (2, True, True)
        code, out, _ = lanes("clean", "--dry-run")
        assert (code, f"- role {TEAM}-deployer-0badcafe" in out) == (0, True)
        assert f"bucket {bucket} (a@example.edu): it may hold data, so it stays; --data removes it" in out
        code, _, err = lanes("clean")
        assert (code, "nobody can be asked here" in err) == (2, True)
        assert lanes("clean", answer="n")[0] == 1
        assert lanes("clean", answer="y")[0] == 0
        assert aws.s3.get_object(Bucket=bucket, Key="results/one.txt")["Body"].read() == b"one"
        data = json.loads(lanes("clean", "--json", "--dry-run")[1])
        assert (data["plans"], [each["name"] for each in data["kept"]]) == ([], [bucket])
        assert lanes("clean", "--data", answer="y")[0] == 1
        assert lanes("clean", "--data", answer="data")[0] == 0
        assert "no orphans" in lanes("clean", "--data")[1]
    finally:
        file.write_text(text)
        (here / "teams/team8.yaml").unlink()
