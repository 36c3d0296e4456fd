from datetime import date

import pytest
from botocore.session import get_session
from chalice.deploy.packager import LambdaDeploymentPackager

from shared.config.runtimes import MACHINE, OFFERED, READ, RUNTIMES, SOURCE, end_of, refused


def test_the_table_says_where_it_is_from_and_knows_all_that_is_offered():
    assert SOURCE.startswith("https://docs.aws.amazon.com/lambda/")
    assert date(2026, 1, 1) <= READ
    assert set(OFFERED) <= set(RUNTIMES)
    assert MACHINE in OFFERED
    for runtime in RUNTIMES.values():
        assert runtime.deprecated < runtime.no_create < runtime.no_update


def test_lambda_and_chalice_have_all_that_is_offered():
    has = get_session().get_service_model("lambda").shape_for("Runtime").enum
    assert set(OFFERED) <= set(has)
    assert set(OFFERED) <= set(LambdaDeploymentPackager._RUNTIME_TO_ABI)


@pytest.mark.parametrize(
    ("runtime", "today", "said"),
    [
        ("python3.11", date(2026, 11, 29), ""),
        (
            "python3.11",
            date(2026, 12, 29),
            "python3.11 is deprecated on 2027-06-30; from 2027-07-31 on Lambda makes no",
        ),
        ("python3.11", date(2027, 6, 30), "python3.11 is deprecated since 2027-06-30; from 2027-07-31 on Lambda makes"),
        ("python3.11", date(2027, 7, 31), "Lambda makes no python3.11 functions any more, since 2027-07-31"),
        ("python3.14", date(2026, 11, 29), ""),
        ("python3.99", date(2026, 11, 29), ""),
    ],
)
def test_the_end_is_told_six_months_before(runtime, today, said):
    told = end_of(runtime, today)
    assert told.startswith(said)
    assert bool(told) == bool(said)


@pytest.mark.parametrize(
    ("runtime", "today", "new", "why"),
    [
        ("python3.11", date(2027, 7, 30), True, ""),
        ("python3.11", date(2027, 7, 31), True, "Lambda makes no python3.11 functions since 2027-07-31"),
        ("python3.11", date(2027, 7, 31), False, ""),
        ("python3.11", date(2027, 8, 31), False, "Lambda changes no python3.11 functions since 2027-08-31"),
        ("python3.10", date(2026, 11, 29), True, "python3.10 is none of the runtimes for it"),
        ("python3.14", date(2026, 11, 29), True, ""),
    ],
)
def test_what_lambda_does_not_take_any_more(runtime, today, new, why):
    told = refused(runtime, today, new=new)
    assert told.startswith(why)
    assert bool(told) == bool(why)


def test_a_project_may_say_what_its_functions_run_on(files):
    files.team("alpha", "workflows: {stars: }\n")
    assert (files.load().runtime, files.load().teams["alpha"].runtime) == (MACHINE, MACHINE)
    files.edit("shared/settings.yaml", "  # runtime: python3.13", "  runtime: python3.14")
    assert (files.load().runtime, files.load().teams["alpha"].runtime) == ("python3.14", "python3.14")
    files.edit("shared/settings.yaml", "  runtime: python3.14", "  runtime: python3.10")
    assert any("defaults.runtime" in problem for problem in files.problems())
