import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.config.aws_facts import MAP_CHILDREN, STANDARD_STARTS
from shared.handlers.s3 import POOL
from shared.measure.billing.cost import cost_of, with_express
from shared.measure.billing.usage import Usage, used_by_functions
from shared.measure.scaling.time_model import Choices, Fit, Size, parts, per_record, predict, published, recommend
from shared.measure.scaling.way import FIELD, OWN, OWN_READERS, Way, limits_of, together
from shared.run.report_line import Report

ROUNDING = 0.02  # of the grid of times


@pytest.fixture
def fit():
    return Fit(
        source="a law",
        start=2.0,
        joining=0.05,
        compute=0.004,
        overhead=0.06,
        rank_start=1.0,
        slow=0.04,
        factor=3.5,
        sigma=0.1,
        memory_mb=3538,
        worlds=(1, 64),
        rank_records=(100, 10_000),
        batches=(8, 128),
        measurements=1,
        held_out=1,
        error=0.1,
        error_90=0.2,
        under=0.1,
        over=0.2,
        runs={},
    )


def test_the_packaged_numbers_were_judged_on_a_half_that_was_held_out():
    fit = published()
    assert fit.error < 0.2
    assert fit.measurements == fit.held_out == 42
    assert set(fit.runs) == {"start", "joining", "compute", "overhead", "rank_start", "slow", "factor", "sigma"}


def test_parts_add_up_to_the_prediction(fit):
    for world in (1, 40, 3000):
        size = Size(1_000_000, world, 32, 3538)
        assert sum(parts(fit, size, concurrency=500).values()) == pytest.approx(
            predict(fit, size, concurrency=500).seconds
        )


def test_one_rank_takes_its_start_and_its_work(fit):
    found = parts(fit, Size(10_000, 1, 50, 3538))
    usual = 1.0 + 10_000 * (0.004 + 0.06 / 50)
    assert found["start"] == 2.0
    assert usual < found["slowest rank"] < 1.2 * usual  # the mean has the slow ranks in it
    assert found["joining"] == pytest.approx(0.05 / OWN_READERS)
    assert [found[name] for name in ("children", "environments", "concurrency", "s3")] == pytest.approx(
        [0] * 4, abs=0.1
    )


@pytest.mark.parametrize(
    ("way", "concurrency", "largest"),
    [
        (OWN, 10_000, "children"),  # 8,000 children at 100 a second
        (Way(children="express"), 10_000, "environments"),  # 1,000 children a second, and 100 environments
        (OWN, 100, "concurrency"),
        (FIELD, 10_000, "children"),
        (Way(children="inline"), 10_000, "children"),  # 40 at once
    ],
)
def test_the_part_that_holds_a_run_back_is_told(fit, way, concurrency, largest):
    found = parts(fit, Size(8000 * 500, 8000, 32, 3538), concurrency=concurrency, way=way)
    held = {name: found[name] for name in ("children", "environments", "concurrency", "s3")}
    assert max(held, key=held.get) == largest


def test_s3_holds_back_ranks_that_ask_for_more_than_it_answers(fit):
    way = Way(children="express", gets=500)
    assert parts(fit, Size(8000 * 500, 8000, 32, 3538), concurrency=10_000, way=way)["s3"] > 500


def test_the_fields_summarizer_joins_a_thousand_results_one_by_one_and_ours_all_of_them_together(fit):
    assert FIELD.turns(983) == 983
    assert FIELD.turns(10_485) == 1000
    assert OWN.turns(10_485) == pytest.approx(10_485 / 16)
    assert OWN_READERS == POOL


def test_limits_are_those_that_aws_documents():
    limits = together(limits_of(OWN, 5113, 1000), ("children", "environments", "concurrency", "s3"))
    assert (limits.starts, limits.at_once) == (STANDARD_STARTS.value, MAP_CHILDREN.value)
    assert (limits.environments, limits.growth, limits.concurrency) == (1000, 100, 1000)
    assert limits.served == pytest.approx(5500 / 14)  # 100 MB in parts of 8 MB, after one HEAD
    alone = limits_of(Way(children="inline"), 10, 5)["children"]
    assert (alone.starts, alone.at_once) == (math.inf, 40)


@settings(max_examples=40, deadline=None)
@given(
    records=st.integers(1, 10**8),
    world=st.integers(1, 10**4),
    batch=st.integers(1, 512),
    memory=st.integers(128, 10240),
)
def test_more_work_never_takes_less_and_more_memory_never_longer(records, world, batch, memory):
    fit = published()
    one = predict(fit, Size(records, world, batch, memory))
    assert 0 < one.low < one.seconds < one.high
    assert one.usd > 0
    more = predict(fit, Size(2 * records, world, batch, memory))
    assert more.seconds >= one.seconds * (1 - ROUNDING)
    assert more.usd >= one.usd
    assert predict(fit, Size(records, world, batch, 10240)).seconds <= one.seconds * (1 + ROUNDING)
    assert predict(fit, Size(records, world, batch, memory), concurrency=10**4).seconds <= one.seconds * (1 + ROUNDING)


