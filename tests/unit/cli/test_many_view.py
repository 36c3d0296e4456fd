"""Work for many teams: one failure loses no other, Ctrl-C tells what was not begun, and there is one table."""

import json
import signal
import threading

import pytest
import typer

from shared.cli.many_view import AT_ONCE, Row, check_which, finish, for_each, table, teams_of
from shared.errors import INTERRUPTED, LanesError, UsageError

TEAMS = [f"team{number}" for number in range(20)]


def failing(*failed):
    def work(team, _):
        if team in failed:
            raise LanesError(f"no room for {team}", where="iam", fix="make room")
        return Row(team, "3 created", {"steps": "3"}, {"steps": 3})

    return work


def test_rows_stand_in_the_teams_order_and_a_failure_loses_no_other():
    rows = for_each(TEAMS, failing("team3", "team11"), "deploying")
    assert [row.team for row in rows] == TEAMS
    assert [row.team for row in rows if row.error] == ["team3", "team11"]
    assert {row.words for row in rows if not row.error} == {"3 created"}


def test_several_are_at_work_at_once_and_never_more_than_said():
    lock, busy, most = threading.Lock(), 0, 0
    all_there = threading.Barrier(AT_ONCE)

    def work(team, _):
        nonlocal busy, most
        with lock:
            busy += 1
            most = max(most, busy)
        all_there.wait(60)  # 20 teams are five times four
        with lock:
            busy -= 1
        return Row(team, "done")

    for_each(TEAMS, work, "deploying")
    assert most == AT_ONCE


def test_a_fault_of_ours_is_a_failure_of_that_team_alone():
    def work(team, _):
        if team == "team1":
            raise ZeroDivisionError
        return Row(team, "done")

    failed = [row for row in for_each(TEAMS, work, "proving") if row.error]
    assert [row.team for row in failed] == ["team1"]
    assert "this is a fault in lanes itself: ZeroDivisionError" in str(failed[0].error)


def test_ctrl_c_lets_what_is_begun_end_and_begins_nothing_more():
    at_work = threading.Barrier(3)

    def work(team, stop):
        if team not in ("team0", "team1"):
            raise AssertionError(team)
        at_work.wait(60)
        assert stop.wait(60)
        return Row(team, "2 created")

    def interrupt():
        at_work.wait(60)
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)

    presser = threading.Thread(target=interrupt)
    presser.start()
    rows = for_each(TEAMS, work, "deploying", at_once=2)
    presser.join()
    assert [row.words for row in rows] == ["2 created"] * 2 + ["not begun"] * 18
    with pytest.raises(typer.Exit) as ended:
        finish(rows, as_json=False)
    assert ended.value.exit_code == INTERRUPTED


class Pressed(list[str]):
    """Teams. Ctrl-C is pressed where the third is asked for: so between the starts of work."""

    def __iter__(self):
        for number, team in enumerate(super().__iter__()):
            if number == 2:
                signal.raise_signal(signal.SIGINT)
            yield team


def test_ctrl_c_while_work_is_handed_out_begins_nothing_more():
    begun = []

    def work(team, stop):
        begun.append(team)
        assert stop.wait(60)
        return Row(team, "2 created")

    rows = for_each(Pressed(TEAMS), work, "deploying", at_once=2)
    assert [row.words for row in rows] == ["2 created" if team in begun else "not begun" for team in TEAMS]
    assert set(begun) <= set(TEAMS[:2])


def test_a_second_ctrl_c_ends_it():
    def work(team, stop):
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
        assert stop.wait(60)
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
        return Row(team, "done")

    with pytest.raises(KeyboardInterrupt):
        for_each(TEAMS[:1], work, "deploying")
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_the_table_has_a_line_for_each_team_and_failures_below(capsys):
    rows = [
        Row("alpha", "as deployed", {"steps": "12"}),
        Row("be", "failed", error=LanesError("it broke\n  done: nothing", where="team be", fix="mend it")),
    ]
    assert table(rows) == ["team   steps", "alpha     12  as deployed", "be            failed: it broke"]
    with pytest.raises(typer.Exit) as ended:
        finish(rows, as_json=False)
    assert ended.value.exit_code == 1
    told = capsys.readouterr()
    assert told.out.splitlines() == table(rows)
    assert "error: be: team be: it broke\n  done: nothing\n  fix: mend it\n" in told.err
    assert told.err.endswith("2 teams: 1 done, 1 failed\n")


def test_names_from_others_control_no_terminal(capsys):
    finish([Row("alpha", "\x1b[2Jgone")], as_json=False)
    assert "\x1b" not in capsys.readouterr().out


def test_json_holds_each_team_with_its_error(capsys):
    with pytest.raises(typer.Exit):
        finish(for_each(TEAMS[:2], failing("team1"), "planning"), as_json=True)
    assert json.loads(capsys.readouterr().out) == [
        {"team": "team0", "steps": 3},
        {
            "team": "team1",
            "error": {"what": "no room for team1", "where": "iam", "fix": "make room"},
            "begun": True,
        },
    ]


def test_all_went_well_ends_quietly(capsys):
    finish(for_each(TEAMS[:1], failing(), "planning"), as_json=False)
    assert "1 of 1  team0: 3 created" in capsys.readouterr().err


def test_teams_or_all():
    check_which(["a"], every=False, command="lanes deploy")
    check_which([], every=True, command="lanes deploy")
    with pytest.raises(UsageError, match="leave one of them out"):
        check_which(["a"], every=True, command="lanes deploy")
    with pytest.raises(UsageError, match=r"lanes deploy TEAM\.\.\., or lanes deploy --all"):
        check_which([], every=False, command="lanes deploy")
    with pytest.raises(UsageError, match="which team\\?") as refused:
        check_which([], every=False, command="lanes cost", several=False)
    assert str(refused.value.fix).startswith("lanes cost TEAM, or lanes cost --all")


def test_who_is_meant(project):
    assert teams_of(project, ["team2", "team1", "team2"]) == ["team2", "team1"]
    assert teams_of(project, []) == list(project.teams)
    with pytest.raises(UsageError, match="unknown team 'team99'"):
        teams_of(project, ["team99"])
