"""How a failed run is told."""

from shared.run.failure import Failure
from shared.run.failure_text import failure_text
from shared.run.gather import Outcome

RUN = "20260102T030405Z-a1b2c3"


def told(failure, log, more=None):
    return failure_text(RUN, Outcome("FAILED", 1.0, (), None, failure, log), more)


def test_a_failure_names_state_rank_error_and_the_end_of_the_log():
    failure = Failure("FAILED", "Inference", 3, "CorruptPartition", "no header", "request-1")
    text = told(failure, ("START", "Traceback", "REPORT"))
    assert text.splitlines() == [
        "run 20260102T030405Z-a1b2c3 FAILED at state Inference, rank 3",
        "  CorruptPartition: no header",
        "  the end of its log (request request-1):",
        "    START",
        "    Traceback",
        "    REPORT",
    ]


def test_a_traceback_is_told_once_with_the_command_for_the_rest():
    frame = '  File "shared/handlers/merge.py", line 3, in <module>\n    TABLE["b"]'
    failure = Failure("FAILED", "Merge", None, "KeyError", "'b'", "request-1", traceback=(frame,))
    log = (
        "START RequestId: request-1",
        "hello",
        f"[ERROR] KeyError: 'b'\nTraceback\n{frame}",
        "END RequestId: request-1",
    )
    text = told(failure, log, "lanes logs team1 r")
    assert text.splitlines() == [
        "run 20260102T030405Z-a1b2c3 FAILED at state Merge",
        "  Traceback (most recent call last):",
        '    File "shared/handlers/merge.py", line 3, in <module>',
        '      TABLE["b"]',
        "  KeyError: 'b'",
        "  the end of its log (request request-1):",
        "    hello",
        "  all of its log: lanes logs team1 r",
    ]


def test_code_that_cannot_be_loaded_is_told_with_its_fix():
    said = "Unable to import module 'm': No module named 'typer'"
    failure = Failure("FAILED", "Merge", None, "Runtime.ImportModuleError", said, "request-1", fix="add typer")
    log = ("START RequestId: request-1", f"[ERROR] Runtime.ImportModuleError: {said}\nTraceback", "REPORT")
    text = told(failure, (*log[:2], "END RequestId: request-1"))
    assert text.splitlines()[1:] == [f"  Runtime.ImportModuleError: {said}", "  fix: add typer"]


def test_an_error_with_a_fix_is_told_once():
    said = "there is no such model\n  fix: lanes model import"
    failure = Failure("FAILED", "Init", None, "WrongModel", said, "request-1")
    start, thrown = (
        "START RequestId: request-1",
        f"[ERROR] WrongModel: {said}\nTraceback (most recent call last):\n  File",
    )
    progress = '{"progress": {"run_id": "r", "rank": 0, "done": 0, "of": 0}}'
    log = (start, progress, "there is no such model", thrown, "END RequestId: request-1")
    text = told(failure, log)
    assert text.splitlines()[1:] == [f"  WrongModel: {said.splitlines()[0]}", "  fix: lanes model import"]
    text = told(failure, (*log, "looked in models/"))
    assert text.splitlines()[3:] == ["  the end of its log (request request-1):", "    looked in models/"]
