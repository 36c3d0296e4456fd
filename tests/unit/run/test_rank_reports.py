"""What ranks used, from the logs of their run."""

from datetime import timedelta

import pytest

from shared.run.find import Found
from shared.run.rank_reports import RankUse, read_uses


@pytest.fixture
def found(run, started):
    return Found(run, "SUCCEEDED", started, started + timedelta(seconds=30), "{}", "{}")


@pytest.fixture
def logs(aws):
    """The logs, whose filter here takes every pattern as none: what it sends too much must change nothing."""
    read = aws.logs._read

    def unfiltered(*, filterPattern, endTime, **asked):
        assert all(
            word in filterPattern for word in ("START", "REPORT", "platform.start", "platform.report", "progress")
        )
        return read(**asked)

    aws.logs._read = unfiltered
    return aws.logs


def test_a_rank_is_billed_for_all_of_its_invocations(aws, logs, found, lines):
    logs.groups["/aws/lambda/team-w-work-0"] = lines("r1", 3, 1) + lines("r2", 3, 300, at=5) + lines("r3", 4, 300)
    uses = read_uses(aws, found, {})
    assert uses.by_rank == {3: RankUse(2, 5002, 1769, 210, 500.4), 4: RankUse(1, 2501, 1769, 210, 500.4)}
    assert uses.others == 0


def test_an_invocation_that_says_no_rank_is_joined_by_the_history_or_counted(aws, logs, found, lines):
    quiet = [each for each in lines("r1", 0, 0) + lines("r2", 0, 0) if "progress" not in each[2]]
    logs.groups["/aws/lambda/team-w-work-0"] = quiet + lines("r3", 5, 1, run_id="run-2")
    uses = read_uses(aws, found, {"r1": 9})
    assert (list(uses.by_rank), uses.others) == ([9], 2)


def test_an_invocation_after_the_end_is_not_counted_with_the_others(aws, logs, found, lines):
    logs.groups["/aws/lambda/team-w-work-0"] = lines("r3", 5, 1, run_id="run-2", at=40)
    assert read_uses(aws, found, {}).others == 0


def test_the_invocations_of_another_map_are_not_those_of_its_rank_of_that_number(aws, logs, found, lines):
    logs.groups["/aws/lambda/team-w-work-0"] = lines("r1", 3, 1) + lines("r2", 3, 1, at=5)
    uses = read_uses(aws, found, {"r1": 3}, {"r2"})
    assert ({rank: use.invocations for rank, use in uses.by_rank.items()}, uses.others) == ({3: 1}, 0)
