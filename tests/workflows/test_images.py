"""A team that wants its functions as images: run, pushed by hand, and switched back, on a cloud of its own."""

import json

import pytest

from shared.packages.images.build import write_scratch
from shared.packages.images.layout import Layout
from tests.workflows.projects import kept_cloud

pytestmark = pytest.mark.workflow

TEAM = """team: drawer
owner: drawer@example.edu
workflows: {random-mean: {repetitions: 3, package: image}}
"""


@pytest.fixture(scope="module")
def root(copy_project, tmp_path_factory):
    folder = copy_project(tmp_path_factory.mktemp("images") / "project")
    (folder / "teams/drawer.yaml").write_text(TEAM, encoding="utf-8")
    card = folder / "statemachines/random-mean.yaml"
    base = "base: amazon/aws-lambda-python:{python}"
    text = card.read_text(encoding="utf-8")
    assert base in text
    card.write_text(text.replace(base, f"{base}\n  libraries: false"), encoding="utf-8")  # they would be fetched
    return folder


@pytest.fixture(scope="module")
def aws(root):
    with kept_cloud(root) as kept:
        yield kept.aws


def functions(aws):
    return {
        each["FunctionName"].split("-")[3]: (each["PackageType"], each["CodeSha256"])
        for each in aws.lambda_.list_functions()["Functions"]
    }


def test_a_team_runs_on_images_made_here_then_on_its_own_then_on_the_zip(lanes, aws, root, tmp_path):
    deployed = lanes("deploy", "drawer").err
    assert deployed.count("+ repository drawer/random-mean-") == 3
    assert "unchanged" not in deployed
    outcome = json.loads(lanes("run", "drawer", "random-mean", "--json").out)
    assert (outcome["status"], outcome["records"]) == ("SUCCEEDED", 3)
    assert {kind for kind, _ in functions(aws).values()} == {"Image"}
    assert "nothing to do" in lanes("plan", "drawer").out

    handler = root / "shared/handlers/random_mean/draw.py"
    handler.write_text(handler.read_text(encoding="utf-8") + "# pushed\n", encoding="utf-8")
    write_scratch(Layout(tmp_path / "base"))
    built = json.loads(lanes("images", "build", "drawer", "--base", tmp_path / "base", "--json").out)
    pushed = json.loads(lanes("images", "push", "drawer", "--json").out)
    assert [image["digest"] for image in pushed] == [image["digest"] for image in built]
    assert "3 updated" in lanes("deploy", "drawer").err
    assert {f"sha256:{digest}" for _, digest in functions(aws).values()} == {image["digest"] for image in pushed}
    handler.write_text(handler.read_text(encoding="utf-8") + "# not pushed\n", encoding="utf-8")
    assert "nothing to do" in lanes("plan", "drawer").out

    file = root / "teams/drawer.yaml"
    file.write_text(TEAM.replace("image", "zip"), encoding="utf-8")
    plan = lanes("plan", "drawer").out
    assert plan.count("± function drawer-random-mean-") == 3
    assert plan.count("package: image -> zip: deleted and made anew") == 3
    assert "3 to replace" in plan
    assert json.loads(lanes("run", "drawer", "random-mean", "--json").out)["status"] == "SUCCEEDED"
    assert {kind for kind, _ in functions(aws).values()} == {"Zip"}
