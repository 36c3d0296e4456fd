"""Teams side by side: what becomes of one does not touch the other."""

import json

import pytest

pytestmark = pytest.mark.workflow

TEAM = """\
team: {team}
owner: {team}@example.edu
workflows:
  cosmic: {{world_size: 2}}
"""


@pytest.fixture
def two_teams(root, lanes):
    """Two teams with a file each, deployed; their files are gone afterwards, and so is what they own."""
    teams = ("andromeda", "bootes")
    for team in teams:
        (root / "teams" / f"{team}.yaml").write_text(TEAM.format(team=team))
    assert lanes("deploy", *teams, "--yes").code == 0
    yield teams
    for team in teams:
        assert lanes("destroy", team, "--yes").code == 0
        (root / "teams" / f"{team}.yaml").unlink()


def owned(aws, team):
    """Return the names of all that begins with a team's slug."""
    return sorted(
        [
            *(bucket["Name"] for bucket in aws.s3.list_buckets()["Buckets"] if bucket["Name"].startswith(f"{team}-")),
            *(role["RoleName"] for role in aws.iam.list_roles()["Roles"] if role["RoleName"].startswith(f"{team}-")),
            *(
                function["FunctionName"]
                for function in aws.lambda_.list_functions()["Functions"]
                if function["FunctionName"].startswith(f"{team}-")
            ),
            *(
                machine["name"]
                for machine in aws.states.list_state_machines()["stateMachines"]
                if machine["name"].startswith(f"{team}-")
            ),
            *(
                group["logGroupName"]
                for group in aws.logs.describe_log_groups()["logGroups"]
                if f"/{team}-" in group["logGroupName"]
            ),
        ]
    )


def test_one_is_destroyed_and_the_other_still_runs(two_teams, lanes, aws):
    gone, stays = two_teams
    (plan,) = json.loads(lanes("plan", gone, "--json").out)
    assert {step["action"] for step in plan["steps"]} == {"nothing"}
    before = owned(aws, stays)
    assert len(owned(aws, gone)) == len(before) > 10

    result = lanes("run", gone, "cosmic", "--json")  # so that there are data and results to destroy
    assert result.code == 0, result.err
    listed = json.loads(lanes("runs", gone, "--json").out)
    assert [run["status"] for run in listed] == ["SUCCEEDED"]
    assert json.loads(lanes("runs", stays, "--json").out) == []

    assert lanes("destroy", gone, "--yes").code == 0
    assert owned(aws, gone) == []
    assert owned(aws, stays) == before
    result = lanes("run", stays, "cosmic", "--json")
    assert result.code == 0, result.err
    finished = json.loads(result.out)
    assert finished["status"] == "SUCCEEDED"
    assert finished["output"]["team"] == stays
    assert finished["output"]["results"]["bucket"].startswith(f"{stays}-")