def test_recommendations_keep_deadline_budget_and_lambdas_limit(fit):
    runs = Choices().runs(fit, 1_000_000)
    assert max(run.rank_seconds for run in runs) <= 900
    assert {run.size.batch_size for run in runs} == {128}
    fastest = recommend(runs)
    assert fastest.seconds == min(run.seconds for run in runs)
    thrifty = recommend(runs, deadline=600)
    assert thrifty.high <= 600
    assert thrifty.usd == min(run.usd for run in runs if run.high <= 600)
    within = recommend(runs, budget=thrifty.usd)
    assert within.usd <= thrifty.usd
    assert within.seconds <= thrifty.seconds
    assert recommend(runs, deadline=fastest.seconds / 2) is None
    assert recommend(runs, deadline=600, budget=thrifty.usd / 2) is None


def test_an_interval_is_wider_where_nothing_was_measured(fit):
    assert [fit.covers(world) for world in (1, 64, 65)] == [True, True, False]
    assert fit.widened(64, 10_000) == 1
    assert fit.widened(64 * 64, 10_000) == pytest.approx(math.sqrt(2))  # as far again as the measured worlds reach
    assert fit.widened(65, 10_000) < fit.widened(1000, 10_000) < fit.widened(1000, 20_000)

    alike = replace(fit, slow=0.0, sigma=0.01)

    def width(world):
        found = predict(alike, Size(1000 * world, world, 32, 3538))
        return math.log(found.high / found.low)

    assert width(64) == pytest.approx(0.3, rel=0.02)  # 0.1 below and 0.2 above
    assert width(64 * 64) == pytest.approx(0.3 * math.sqrt(2), rel=0.02)


def test_the_spread_of_the_slowest_rank_is_in_the_interval(fit):
    def high(factor):
        found = predict(replace(fit, factor=factor), Size(64_000, 64, 32, 3538))
        return found.high / found.seconds

    assert high(1.0) < high(3.5) < high(6.0)


def test_a_record_is_quicker_on_more_memory_up_to_six_cpus(fit):
    assert per_record(fit, 6, 1769) == pytest.approx(2 * per_record(fit, 6, 3538))
    assert per_record(fit, 6, 3538) == pytest.approx(0.004 + 0.01)


def priced(fit, way, world=100):
    size = Size(100_000, world, 128, fit.memory_mb)
    return predict(fit, size, way=way)


def test_a_run_is_predicted_to_make_the_requests_that_it_is_billed_for(fit):
    worlds = 100
    # As a rehearsal counts them: tests/workflows/test_cosmic.py.
    init, last = (
        {"s3:PutObject": 1, "s3:ListObjectsV2": 1},
        {"s3:PutObject": 3, "s3:ListObjectsV2": 1, "s3:GetObject": 2 * worlds},
    )
    rank = {"s3:PutObject": 2, "s3:HeadObject": 1, "s3:GetObject": 3, "secretsmanager:GetSecretValue": 1}
    check = {"secretsmanager:GetSecretValue": 1}
    asked = [init, check, *[rank] * worlds, last]
    reports = [Report("r", 0.0, 0, fit.memory_mb, 40, None, requests=each) for each in asked]
    billed = used_by_functions([("f", each) for each in reports], {})
    one = priced(fit, OWN, worlds)
    seconds = worlds * one.rank_seconds * fit.memory_mb / 1024
    used = Usage(
        worlds + 3, seconds, state_transitions=worlds + 6, s3_puts=billed.s3_puts, s3_gets=billed.s3_gets,
        secrets_requests=billed.secrets_requests,
    )  # fmt: skip
    assert one.usd == pytest.approx(cost_of(used).usd, rel=1e-12)


def test_express_children_are_predicted_to_cost_their_time_and_no_transitions(fit):
    express, standard, inline = (priced(fit, Way(children=each)) for each in ("express", "standard", "inline"))
    steps = math.ceil(10 * express.rank_seconds)
    change = Usage(state_transitions=-100, express_requests=100, express_gb_seconds=100 * steps * 0.1 * 64 / 1024)
    assert express.usd == pytest.approx(with_express(cost_of(Usage()), change) + standard.usd, rel=1e-12)
    assert inline.usd == standard.usd  # each state of an inline Map is one of the run's own
