"""A team's part of the database: made whole, made again without loss, out of other teams' reach, and gone with it."""

import json
import threading
from types import SimpleNamespace

import boto3
import pytest
from moto import mock_aws
from sqlalchemy import inspect
from sqlalchemy.exc import DBAPIError

from shared.aws.client import Aws
from shared.aws.target import aws_target
from shared.config.lane import Database, Place
from shared.deploy.apply import ApplyError, apply
from shared.deploy.database import ADMIN_SECRET
from shared.deploy.model import Plan
from shared.deploy.resources import database
from shared.deploy.watch import Watch
from shared.errors import LanesError
from shared.handlers.database import connect
from shared.handlers.random_mean.tables import LOCK, migrate

FORBIDDEN = {
    "postgres": (
        "DROP SCHEMA bootes_data_7078ea12 CASCADE",
        "CREATE TABLE public.mine (a int)",
        "CREATE SCHEMA another",
        "CREATE ROLE another",
        "SET ROLE bootes_data_7078ea12",
    ),
    "mysql": (
        "DROP DATABASE bootes_data_7078ea12",
        "CREATE DATABASE another",
        "CREATE DATABASE andromeda1data17078ea12",  # an underscore stands for any letter where it is not escaped
        "CREATE USER another",
        "SELECT * FROM mysql.user",
    ),
}
LOSING = """
def migrate(engine):
    end = {"postgresql": "SELECT pg_terminate_backend(pg_backend_pid())", "mysql": "KILL CONNECTION_ID()"}
    with engine.begin() as connection:
        connection.exec_driver_sql(end[connection.dialect.name])
        connection.exec_driver_sql("SELECT 1")
"""
MIGRATIONS = ("shared.handlers.random_mean.tables",)


@pytest.fixture
def aws(database_server):
    with mock_aws():
        session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name="us-east-1")
        found = Aws(session, aws_target(Place("123456789012", "us-east-1", "dev")))
        found.client("secretsmanager").create_secret(Name=ADMIN_SECRET, SecretString=json.dumps(database_server))
        yield found


def tags(team):
    return {"team": team, "stage": "dev", "managed-by": "teamlanes"}


def never(_seconds):
    pytest.fail("it waited for what is there already")


def deploy(aws, team, sleep=never, migrations=MIGRATIONS):
    part = Database(f"{team}_data_7078ea12", f"{team}/database-7078ea12", migrations)
    want = database.desired(part, tags(team))
    step = database.steps(want, database.current(aws, want.name))
    apply(Plan(team, "dev", (step,), tags(team)), aws, Watch(sleep=sleep))
    return step.action


def destroy(aws, team):
    have = database.current(aws, f"{team}/database-7078ea12")
    apply(Plan(team, "dev", (database.remove(have),), tags(team)), aws)


@pytest.fixture
def teams(aws):
    made = ("andromeda", "bootes")
    for team in made:
        assert deploy(aws, team) == "create"
    yield made
    for team in made:
        if database.current(aws, f"{team}/database-7078ea12"):
            destroy(aws, team)


def secret(aws, team):
    return json.loads(
        aws.client("secretsmanager").get_secret_value(SecretId=f"{team}/database-7078ea12")["SecretString"]
    )


def ask(aws, team, statement):
    with connect(secret(aws, team)).begin() as connection:
        answer = connection.exec_driver_sql(statement)
        return answer.scalars().all() if answer.returns_rows else None


def test_made_twice_it_keeps_what_is_in_it(aws, teams):
    ask(aws, "andromeda", "INSERT INTO runs (execution, repetitions) VALUES ('r', 1)")
    assert deploy(aws, "andromeda") == "nothing"
    aws.client("secretsmanager").update_secret(SecretId="andromeda/database-7078ea12", Description="in the making")
    assert deploy(aws, "andromeda") == "update"
    assert ask(aws, "andromeda", "SELECT execution FROM runs") == ["r"]


