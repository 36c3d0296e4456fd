"""What the commands say of a cloud as it is: orphans, and a proof of what is deployed."""

import json

import pytest

from shared.cli.where import Where
from shared.cli.wiring import open_cloud
from shared.config.ledger import ledger_service
from shared.config.ledger_name import LEDGER
from shared.isolation.roles.function_role import function_trust
from shared.isolation.roles.ledger_role import ledger_policy
from shared.local import daemon
from shared.local.state import STATE_DIR, State

OLD = "team2-data-00000000"


@pytest.fixture(scope="module")
def aws(project):
    state = State(project.root / STATE_DIR)
    daemon.up(state, daemon.Settings(project.place, 0))
    with open_cloud(project, Where()) as aws:
        yield aws
    daemon.down(state)


def make_orphan(aws):
    tags = {"managed-by": "teamlanes", "team": "team2", "stage": aws.place.stage, "owner": "ann@example.edu"}
    aws.s3.create_bucket(Bucket=OLD)
    listed = [{"Key": key, "Value": value} for key, value in tags.items()]
    aws.s3.put_bucket_tagging(Bucket=OLD, Tagging={"TagSet": listed})


def test_orphans_are_shown_by_validate_plan_and_prove(lanes, aws):
    assert lanes("deploy", "team2")[0] == 0
    code, out, _ = lanes("validate", "--deployed")
    assert (code, out.splitlines()[1:]) == (0, ["no orphans: all that lanes made is in a team's file"])
    code, out, _ = lanes("isolation", "prove", "--deployed", "--team", "team2")
    assert code == 0
    assert "orphans" not in out

    make_orphan(aws)
    told = (
        "orphans, made by lanes and in no team's file (1):\n"
        f"  bucket {OLD} (ann@example.edu): it was named under the hash 00000000, and team2's is 7078ea12 now\n"
        f"    fix: it may hold data, so lanes deploy keeps it; save that, then aws s3 rb s3://{OLD} --force\n"
    )
    code, out, _ = lanes("validate", "--deployed")
    assert (code, out.split("\n", 1)[1]) == (1, told)
    code, out, _ = lanes("plan", "team2")
    assert (code, out.split("\n", 3)[3]) == (0, told)
    code, out, _ = lanes("isolation", "prove", "--deployed", "--team", "team2")
    assert out.endswith(told)
    assert code == 1  # its policy refuses no plain HTTP

    code, out, _ = lanes("validate", "--deployed", "--json")
    data = json.loads(out)
    assert (code, data["valid"], data["orphansUnseen"]) == (1, True, [])
    assert [(each["kind"], each["name"], each["team"]) for each in data["orphans"]] == [("bucket", OLD, "team2")]
    assert json.loads(lanes("plan", "team2", "--json")[1])[0]["orphans"] == data["orphans"]
    assert json.loads(lanes("plan", "team1", "--json")[1])[0]["orphans"] == []
    proof = json.loads(lanes("isolation", "prove", "--deployed", "--json")[1])
    assert proof["orphans"] == data["orphans"]
    aws.s3.delete_bucket(Bucket=OLD)


def test_the_platforms_role_and_the_ledgers_reach_teams_by_design(lanes, aws, project):
    assert lanes("deploy", "team2", "--as", "platform")[0] == 0  # which makes platform-admin
    ledger = ledger_service(project)
    own = ledger.lane.functions[LEDGER]
    may = ledger_policy(project.place, ledger.table.name, own.log_group).document()
    trust = json.dumps(function_trust().document())
    aws.iam.create_role(RoleName=own.role, AssumeRolePolicyDocument=trust)
    aws.iam.put_role_policy(RoleName=own.role, PolicyName="lane", PolicyDocument=json.dumps(may))
    code, out, _ = lanes("isolation", "prove", "--deployed", "--json")
    told = json.loads(out)
    assert (code, told["findings"]) == (0, [])
    assert told["by_design"].keys() >= {"role/platform-admin", f"role/{own.role}"}

    may["Statement"].append({"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"})
    aws.iam.put_role_policy(RoleName=own.role, PolicyName="lane", PolicyDocument=json.dumps(may))
    told = json.loads(lanes("isolation", "prove", "--deployed", "--json")[1])
    assert [each["document"] for each in told["findings"]] == [f"policy lane of role/{own.role}"]
    aws.iam.delete_role_policy(RoleName=own.role, PolicyName="lane")
    aws.iam.delete_role(RoleName=own.role)


@pytest.mark.usefixtures("aws")
def test_what_a_deployer_cannot_look_for_is_one_line_and_who_can(lanes):
    assert lanes("deploy", "team2")[0] == 0
    code, out, _ = lanes("plan", "team2", "--as", "deployer")
    assert code == 0
    refused = "DescribeBudgets, GetResources, ListPolicies, ListRoles"
    assert out.splitlines()[-2:] == [
        f"orphans were not looked for everywhere: AWS refused {refused} to the caller",
        "  fix: the platform's role sees all (lanes validate --deployed, with its credentials or --as platform)",
    ]
    hidden = json.loads(lanes("plan", "team2", "--as", "deployer", "--json")[1])[0]["orphansUnseen"]
    assert "orphans of kind role: AWS refused ListRoles to the caller" in hidden
    code, out, _ = lanes("validate", "--deployed", "--as", "platform")
    assert (code, out.splitlines()[1:]) == (0, ["no orphans: all that lanes made is in a team's file"])


def test_an_operator_of_the_settings_is_listed_and_no_finding(lanes, project, aws):
    assert lanes("deploy", "team2")[0] == 0
    everything = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [everything]})
    aws.iam.create_user(UserName="ann")
    aws.iam.put_user_policy(UserName="ann", PolicyName="quick", PolicyDocument=document)
    code, out, _ = lanes("isolation", "prove", "--deployed", "--team", "team2")
    assert code == 1
    assert "policy quick of user/ann, statement #0: s3:* on arn:aws:s3:::team2-*" in out
    assert "NOT proved for 1 team: 1 finding in" in out
    settings = project.root / "shared" / "settings.yaml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace("operators: {}", "operators: {user/ann: backs up at night}"), encoding="utf-8")
    code, out, _ = lanes("isolation", "prove", "--deployed", "--team", "team2")
    assert code == 0
    assert "reach teams by design:\n  - user/ann: an operator, by shared/settings.yaml: backs up at night\n" in out
    settings.write_text(text.replace("operators: {}", "operators: {ann: backs up}"), encoding="utf-8")
    assert lanes("validate")[0] == 1
    settings.write_text(text, encoding="utf-8")
