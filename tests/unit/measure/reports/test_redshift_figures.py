"""The figures of redshifts, against another program's answers where it has any."""

import csv
import io

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.measure.reports.redshift_figures import binned, bins_csv, estimates, fraction, nice_edges


@pytest.mark.parametrize(
    ("hits", "count", "low", "high"),
    [  # scipy 1.17.1: binomtest(hits, count).proportion_ci(method="wilson")
        (0, 10, 0.0, 0.27753279986),
        (1, 10, 0.01787621310, 0.40415002680),
        (10, 10, 0.72246720014, 1.0),
        (28, 1250, 0.01554267913, 0.03218381643),
    ],
)
def test_the_interval_of_a_fraction_is_wilsons(hits, count, low, high):
    found = fraction(hits, count)
    assert (found.value, found.count) == (hits / count, count)
    assert (found.low, found.high) == (pytest.approx(low, abs=1e-9), pytest.approx(high, abs=1e-9))


@given(st.integers(1, 10**8).flatmap(lambda count: st.tuples(st.integers(0, count), st.just(count))))
def test_a_fraction_lies_in_its_interval(given_):
    hits, count = given_
    found = fraction(hits, count)
    assert 0 <= found.low <= found.value <= found.high <= 1


def test_a_bootstrap_finds_the_error_of_a_mean_and_of_a_median():
    count, sigma = 4000, 0.02
    scaled = np.random.default_rng(1).normal(0.01, sigma, count)
    found = estimates(scaled, bias=float(scaled.mean()), count=count)
    width = 2 * 1.96 * sigma / np.sqrt(count)
    assert found["bias"].high - found["bias"].low == pytest.approx(width, rel=0.15)
    assert found["median"].high - found["median"].low == pytest.approx(width * np.sqrt(np.pi / 2), rel=0.2)
    assert found["sigma_nmad"].low < sigma < found["sigma_nmad"].high
    assert found == estimates(scaled, bias=float(scaled.mean()), count=count)


def test_of_a_sample_the_mean_has_the_interval_of_all():
    scaled = np.random.default_rng(1).normal(0, 0.02, 30_000)
    found = estimates(scaled, bias=0.001, count=3_000_000)
    assert found["bias"].high - found["bias"].low == pytest.approx(2 * 1.96 * 0.02 / np.sqrt(3e6), rel=0.15)
    assert found["bias"].low < 0.001 < found["bias"].high
    assert (found["bias"].count, found["median"].count) == (3_000_000, 30_000)


def test_too_few_records_have_no_bootstrap():
    found = estimates(np.array([0.1]), bias=0.1, count=1)
    assert (found["bias"].value, found["bias"].low, found["sigma_nmad"].high) == (0.1, None, None)


GOLDEN_D = np.array([-0.2, -0.06, -0.03, -0.01, 0.0, 0.0, 0.01, 0.02, 0.03, 0.04, 0.16, 0.051])


def test_a_bin_is_what_numpy_and_the_definitions_say():
    (found,) = binned(np.full(12, 17.2), GOLDEN_D, [17.0, 17.5])
    assert (found.count, found.low, found.high) == (12, 17.0, 17.5)
    assert found.median == pytest.approx(0.005)
    assert (found.p16, found.p84) == (pytest.approx(-0.0372), pytest.approx(0.04264))
    assert found.sigma_nmad == pytest.approx(1.48 * 0.03)  # the sixth and seventh least deviations are 0.025, 0.035
    assert (found.outliers.value, found.near_outliers.value) == (2 / 12, 4 / 12)


def test_a_bin_of_few_has_fractions_only_and_an_empty_one_nothing():
    few, none = binned(np.array([0.1, 0.1]), np.array([0.2, 0.0]), [0.0, 0.5, 1.0])
    assert (few.count, few.median, few.outliers.value) == (2, None, 0.5)
    assert (none.count, none.outliers, none.near_outliers) == (0, None, None)


@given(st.lists(st.floats(-1, 7, width=32), min_size=1, max_size=50))
@example([1.0, -2.6151099515037135e-12])
@example([1.625, 0.125])
def test_few_records_are_all_in_a_bin(places):
    places = np.array(places, np.float32)
    edges = nice_edges(places)
    found = binned(places, np.zeros(len(places)), edges)
    assert sum(each.count for each in found) == len(places)
    assert len(found) <= 17


def test_a_stray_record_does_not_stretch_the_bins():
    places = np.append(np.random.default_rng(1).uniform(0, 0.4, 5000), 99.0)
    assert max(nice_edges(places)) < 1


def test_bins_as_csv_leave_empty_what_is_not_known():
    bins = binned(np.array([0.1, 0.1]), np.array([0.2, 0.0]), [0.0, 0.5, 1.0])
    few, none = csv.DictReader(io.StringIO(bins_csv({"true redshift": bins})))
    assert (few["axis"], few["low"], few["count"], few["median"]) == ("true redshift", "0.0", "2", "")
    assert (few["outlier_fraction"], few["outlier_fraction_005"]) == ("0.5", "0.5")
    assert float(few["outlier_fraction_low"]) == pytest.approx(0.0945, abs=1e-3)
    assert none["outlier_fraction_high"] == ""
