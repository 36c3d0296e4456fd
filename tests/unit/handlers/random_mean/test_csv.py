"""The three steps on CSV files: nothing lost, nothing doubled, nothing mixed, nothing made up."""

import pytest

from shared.handlers.random_mean.csv_store import CsvStore
from shared.handlers.random_mean.errors import BatchExists, CorruptDraw, MissingDraw
from shared.handlers.s3 import MissingObject


@pytest.fixture
def made(store, step, payload):
    """Return a function that makes a run's draws and returns their names."""

    def make(run_id, repetitions):
        answer = step("generate")({"run_id": run_id, "payload": payload(repetitions=repetitions)}, None)
        for pair in answer["body"]["csv_name"]:
            assert step("draw")({**pair, "run_id": run_id, "storage": "csv", "sleep_seconds": 0}, None) == run_id
        return answer["body"]["csv_name"]

    return make


@pytest.fixture
def kept(store):
    """Return a function that reads the numbers a batch has in the bucket, without the code under test."""

    def read(batch):
        keys = store.keys(f"generated_numbers/{batch}+")
        return {key: int(store.body(key)) for key in keys}

    return read


def test_the_mean_is_that_of_the_files(store, step, made, kept):
    made("run", 5)
    numbers = kept("run")
    assert sorted(numbers) == [f"generated_numbers/run+{iteration}.csv" for iteration in range(5)]
    assert all(0 <= number <= 1000 for number in numbers.values())
    assert step("collect")({"run_id": "run", "storage": "csv"}, None) == sum(numbers.values()) / 5


def test_a_draw_tells_of_itself_as_a_rank(store, made, capsys):
    made("run", 1)
    assert capsys.readouterr().out == '{"progress": {"run_id": "run", "rank": 0, "done": 1, "of": 1}}\n'


def test_a_bare_pair_is_a_draw_on_csv(store, step, kept):
    assert step("draw")({"name1": "ABCDE_1700000000+0"}, None) == "ABCDE_1700000000"
    assert list(kept("ABCDE_1700000000")) == ["generated_numbers/ABCDE_1700000000+0.csv"]


def test_of_a_retried_draw_the_first_counts(store, step, made, kept):
    (pair,) = made("run", 1)
    before = kept("run")
    for _ in range(20):  # twenty draws that are all the first one's number have a chance of 1 in 10^60
        step("draw")({**pair, "run_id": "run", "storage": "csv", "sleep_seconds": 0}, None)
    assert kept("run") == before


def test_batches_whose_names_begin_alike_do_not_mix(store, step, made, kept):
    for run_id in ("run", "run2", "run+1", "run+1+2"):
        made(run_id, 3)
    assert step("collect")({"run_id": "run", "storage": "csv"}, None) == pytest.approx(
        sum(kept("run")[f"generated_numbers/run+{iteration}.csv"] for iteration in range(3)) / 3
    )


def test_a_missing_draw_is_an_error_and_no_mean(store, step, made):
    made("run", 4)
    store.s3.delete_object(Bucket=store.handlers.name, Key="generated_numbers/run+2.csv")
    with pytest.raises(MissingDraw, match="1 of 4 draws were not stored: 2"):
        step("collect")({"run_id": "run", "storage": "csv"}, None)


@pytest.mark.parametrize("body", [b"", b"a number", b"1001", b"-1", b"1\n2\n", b"\xff"])
def test_a_file_that_holds_no_draw_is_named(store, step, made, body):
    made("run", 2)
    store.put("generated_numbers/run+1.csv", body)
    with pytest.raises(CorruptDraw, match=r"run\+1\.csv: this is no whole number from 0 to 1000"):
        step("collect")({"run_id": "run", "storage": "csv"}, None)


def test_the_draws_of_a_run_whose_name_goes_on_with_a_number_are_not_its_own(step, made, payload):
    made("a+1", 2)
    answer = step("generate")({"run_id": "a", "payload": payload(repetitions=1)}, None)
    assert answer["body"]["csv_name"] == [{"name1": "a+0"}]


def test_a_name_used_before_is_refused(store, step, made, payload):
    made("run", 1)
    with pytest.raises(BatchExists, match=r"an earlier run called run left draws"):
        step("generate")({"run_id": "run", "payload": payload()}, None)


def test_the_first_step_may_be_tried_again(store, step, payload):
    event = {"run_id": "run", "payload": payload(repetitions=3)}
    assert step("generate")(event, None) == step("generate")(event, None)


def test_nothing_is_averaged_for_a_run_that_is_not_there(store, step):
    with pytest.raises(MissingObject):
        step("collect")({"run_id": "nobody", "storage": "csv"}, None)


def test_more_draws_than_a_listing_holds_are_averaged(store, environment, short_pages):
    from shared.handlers import env  # the environment is there now

    draws = CsvStore(env.read())
    numbers = range(2 * short_pages + 3)
    for number in numbers:
        draws.add("big", number, number)
    assert draws.mean("big", len(numbers)) == sum(numbers) / len(numbers)
