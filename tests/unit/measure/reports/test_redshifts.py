"""What a report says of the redshifts that a run stored: all of them, some, or none that can be judged."""

import io
from types import SimpleNamespace

import boto3
import numpy as np
import pytest
from moto import mock_aws

from shared.errors import LanesError
from shared.measure.reports.redshift_sample import gather, read_redshifts
from shared.measure.reports.redshifts import redshift_section, show_redshifts, stored_plots
from shared.measure.reports.report import Report, Section, as_html

OUTPUT = {"run_id": "run-1", "results": {"ranks": "results/run-1/ranks/"}, "quality": {"mae": 0.1}}
ALL = ("redshift", "residuals", "residuals-by-magnitude", "outliers")


def survey(count, seed=0):
    """True and predicted redshifts and magnitudes [count], as a rank has them."""
    random = np.random.default_rng(seed)
    true = random.uniform(0, 0.5, count).astype(np.float32)
    predicted = (true + random.normal(0, 0.02, count)).astype(np.float32)
    return true, predicted, random.uniform(15, 19, count).astype(np.float32)


def stored(true, predicted, magnitudes=None):
    file = io.BytesIO()
    more = {} if magnitudes is None else {"r_magnitude": magnitudes}
    np.savez_compressed(file, redshift=true, predicted=predicted, **more)
    return file.getvalue()


def names(section):
    return tuple(plot.name for plot in section.plots)


@pytest.fixture
def lane(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    return SimpleNamespace(bucket="lane-bucket", place=SimpleNamespace(account="123456789012"))


@pytest.fixture
def aws(lane):
    with mock_aws():
        s3 = boto3.client("s3", region_name="us-east-1")
        s3.create_bucket(Bucket=lane.bucket)
        yield SimpleNamespace(s3=s3)


@pytest.fixture
def store(aws, lane):
    def put(rank, body):
        aws.s3.put_object(Bucket=lane.bucket, Key=f"results/run-1/predictions/{rank}.npz", Body=body)

    return put


def test_all_ranks_are_read(aws, lane, store):
    for rank in range(20):
        store(rank, stored(*survey(30, rank)))
    found = read_redshifts(aws, lane, "results/run-1/predictions/")
    assert (found.records, found.judged, len(found.true)) == (600, 600, 600)
    assert sorted(found.magnitudes) == sorted(np.concatenate([survey(30, rank)[2] for rank in range(20)]))


def test_a_run_has_four_plots_each_with_its_data_and_words(aws, lane, store):
    store(0, stored(*survey(600)))
    section = redshift_section(aws, lane, OUTPUT)
    assert names(section) == stored_plots(aws, lane, OUTPUT) == ALL
    assert section.text == "600 of 600 records are judged."
    page = as_html(Report("r", "now", [], [section]))
    for plot in section.plots:
        assert plot.data.count("\n") > 3
        assert f'<div role="img" aria-label="{plot.alt}">' in page
    assert [table.title for table in section.tables] == [
        "How good the redshifts are",
        "By true redshift",
        "By r magnitude (mag)",
    ]
    assert sum(int(row.split(",")[2]) for row in section.plots[0].data.split()[1:]) == 600


def test_an_older_run_says_why_it_has_no_magnitudes(aws, lane, store):
    store(0, stored(*survey(50)[:2]))
    section = redshift_section(aws, lane, OUTPUT)
    assert names(section) == stored_plots(aws, lane, OUTPUT) == ("redshift", "residuals", "outliers")
    assert "the ranks of this run stored no magnitudes" in section.text


@pytest.mark.parametrize("body", [b"", b"PK\x03\x04 cut off", stored(np.ones(3, np.float32), np.ones(2, np.float32))])
def test_a_damaged_file_is_named_and_spoils_no_report(aws, lane, store, body):
    store(0, stored(*survey(5)))
    store(1, body)
    with pytest.raises(LanesError, match=r"^s3://lane-bucket/results/run-1/predictions/1\.npz: "):
        read_redshifts(aws, lane, "results/run-1/predictions/")
    section = redshift_section(aws, lane, OUTPUT)
    assert section.plots == ()
    assert "predictions/1.npz" in section.text


def test_a_pickle_is_not_loaded(aws, lane, store):
    file = io.BytesIO()
    np.savez(file, redshift=np.array([None]), predicted=np.array([None]))
    store(0, file.getvalue())
    assert "this is no file of predictions" in redshift_section(aws, lane, OUTPUT).text


@pytest.mark.parametrize("output", [None, 3, {"run_id": "x"}, {**OUTPUT, "quality": None}])
def test_other_runs_have_no_plots(aws, lane, output):
    assert stored_plots(aws, lane, output) == ()
    assert redshift_section(aws, lane, output) is None


def test_what_cannot_be_judged_is_counted():
    true, predicted, magnitudes = survey(40)
    predicted[:3], true[3:5], magnitudes[10:12] = np.nan, -1, np.nan
    predicted[3] = np.inf  # counted once
    found = gather([(true, predicted, magnitudes)])
    assert (found.records, found.judged, found.unpredicted, found.untrue) == (40, 35, 4, 1)
    text = show_redshifts(found).text
    assert "35 of 40 records are judged." in text
    assert "Of 4 the prediction is no finite number. 1 have no true redshift above -1." in text
    assert "2 of the 35 have no r magnitude." in text


@pytest.mark.parametrize(("true", "why"), [(-99, "have no true redshift above -1"), (0, "Every true redshift is 0")])
def test_a_survey_without_truth_has_no_plots_and_says_so(true, why):
    _, predicted, magnitudes = survey(30)
    section = show_redshifts(gather([(np.full(30, true, np.float32), predicted, magnitudes)]))
    assert isinstance(section, Section)
    assert (section.plots, section.tables) == ((), ())
    assert why in section.text


@pytest.mark.parametrize("count", [1, 2, 10, 900])
def test_few_records_and_many_are_drawn(count):
    assert names(show_redshifts(gather([survey(count)]))) == ALL


def test_perfect_and_negative_redshifts_are_drawn():
    true, _, magnitudes = survey(20)
    assert names(show_redshifts(gather([(true - np.float32(0.4), true - np.float32(0.4), magnitudes)]))) == ALL


def test_a_sample_is_the_same_each_time_and_all_are_counted():
    files = [survey(300, seed) for seed in range(10)]
    whole, some, again = gather(files), gather(files, most=500), gather(files, most=500)
    assert (some.records, some.judged, len(some.true)) == (3000, 3000, 500)
    assert np.array_equal(some.true, again.true)
    assert (some.sums, some.outliers) == (whole.sums, whole.outliers)
    of_rank = [np.isin(some.true, files[rank][0]).sum() for rank in range(10)]
    assert min(of_rank) > 20  # each tenth of the records gives about fifty
    assert "Plots, bins, medians and sigma_NMAD are of a random sample of 500 of them" in show_redshifts(some).text


def test_a_sample_is_of_whole_records_in_their_order():
    true = np.arange(2000, dtype=np.float32)
    parts = [(part, part + 1, part + 2) for part in np.array_split(true, 7)]
    found = gather(parts, most=100)
    assert np.array_equal(found.predicted, found.true + 1)
    assert (np.diff(found.true) > 0).all()
