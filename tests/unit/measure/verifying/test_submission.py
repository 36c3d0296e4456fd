import json
import os

import pytest

from shared.errors import UsageError
from shared.measure.reports.report import EMBEDDED, Report, write_report
from shared.measure.verifying.consistent import judge_alone
from shared.measure.verifying.grade import hold_alone, without_runs
from shared.measure.verifying.submission import Unreadable, find_submissions, read_manifest
from tests.helpers.reported_run import manifest


@pytest.fixture
def hand_in(tmp_path):
    """Return a function that writes a report into a folder of submissions, and returns that."""
    recorded = manifest()

    def write(name):
        write_report(Report("a run", "now", [], []), tmp_path / "submissions" / name, recorded)
        return tmp_path / "submissions" / name

    return write


def test_reports_are_found_in_folders_and_as_pages_alone(hand_in, tmp_path):
    hand_in("ann")
    hand_in("ben/deep/down")
    place = tmp_path / "submissions"
    (place / "eve.html").write_bytes((hand_in("eve") / "report.html").read_bytes())
    (place / "slides.html").write_text("<p>no report</p>")
    (place / "zoe").mkdir()
    (place / "zoe" / "report.pdf").write_text("PDF")
    found, empty = find_submissions(place)
    assert [each.name for each in found] == ["eve", "ann", "ben/deep/down", "eve"]
    assert empty == ["zoe"]
    assert [each.data is None for each in found] == [True, False, False, False]


@pytest.mark.parametrize("named", ["", "report.json", "report.html"])
def test_one_report_is_named_by_its_folder_or_either_file(hand_in, named):
    found, empty = find_submissions(hand_in("ann") / named)
    assert [(each.data.name, each.page.name, each.markdown.name) for each in found] == [
        ("report.json", "report.html", "report.md")
    ]
    assert empty == []


def test_a_place_without_reports_is_refused(tmp_path):
    with pytest.raises(UsageError, match="no report in"):
        find_submissions(tmp_path)
    with pytest.raises(UsageError, match="there is no"):
        find_submissions(tmp_path / "nowhere")


def test_links_are_not_followed(hand_in, tmp_path):
    theirs, place = hand_in("ann"), tmp_path / "submissions"
    secret = tmp_path / "secret.json"
    secret.write_text((theirs / "report.json").read_text())
    (place / "eve").mkdir()
    (place / "eve" / "report.json").symlink_to(secret)
    (place / "link").symlink_to(tmp_path)
    found, empty = find_submissions(place)
    assert [each.name for each in found] == ["ann"]
    assert empty == ["eve"]


def test_what_becomes_a_link_after_it_was_found_is_not_read(hand_in, tmp_path):
    theirs = hand_in("ann")
    (found,), _ = find_submissions(theirs)
    (theirs / "report.json").rename(tmp_path / "elsewhere")
    (theirs / "report.json").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Unreadable, match="it cannot be read"):
        read_manifest(found)


BROKEN = {
    "no JSON": b"{",
    "deep": b'{"teamlanes_report": 1, "kind": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "rather deep": b'{"teamlanes_report": 1, "kind": ' + b"[" * 90 + b"]" * 90 + b"}",
    "a key twice": b'{"teamlanes_report": 1, "teamlanes_report": 1}',
    "a key twice of many": b'{"teamlanes_report": 1'
    + b"".join(b',"%d":1' % each for each in range(60_000))
    + b',"9":1}',
    "more values than any report": b'{"teamlanes_report": [' + b"{}," * 3_000_000 + b"1]}",
    "NaN": b'{"teamlanes_report": NaN}',
    "too large a number": b'{"teamlanes_report": 1e300}',
    "a long integer": b'{"teamlanes_report": ' + b"9" * 5000 + b"}",
    "another kind": b'{"teamlanes_report": 1, "kind": "exam"}',
    "half of it": b'{"teamlanes_report": 1, "kind": "run"}',
    "a list": b'["teamlanes_report"]',
    "not UTF-8": b'{"teamlanes_report": "\xff"}',
}


@pytest.mark.parametrize("data", BROKEN.values(), ids=BROKEN)
def test_what_is_no_report_cannot_be_read_and_loses_no_other(hand_in, tmp_path, data):
    (hand_in("ann") / "report.json").write_bytes(data)
    hand_in("ben")
    found, _ = find_submissions(tmp_path / "submissions")
    ann, ben = without_runs(list(hold_alone(found, lambda _: None)))
    assert (ann.outcome, ben.outcome) == ("cannot be read", "does not follow")  # ben's page shows no section
    assert "Traceback" not in ann.why


def test_a_key_that_no_report_has_is_refused(hand_in):
    folder = hand_in("ann")
    value = json.loads((folder / "report.json").read_text())
    value["evidence"]["more"] = 1
    (folder / "report.json").write_text(json.dumps(value))
    (found,), _ = find_submissions(folder)
    with pytest.raises(Unreadable, match=r"evidence\.more"):
        read_manifest(found)


def test_a_report_of_before_requests_were_counted_is_told_from_a_forged_one(hand_in):
    folder = hand_in("ann")
    value = json.loads((folder / "report.json").read_text())
    for row in value["evidence"]["rows"]:
        del row["report"]["requests"]
    (folder / "report.json").write_text(json.dumps(value))
    (found,), _ = find_submissions(folder)
    with pytest.raises(Unreadable, match="before the requests of functions were counted") as raised:
        read_manifest(found)
    assert "make it again" in raised.value.fix


def test_a_page_without_figures_is_told_what_to_do(tmp_path):
    (tmp_path / "report.html").write_text("<p>mae 0.01</p>")
    (found,), _ = find_submissions(tmp_path)
    with pytest.raises(Unreadable, match="hand in its folder"):
        read_manifest(found)


def test_a_copy_in_the_page_that_says_otherwise_is_named(hand_in):
    folder = hand_in("ann")
    page = (folder / "report.html").read_text()
    start = page.index(EMBEDDED)
    (folder / "report.html").write_text(page[:start] + page[start:].replace('"transitions":6', '"transitions":5', 1))
    (found,), _ = find_submissions(folder)
    _, findings, _ = judge_alone(found)
    named = {each.figure: (each.says, each.follows) for each in findings}
    assert named["evidence.transitions"] == ("6", "5")


def test_a_pipe_is_not_waited_for(hand_in):
    folder = hand_in("ann")
    (folder / "report.md").unlink()
    os.mkfifo(folder / "report.md")
    (found,), _ = find_submissions(folder)
    assert found.markdown is None