def test_a_role_sees_its_own_schema_alone(aws, teams, database_server):
    ask(aws, "bootes", "INSERT INTO runs (execution, repetitions) VALUES ('theirs', 1)")
    assert ask(aws, "andromeda", "SELECT count(*) FROM runs") == [0]
    for statement in (
        "SELECT * FROM bootes_data_7078ea12.runs",
        "CREATE TABLE bootes_data_7078ea12.mine (a int)",
        *FORBIDDEN[database_server["engine"]],
    ):
        with pytest.raises(DBAPIError, match=r"permission denied|must be owner|denied"):
            ask(aws, "andromeda", statement)


def test_one_is_destroyed_and_the_other_stays(aws, teams, database_server):
    gone, stays = teams
    credentials = secret(aws, gone)
    ask(aws, stays, "INSERT INTO runs (execution, repetitions) VALUES ('r', 1)")
    destroy(aws, gone)
    assert database.current(aws, f"{gone}/database-7078ea12") is None
    with connect(database_server).begin() as connection:
        schemas = connection.exec_driver_sql("SELECT schema_name FROM information_schema.schemata").scalars().all()
        assert [schema for schema in schemas if schema.startswith(teams)] == ["bootes_data_7078ea12"]
    with pytest.raises(DBAPIError, match=r"password authentication failed|Access denied"), connect(credentials).begin():
        pass
    assert ask(aws, stays, "SELECT execution FROM runs") == ["r"]


@pytest.fixture
def leaving(aws):
    """Mark a team's secret for deletion, as AWS does: its name is taken until it is gone. Returns what ends it."""
    manager, name = aws.client("secretsmanager"), "andromeda/database-7078ea12"
    manager.create_secret(Name=name, SecretString="{}")
    manager.delete_secret(SecretId=name, RecoveryWindowInDays=7)
    message = "You can't create this secret because a secret with this name is already scheduled for deletion."
    refusal = {"Error": {"Code": "InvalidRequestException", "Message": message}}

    def refuse(**_):  # moto would say that it exists
        return SimpleNamespace(status_code=400), refusal

    hook = ("before-call.secrets-manager.CreateSecret", refuse)
    manager.meta.events.register(*hook)

    def end():
        manager.meta.events.unregister(*hook)
        manager.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)

    return end


def test_a_name_that_aws_has_not_let_go_of_yet_is_waited_for(aws, leaving):
    assert deploy(aws, "andromeda", lambda _seconds: leaving()) == "create"
    assert ask(aws, "andromeda", "SELECT count(*) FROM runs") == [0]
    destroy(aws, "andromeda")


def test_a_name_that_aws_keeps_for_days_is_told_with_what_brings_it_back(aws, leaving):
    waits = []
    with pytest.raises(ApplyError, match="scheduled for deletion") as raised:
        deploy(aws, "andromeda", waits.append)
    assert sum(waits) == pytest.approx(120)
    assert "restore-secret --secret-id andromeda/database-7078ea12" in raised.value.fix


def edit(aws, team, **changes):
    name = f"{team}/database-7078ea12"
    text = json.dumps({**secret(aws, team), **changes})
    aws.client("secretsmanager").put_secret_value(SecretId=name, SecretString=text)
    aws.client("secretsmanager").update_secret(SecretId=name, Description="in the making")


def test_an_edited_secret_reaches_nobody_elses_schema(aws, teams):
    ask(aws, "bootes", "INSERT INTO runs (execution, repetitions) VALUES ('r', 1)")
    edit(aws, "andromeda", username="bootes_data_7078ea12")
    with pytest.raises(ApplyError, match="it is not andromeda_"):
        destroy(aws, "andromeda")
    assert ask(aws, "bootes", "SELECT execution FROM runs") == ["r"]
    assert deploy(aws, "andromeda") == "update"  # which writes the right name again


def test_an_edited_password_runs_no_sql_and_is_not_shown(aws, teams):
    before = secret(aws, "andromeda")["password"]
    edit(aws, "andromeda", password="sesame' SUPERUSER --")
    with pytest.raises(ApplyError, match="read past them") as raised:
        deploy(aws, "andromeda")
    assert "sesame" not in str(raised.value)
    edit(aws, "andromeda", password=before)
    assert deploy(aws, "andromeda") == "update"


