"""A database of the embedded cloud: transactions, layouts, and readers beside a writer."""

from __future__ import annotations

import sqlite3

import pytest

from shared.disks import DiskError
from shared.errors import LanesError
from shared.local.storage import Database

SCHEMA = ["CREATE TABLE IF NOT EXISTS pair (name TEXT PRIMARY KEY, value INTEGER)"]


@pytest.fixture
def database(tmp_path):
    made = Database(tmp_path / "pairs.db", 1, SCHEMA)
    yield made
    made.close()


def write(database, name, value):
    with database.transaction() as writer:
        writer.execute("INSERT INTO pair VALUES (?, ?)", (name, value))


def test_what_a_block_wrote_is_there(database):
    write(database, "a", 1)
    assert database.read("SELECT * FROM pair") == [("a", 1)]


def test_nobody_else_may_read_its_files(database):
    write(database, "a", 1)
    files = sorted(database.path.parent.iterdir())
    assert [file.name for file in files] == ["pairs.db", "pairs.db-shm", "pairs.db-wal"]
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}


def test_a_block_that_raises_writes_nothing(database):
    def fails():
        with database.transaction():
            write(database, "a", 1)  # part of the block around it
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    assert database.read("SELECT * FROM pair") == []


def test_who_reads_does_not_wait_for_who_writes(database):
    write(database, "a", 1)
    with database.transaction() as writer:
        writer.execute("UPDATE pair SET value = 2")
        assert database.read("SELECT value FROM pair") == [(1,)]
    assert database.read("SELECT value FROM pair") == [(2,)]


@pytest.mark.parametrize("durable", [False, True])
def test_it_is_there_when_it_is_opened_again(tmp_path, durable):
    first = Database(tmp_path / "pairs.db", 1, SCHEMA, durable=durable)
    write(first, "a", 1)
    first.close()
    second = Database(tmp_path / "pairs.db", 1, SCHEMA, durable=durable)
    assert second.read("SELECT * FROM pair") == [("a", 1)]
    second.close()


def test_another_layout_is_refused_with_the_fix(tmp_path):
    Database(tmp_path / "pairs.db", 1, SCHEMA).close()
    with pytest.raises(LanesError, match="its layout is 1, and this version reads 2") as told:
        Database(tmp_path / "pairs.db", 2, SCHEMA)
    assert "begin anew" in told.value.fix


def test_what_is_no_database_is_refused(tmp_path):
    (tmp_path / "pairs.db").write_bytes(b"no database at all" * 100)
    with pytest.raises(LanesError, match="file is not a database"):
        Database(tmp_path / "pairs.db", 1, SCHEMA)


def test_a_full_disk_is_told_loses_nothing_and_is_left_again(tmp_path):
    database = Database(tmp_path / "pairs.db", 1, SCHEMA)
    write(database, "a", 1)
    with database.transaction() as writer:
        pages = writer.execute("PRAGMA page_count").fetchone()[0]
        writer.execute(f"PRAGMA max_page_count = {pages}")  # SQLite answers as on a full disk

    def fills():
        with database.transaction() as writer:
            writer.execute("UPDATE pair SET value = 2")
            writer.execute("INSERT INTO pair VALUES (?, 3)", ("long" * 10_000,))

    with pytest.raises(DiskError, match="the disk is full") as caught:
        fills()
    assert (caught.value.where, caught.value.fix) == (str(tmp_path / "pairs.db"), "free space there")
    assert database.read("SELECT * FROM pair") == [("a", 1)]
    with database.transaction() as writer:
        writer.execute("PRAGMA max_page_count = 1000000")
    write(database, "b", 2)
    assert database.read("SELECT * FROM pair") == [("a", 1), ("b", 2)]
    database.close()


def test_what_may_only_be_read_is_told_with_the_fix(database):
    with database.transaction() as writer:
        writer.execute("PRAGMA query_only = 1")
    with pytest.raises(DiskError, match="it is read-only") as caught:
        write(database, "a", 1)
    assert caught.value.fix == "make it writable"


def test_what_is_no_database_is_told_with_the_fix(tmp_path):
    (tmp_path / "pairs.db").write_text("not one of SQLite's" * 100)
    with pytest.raises(DiskError, match="it is damaged"):
        Database(tmp_path / "pairs.db", 1, SCHEMA)


def test_a_fault_in_a_statement_is_no_disks(database):
    with pytest.raises(sqlite3.OperationalError, match="no such table") as raised:
        database.read("SELECT * FROM other")
    assert raised.value.__cause__ is None  # who goes along the chain of errors would find no end
    with pytest.raises(sqlite3.OperationalError, match="no such table"), database.transaction() as writer:
        writer.execute("DELETE FROM other")
