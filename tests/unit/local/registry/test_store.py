"""What is left in the store: uploads that nobody goes on with, and blobs that no image names."""

import os
import time
from datetime import UTC, datetime, timedelta

from shared.local.registry.ecr import Passwords
from shared.local.registry.store import Repository, Store

HERE = Repository("123456789012", "us-east-1", "r")
DAY = 24 * 3600
A, B, C = (f"sha256:{letter * 64}" for letter in "abc")


def aged(path, seconds):
    at = time.time() - seconds
    os.utime(path, (at, at))


def test_an_upload_that_got_nothing_for_a_day_goes_when_the_next_begins(tmp_path):
    store = Store(tmp_path)
    left, under_way = store.begin(HERE), store.begin(HERE)
    aged(store._upload(HERE, left), DAY + 1)
    new = store.begin(HERE)
    assert {path.name for path in store._upload(HERE, new).parent.iterdir()} == {under_way, new}


def test_blobs_that_no_image_names_go_after_a_day(tmp_path):
    store = Store(tmp_path)
    store.keep_only(HERE, set())  # there is no folder yet
    for digest, age in ((A, DAY + 1), (B, DAY + 1), (C, 60)):
        path = store.blobs(HERE).path(digest)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
        aged(path, age)
    store.keep_only(HERE, {A})
    assert {path.name[0] for path in store.blobs(HERE).path(A).parent.iterdir()} == {"a", "c"}


def test_passwords_that_ended_are_forgotten_and_lead_nowhere():
    passwords = Passwords()
    for number in range(5):
        passwords.give("1", "us-east-1", f"holder {number}")
    password = passwords.give("1", "us-east-1", "holder 1")
    assert passwords.login(password).holder == "holder 1"
    passwords._given = {
        login: (own, datetime.now(UTC) - timedelta(seconds=1)) for login, (own, _) in passwords._given.items()
    }
    assert passwords.login(password) is None
    assert passwords.give("1", "us-east-1", "holder 1") != password
    assert len(passwords._given) == 1
