"""Writers who share transactions: each gets its own answer, and what is refused touches no other."""

from __future__ import annotations

import sqlite3
import threading

import pytest

from shared.local.storage import Commits, Database, RefusedError
from tests.helpers.eventually import eventually

SCHEMA = ["CREATE TABLE IF NOT EXISTS number (value INTEGER)"]


@pytest.fixture
def database(tmp_path):
    made = Database(tmp_path / "numbers.db", 1, SCHEMA)
    yield made
    made.close()


def adding(value):
    return lambda writer: writer.execute("INSERT INTO number VALUES (?)", (value,)).rowcount


def refuse(_writer):
    raise RefusedError("no")


def values(database):
    return sorted(value for (value,) in database.read("SELECT value FROM number"))


def test_a_job_is_written_when_its_answer_comes(database):
    assert Commits(database).do(adding(1)) == 1
    assert values(database) == [1]


def test_jobs_that_wait_for_another_share_a_transaction(database):
    commits = Commits(database)
    begun, go_on = threading.Event(), threading.Event()
    seen = []

    def slow(writer):
        begun.set()
        go_on.wait()
        return adding(0)(writer)

    def later(number):
        def work(writer):
            seen.append(database.read("SELECT count(*) FROM number")[0][0])
            return refuse(writer) if number == 3 else adding(number)(writer)

        try:
            commits.do(work)
        except RefusedError:
            refused.append(number)

    refused = []
    threads = [threading.Thread(target=commits.do, args=(slow,))]
    threads[0].start()
    begun.wait()
    threads += [threading.Thread(target=later, args=(number,)) for number in range(1, 6)]
    for thread in threads[1:]:
        thread.start()
    eventually(lambda: len(commits._line) == 5)
    go_on.set()
    for thread in threads:
        thread.join()
    assert values(database) == [0, 1, 2, 4, 5]
    assert refused == [3]
    assert seen == [1] * 5  # none of them saw another's row: all were committed together


def test_a_transaction_that_fails_writes_nothing(database):
    commits = Commits(database)
    with pytest.raises(sqlite3.OperationalError):
        commits.do(lambda writer: (adding(1)(writer), writer.execute("INSERT INTO nothing VALUES (1)")))
    assert values(database) == []
    commits.do(adding(2))
    assert values(database) == [2]
