"""The end of a log: which lines are shown beside a failure."""

from shared.run.failure import Failure
from shared.run.log_tail import tail_of, untold
from shared.run.logs import Invocation


def test_the_tail_begins_at_start_and_has_fifteen_lines_at_most():
    cold = ["INIT", "Traceback of the cold start"]
    short = Invocation("r", "f", lines=[*cold, "START RequestId: r", "hello", "END RequestId: r"])
    assert tail_of(short) == ("START RequestId: r", "hello", "END RequestId: r")
    long = Invocation("r", "f", lines=["START RequestId: r", *map(str, range(30))])
    assert tail_of(long) == tuple(map(str, range(15, 30)))


def test_a_failure_without_a_traceback_leaves_all_lines():
    failure = Failure("FAILED", "Work", None, "E", "no header", "r")
    assert untold(("START RequestId: r", "hello", "END RequestId: r"), failure) == [
        *["START RequestId: r", "hello", "END RequestId: r"]
    ]


def test_what_the_failure_says_already_is_left_out():
    failure = Failure("FAILED", "Work", None, "E", "no header", "r", traceback=("frame",))
    assert untold(("START RequestId: r", "hello", "[ERROR] E: no header", "END RequestId: r"), failure) == ["hello"]
