"""Draws as rows: a sequence numbers them, each is written once, all are averaged, and few connections do."""

import itertools
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from shared.handlers import database
from shared.handlers.database import DatabaseDown, NoDatabase, connect, transaction
from shared.handlers.random_mean.database_store import DatabaseStore
from shared.handlers.random_mean.errors import BatchExists, MissingDraw
from shared.handlers.random_mean.tables import DRAWS, MEANS, METADATA, RUNS, migrate


@pytest.fixture
def engine(database_server, monkeypatch, store):
    """The team's database, reached by its secret as in a function."""
    import json

    import boto3

    boto3.client("secretsmanager").create_secret(
        Name="team2/database-7078ea12", SecretString=json.dumps(database_server)
    )
    monkeypatch.setenv("DATABASE_SECRET", "team2/database-7078ea12")
    database.engine.cache_clear()
    migrate(database.engine())
    yield database.engine()
    METADATA.drop_all(database.engine())
    database.engine.cache_clear()


def count(engine, table):
    with engine.begin() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()


def test_the_three_steps_make_a_mean_of_rows(engine, step, payload):
    answer = step("generate")({"run_id": "r", "payload": payload(repetitions=5, storage="database")}, None)
    names = answer["body"]["csv_name"]
    batch = names[0]["name1"].partition("+")[0]
    for pair in names:
        assert step("draw")({**pair, "run_id": "r", "storage": "database"}, None) == batch
    with engine.begin() as connection:
        numbers = connection.execute(select(DRAWS.c.number).where(DRAWS.c.run_id == int(batch))).scalars().all()
    assert len(numbers) == 5
    assert step("collect")({"run_id": "r", "storage": "database"}, None) == sum(numbers) / 5
    with engine.begin() as connection:
        assert connection.execute(select(MEANS.c.mean, MEANS.c.draws)).one() == (sum(numbers) / 5, 5)


def test_runs_that_begin_together_get_numbers_of_their_own(engine):
    with ThreadPoolExecutor(8) as pool:
        numbers = list(pool.map(lambda each: DatabaseStore().begin(f"r{each}", 1), range(24)))
    assert len(set(numbers)) == 24


def test_steps_that_are_tried_again_write_no_second_row(engine):
    draws = DatabaseStore()
    batch = draws.begin("r", 2)
    assert draws.begin("r", 2) == batch
    for number in (7, 8, 9):
        draws.add(batch, 0, number)
        draws.add(batch, 1, number)
    assert count(engine, DRAWS) == 2
    assert draws.mean(batch, 2) == draws.mean(batch, 2) == 7
    assert (count(engine, RUNS), count(engine, MEANS)) == (1, 1)


def test_many_writers_some_tried_again_leave_one_row_each(engine):
    draws = DatabaseStore()
    batch = draws.begin("r", 60)
    attempts = [(iteration, number) for iteration in range(60) for number in (7, 8)[: 1 + (iteration % 4 == 0)]]
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda attempt: draws.add(batch, *attempt), attempts))
    with engine.begin() as connection:
        numbers = dict(connection.execute(select(DRAWS.c.iteration, DRAWS.c.number)).all())
    assert sorted(numbers) == list(range(60))
    assert draws.mean(batch, 60) == sum(numbers.values()) / 60


def test_a_draw_of_no_run_is_an_error_and_not_passed_over(engine):
    with pytest.raises(IntegrityError):
        DatabaseStore().add("4711", 0, 5)
    with pytest.raises(DBAPIError):
        DatabaseStore().add(DatabaseStore().begin("r", 1), 0, 1001)


def test_the_numbers_of_other_runs_do_not_count(engine):
    draws = DatabaseStore()
    one, other = draws.begin("one", 1), draws.begin("other", 1)
    draws.add(one, 0, 0)
    draws.add(other, 0, 1000)
    assert (draws.mean(one, 1), draws.mean(other, 1)) == (0, 1000)


def test_a_missing_draw_is_an_error_and_no_mean(engine):
    draws = DatabaseStore()
    batch = draws.begin("r", 3)
    draws.add(batch, 1, 5)
    with pytest.raises(MissingDraw, match="2 of 3 draws were not stored: 0, 2"):
        draws.mean(batch, 3)
    assert count(engine, MEANS) == 0


def test_a_name_used_before_is_refused(engine):
    draws = DatabaseStore()
    draws.add(draws.begin("r", 1), 0, 5)
    with pytest.raises(BatchExists, match="an earlier run called r left draws"):
        draws.begin("r", 1)


def test_a_function_without_a_database_says_so(store, step, payload):
    database.engine.cache_clear()
    with pytest.raises(NoDatabase, match="set database: true in its file"):
        step("generate")({"run_id": "r", "payload": payload(storage="database")}, None)


def test_a_database_that_is_down_is_named(database_server):
    down = transaction(connect({**database_server, "port": 1}))
    with pytest.raises(DatabaseDown, match=r"database 127\.0\.0\.1:1: it does not answer: .*refused"):
        down.__enter__()


NARROW = {
    "postgres": ["CREATE ROLE narrow LOGIN PASSWORD 'narrow' CONNECTION LIMIT 2"],
    "mysql": [
        "CREATE USER narrow IDENTIFIED BY 'narrow' WITH MAX_USER_CONNECTIONS 2",
        "GRANT SELECT ON teams.* TO narrow",
    ],
}


@pytest.fixture
def narrow(database_server):
    """A role that may have two connections at a time."""
    kind = database_server["engine"]
    with connect(database_server).begin() as admin:
        for statement in NARROW[kind]:
            admin.execute(text(statement))
    yield connect({**database_server, "username": "narrow", "password": "narrow"})
    with connect(database_server).begin() as admin:
        admin.execute(text("DROP ROLE narrow" if kind == "postgres" else "DROP USER narrow"))


def test_writers_past_the_limit_take_turns(narrow):
    most = threading.Semaphore(2)
    nap = "SELECT pg_sleep(0.002)" if narrow.dialect.name == "postgresql" else "SELECT SLEEP(0.002)"

    def write(_):
        with transaction(narrow) as connection:
            assert most.acquire(blocking=False), "a third connection"
            connection.execute(text(nap))
            most.release()
            return 1

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(write, range(24))) == 24


def test_who_waits_too_long_is_told_what_to_do(narrow):
    seconds = itertools.count(step=10)
    slept = []
    third = transaction(narrow, clock=lambda: next(seconds), sleep=slept.append)
    with narrow.connect(), narrow.connect(), pytest.raises(DatabaseDown, match="no connection came free") as raised:
        third.__enter__()
    assert "RDS Proxy" in str(raised.value)
    for nap, wait in zip(slept, (0.02, 0.04, 0.08, 0.16), strict=True):
        assert 0.5 * wait <= nap <= 1.5 * wait
