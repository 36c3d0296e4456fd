"""From files to lanes: what a lane holds, and where a project is found."""

import pytest

from shared.config.load import find_root, load_project
from shared.errors import LanesError, UsageError


@pytest.fixture(scope="module")
def team2(repository):
    return load_project(repository).lane("team2")


def test_team2_keeps_the_names_in_the_field(team2):
    cosmic = team2.workflows["cosmic"]
    assert team2.bucket == "team2-cosmical-7078ea12"
    assert cosmic.role == "team2-cosmic-stepfunctions-role-7078ea12"
    assert cosmic.name == "team2-COSMIC-AI-7078ea12"
    assert team2.state_machine_arn("cosmic") == (
        "arn:aws:states:us-east-1:123456789012:stateMachine:team2-COSMIC-AI-7078ea12"
    )


def test_team2_runs_the_fields_configuration(team2):
    values = team2.workflows["cosmic"].parameters
    assert (values["world_size"], values["batch_size"], values["data_prefix"]) == (4, 128, "datasets")
    assert team2.rendezvous.endpoint == "rendezvous.uva-ds5110.com:10000"


def test_every_sample_team_has_a_file_and_an_owner(repository):
    teams = load_project(repository).teams
    assert set(teams) >= {"team1", "team2", "wssr", "topics"}
    assert all("@" in lane.owner for lane in teams.values())


def test_a_function_gets_its_values_from_the_nearest_place(files):
    files.team(
        "alpha",
        "provider: {memorySize: 1024, timeout: 30, environment: {SKY: any, DEPTH: 5}}\n"
        "workflows:\n  stars:\n"
        "functions:\n  stars-count: {timeout: 90, reservedConcurrency: 3, environment: {SKY: south}}\n",
    )
    files.team("beta", "workflows: {stars: }\n")
    project = files.load()
    count, add_up = (project.lane("alpha").functions[key] for key in ("stars-count", "stars-add-up"))
    assert (count.memory_mb, count.timeout_seconds, count.reserved_concurrency) == (256, 90, 3)  # card, team
    assert (add_up.memory_mb, add_up.timeout_seconds, add_up.reserved_concurrency) == (1024, 30, None)  # provider
    plain = project.lane("beta").functions["stars-add-up"]
    assert (plain.memory_mb, plain.timeout_seconds) == (512, 60)  # settings
    lane = project.lane("alpha")
    assert count.environment == {
        "SKY": "south",
        "DEPTH": "5",
        "TEAM": "alpha",
        "STAGE": "dev",
        "ACCOUNT": "123456789012",
        "BUCKET": lane.bucket,
        "WORKFLOW": "stars",
    }
    assert add_up.environment["SKY"] == "any"


@pytest.mark.parametrize("has", [False, True])
def test_functions_know_a_database_where_the_card_uses_one_and_the_team_has_it(files, has):
    files.write("shared/handlers/stars/tables.py", "")
    files.edit("statemachines/stars.yaml", "functions:", "database: shared.handlers.stars.tables\nfunctions:")
    files.team("alpha", f"database: {str(has).lower()}\nworkflows: {{stars: }}\n")
    lane = files.load().lane("alpha")
    known = {function.environment.get("DATABASE_SECRET") for function in lane.functions.values()}
    assert known == {lane.database.secret if has else None}


def test_a_team_sees_its_own_rendezvous_and_parameters(files):
    files.team("alpha", 'rendezvous: {timeout: 2, degradedAfter: 0.5}\nworkflows: {stars: {world_size: "7"}}\n')
    files.team("beta")
    project = files.load()
    assert project.lane("alpha").rendezvous.timeout == 2
    assert project.lane("beta").rendezvous.timeout == 5
    assert project.lane("alpha").workflows["stars"].parameters == {
        "world_size": 7,
        "threshold": 0.5,
        "prefix": "sky",
        "band": "r",
        "deep": False,
        "limit": None,
    }


def test_every_name_in_a_lane_is_listed_with_its_kind(files):
    files.team("alpha", "workflows: {stars: }\nnames: {functions: {stars-count: tally}}\n")
    project = files.load()
    lane = project.lane("alpha")
    listed = {name.value for name in project.names["alpha"]}
    machine = lane.workflows["stars"]
    spelled = {lane.bucket, lane.boundary, machine.name, machine.role, machine.log_group}
    for function in lane.functions.values():
        spelled |= {function.name, function.role, function.log_group}
        assert function.log_group == f"/aws/lambda/{function.name}"
    assert spelled <= listed
    assert all(name in repr(lane) for name in listed)  # and none is listed that the lane does not have
    assert lane.functions["stars-count"].name == f"alpha-tally-{lane.hash}"


def test_an_unknown_team_is_a_usage_error_that_lists_the_known(files):
    files.team("alpha")
    files.team("beta")
    with pytest.raises(UsageError, match="unknown team 'alhpa'") as caught:
        files.load().lane("alhpa")
    assert "'alpha'" in caught.value.fix
    assert "beta" in caught.value.fix


def test_the_root_is_found_from_below(files):
    assert find_root(files.root / "shared/handlers/stars") == files.root.resolve()


def test_a_folder_outside_any_project_says_so(tmp_path):
    with pytest.raises(LanesError, match=r"naming\.yaml"):
        find_root(tmp_path)


@pytest.mark.parametrize(
    ("text", "usd", "notify"),
    [
        ("", 25, ("alpha@example.edu",)),
        ("budget: {monthlyUSD: 50}\n", 50, ("alpha@example.edu",)),
        ("budget: {monthlyUSD: 9.5, notify: [a@b.org, c@d.org, a@b.org]}\n", 9.5, ("a@b.org", "c@d.org")),
        ("budget: {monthlyUSD: 9.5, notify: []}\n", 9.5, ()),
    ],
)
def test_a_team_has_its_own_budget_or_the_settings(files, text, usd, notify):
    files.team("alpha", text)
    budget = files.load().lane("alpha").budget
    assert (budget.monthly_usd, budget.notify) == (usd, notify)
    assert budget.name.startswith("alpha-monthly-")


def test_a_budget_of_nothing_is_none_and_an_owner_without_an_address_hears_nothing(files):
    files.team("alpha", "budget: {monthlyUSD: 0}\n")
    assert files.load().lane("alpha").budget is None
    files.write("teams/alpha.yaml", "team: alpha\nowner: the first group\n")
    assert files.load().lane("alpha").budget.notify == ()


def test_the_place_knows_its_partition(files):
    for region, partition in [("us-east-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")]:
        settings = files.load().settings.model_copy(update={"region": region})
        assert settings.place.partition == partition