def test_a_connection_lost_in_the_midst_of_a_migration_is_told_and_the_next_deploy_finishes(
    aws, teams, database_server, monkeypatch, tmp_path
):
    (tmp_path / "losing_tables.py").write_text(LOSING)
    monkeypatch.syspath_prepend(tmp_path)
    aws.client("secretsmanager").update_secret(SecretId="andromeda/database-7078ea12", Description="in the making")
    place = f"{database_server['host']}:{database_server['port']}"
    with pytest.raises(ApplyError, match=f"the teams' database at {place} refuses: ") as raised:
        deploy(aws, "andromeda", migrations=(*MIGRATIONS, "losing_tables"))
    assert secret(aws, "andromeda")["password"] not in str(raised.value)
    assert deploy(aws, "andromeda") == "update"


def test_one_teams_secrets_are_listed_and_no_others(aws, teams):
    assert list(database.names(aws, "andromeda")) == ["andromeda/database-7078ea12"]


def test_many_may_migrate_at_once(aws, teams):
    engine = connect(secret(aws, "andromeda"))
    failed = []

    def run():
        try:
            migrate(engine)
        except Exception as error:  # noqa: BLE001  a thread's error would be lost
            failed.append(error)

    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE draws, means")
        connection.exec_driver_sql("DROP TABLE runs")
    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert ask(aws, "andromeda", "SELECT count(*) FROM draws") == [0]


def test_a_migration_that_waits_in_vain_for_another_says_so_and_makes_nothing(aws, teams, database_server):
    engine = connect(secret(aws, "andromeda"))
    held = {
        "postgres": f"SELECT pg_advisory_lock({LOCK})",
        "mysql": f"SELECT GET_LOCK('{engine.url.database}', 0)",
    }
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE draws, means")
    with engine.connect() as other:
        other.exec_driver_sql(held[database_server["engine"]])
        with pytest.raises((LanesError, DBAPIError), match=r"another deploy|lock timeout"):
            migrate(engine, patience=1)
        other.invalidate()
    assert not inspect(engine).has_table("draws")


def test_runs_whose_names_differ_in_case_alone_are_two(aws, teams):
    for name in ("Night-Run", "night-run"):
        ask(aws, "andromeda", f"INSERT INTO runs (execution, repetitions) VALUES ('{name}', 1)")
    assert ask(aws, "andromeda", "SELECT count(*) FROM runs WHERE execution = 'night-run'") == [1]


def test_without_a_database_for_the_teams_it_says_how_to_give_one(aws):
    aws.client("secretsmanager").delete_secret(SecretId=ADMIN_SECRET, ForceDeleteWithoutRecovery=True)
    with pytest.raises(ApplyError, match=f"no secret {ADMIN_SECRET}") as raised:
        deploy(aws, "cygnus")
    assert "take database: true out" in str(raised.value)


def test_a_lane_whose_database_is_gone_for_good_is_told_how_to_go(aws, teams, database_server):
    manager = aws.client("secretsmanager")
    manager.delete_secret(SecretId=ADMIN_SECRET, ForceDeleteWithoutRecovery=True)
    with pytest.raises(ApplyError, match="no secret lanes_platform/database") as raised:
        destroy(aws, "andromeda")
    assert "for good: aws secretsmanager delete-secret --secret-id andromeda/database-7078ea12" in str(raised.value)
    assert database.current(aws, "andromeda/database-7078ea12") is not None
    manager.create_secret(Name=ADMIN_SECRET, SecretString=json.dumps(database_server))


def test_a_database_that_is_down_is_named(aws, database_server):
    down = json.dumps({**database_server, "port": 1})
    aws.client("secretsmanager").put_secret_value(SecretId=ADMIN_SECRET, SecretString=down)
    with pytest.raises(ApplyError, match=r"the teams' database at 127\.0\.0\.1:1 refuses: .*[Cc]onnection refused"):
        deploy(aws, "cygnus")
