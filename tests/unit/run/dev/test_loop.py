"""What the loop does, event by event: the table of its docstring."""

import pytest

from shared.run.dev.loop import (
    Deploy,
    Deployed,
    Doing,
    Ended,
    Enter,
    Loop,
    Quit,
    Run,
    Saved,
    Stop,
    Tell,
    Wait,
    first,
    step,
)

WAITING, DEPLOYING, RUNNING = Loop(), Loop(doing=Doing.DEPLOYING), Loop(doing=Doing.RUNNING)
STOPPING = Loop(doing=Doing.STOPPING)
SAVED = Saved(("a.py",))


def kinds(actions):
    return [type(each) for each in actions]


TABLE = [
    # before, event, doing, asked again, waiting saves, actions
    (WAITING, SAVED, Doing.DEPLOYING, False, (), [Deploy]),
    (Loop(on_save=True), SAVED, Doing.DEPLOYING, True, (), [Deploy]),
    (WAITING, Enter(), Doing.RUNNING, False, (), [Run]),
    (Loop(broken=True), Enter(), Doing.DEPLOYING, True, (), [Deploy]),
    (WAITING, Quit(), Doing.OVER, False, (), []),
    (DEPLOYING, Deployed(fine=True), Doing.WAITING, False, (), [Wait]),
    (Loop(doing=Doing.DEPLOYING, again=True), Deployed(fine=True), Doing.RUNNING, False, (), [Run]),
    (Loop(doing=Doing.DEPLOYING, again=True), Deployed(fine=False), Doing.WAITING, False, (), [Wait]),
    (DEPLOYING, Quit(), Doing.OVER, False, (), []),
    (RUNNING, SAVED, Doing.RUNNING, False, ("a.py",), [Tell]),
    (Loop(on_save=True, doing=Doing.RUNNING), SAVED, Doing.STOPPING, True, ("a.py",), [Stop]),
    (RUNNING, Enter(), Doing.STOPPING, True, (), [Stop]),
    (RUNNING, Ended(), Doing.WAITING, False, (), [Wait]),
    (RUNNING, Quit(), Doing.OVER, False, (), [Stop]),
    (STOPPING, SAVED, Doing.STOPPING, False, ("a.py",), []),
    (STOPPING, Enter(), Doing.STOPPING, True, (), []),
    (STOPPING, Quit(), Doing.OVER, False, (), []),
    (Loop(doing=Doing.RUNNING, saved=("a.py",)), Ended(), Doing.DEPLOYING, False, (), [Deploy]),
    (Loop(doing=Doing.STOPPING, saved=("a.py",), again=True), Ended(), Doing.DEPLOYING, True, (), [Deploy]),
    (Loop(doing=Doing.STOPPING, again=True), Ended(), Doing.RUNNING, False, (), [Run]),
]


@pytest.mark.parametrize(("before", "event", "doing", "again", "saved", "actions"), TABLE)
def test_the_table(before, event, doing, again, saved, actions):
    after, todo = step(before, event)
    assert (after.doing, after.again, after.saved, kinds(todo)) == (doing, again, saved, actions)


EXPRESS = [
    (Loop(doing=Doing.RUNNING, stoppable=False), SAVED, False, ("a.py",)),
    (Loop(on_save=True, doing=Doing.RUNNING, stoppable=False), SAVED, True, ("a.py",)),
    (Loop(doing=Doing.RUNNING, stoppable=False), Enter(), True, ()),
]


@pytest.mark.parametrize(("before", "event", "again", "saved"), EXPRESS)
def test_a_run_that_nobody_can_stop_is_waited_for_and_that_is_said(before, event, again, saved):
    after, todo = step(before, event)
    assert (after.doing, after.again, after.saved) == (Doing.RUNNING, again, saved)
    assert [type(each) for each in todo] == [Tell]
    assert "nothing stops an express run" in todo[0].text


def test_leaving_says_that_an_express_run_goes_on():
    after, todo = step(Loop(doing=Doing.RUNNING, stoppable=False), Quit())
    assert after.doing is Doing.OVER
    assert kinds(todo) == [Tell]


def test_the_first_thing_is_a_deployment_and_then_a_run():
    loop, todo = first(on_save=False)
    assert todo == (Deploy(()),)
    assert step(loop, Deployed(fine=True))[1] == (Run(),)


def test_files_of_several_saves_are_deployed_once_each():
    loop, _ = step(STOPPING, Saved(("a.py", "b.py")))
    loop, _ = step(loop, Saved(("b.py", "c.py")))
    assert step(loop, Ended())[1] == (Deploy(("a.py", "b.py", "c.py")),)


def test_after_broken_files_no_older_code_runs():
    loop, todo = step(Loop(doing=Doing.DEPLOYING, again=True), Deployed(fine=False))
    assert kinds(todo) == [Wait]
    loop, todo = step(loop, Enter())
    assert kinds(todo) == [Deploy]
    _, todo = step(loop, Deployed(fine=True))
    assert kinds(todo) == [Run]
