"""Steps at once: only those that need nothing of each other, told in the plan's order, ended in order."""

import signal
import threading

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.aws.target import aws_target
from shared.config.lane import Place
from shared.deploy.apply import ApplyError, InterruptedApplyError, apply
from shared.deploy.model import Plan, Routine, Step
from shared.deploy.together import batches
from shared.deploy.watch import Watch
from shared.errors import LanesError

NAMES = ("alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel")  # none is part of another word here


class Untouched:
    """The steps here call nothing of AWS."""

    session = boto3.Session(region_name="us-east-1")
    target = aws_target(Place("123456789012", "us-east-1", "dev"))
    owner, caller = None, ""


def step(name, kind="role", action="create", **params):
    return Step(action, kind, name, calls=(Routine("do", {"name": name, **params}),))


def plan(*steps):
    return Plan("team2", "dev", steps, {})


def carried(todo, do, watch=None, told=None):
    """Carry *todo* out, and return what was told."""
    told = [] if told is None else told
    on = watch or Watch(on_step=told.append, at_once=4)
    apply(todo, Untouched(), on, routines={"do": lambda _aws, params, watch: do(params["name"], watch)}, kinds={})
    return [each.name for each in told]


def test_a_batch_is_of_one_kind_and_names_none_of_its_own():
    steps = [
        step("dead", "queue"),
        step("jobs", "queue", policy={"deadLetterTargetArn": "arn:aws:sqs:us-east-1:123456789012:dead"}),
        step("more", "queue"),
        step("alpha"),
        step("bravo", action="update"),
        step("charlie", action="delete"),
    ]
    assert [[each.name for each in group] for group in batches(steps)] == [
        ["dead"],
        ["jobs", "more"],
        ["alpha", "bravo"],
        ["charlie"],
    ]


@given(st.lists(st.tuples(st.sampled_from("xyz"), st.sampled_from(["create", "delete"])), max_size=12))
def test_batches_keep_every_step_and_the_order(kinds):
    steps = [step(f"n{number}", kind, action) for number, (kind, action) in enumerate(kinds)]
    groups = list(batches(steps))
    assert [each for group in groups for each in group] == steps
    assert all(len({(each.kind, each.action) for each in group}) == 1 for group in groups)


def test_steps_of_a_kind_run_at_once_and_are_told_in_order():
    meet = threading.Barrier(4)

    def do(name, _):
        if name != "machine":
            meet.wait(60)

    todo = plan(*(step(name) for name in NAMES[:4]), step("machine", "state machine"))
    assert carried(todo, do) == [*NAMES[:4], "machine"]


def test_the_next_kind_begins_when_all_of_this_one_are_done():
    done = []

    def do(name, _):
        assert name != "late" or sorted(done) == ["alpha", "bravo", "charlie"]
        done.append(name)

    carried(plan(step("alpha"), step("bravo"), step("charlie"), step("late", "function")), do)
    assert done[-1] == "late"


def test_a_failure_lets_what_is_begun_end_and_begins_nothing_more():
    failed, others = threading.Event(), threading.Barrier(4)
    told = []

    def do(name, _):
        if name in NAMES[:4]:
            others.wait(60)  # all four are begun
        if name == "bravo":
            failed.set()
            raise LanesError("no room", fix="make room")
        assert failed.wait(60)

    todo = plan(*(step(name) for name in NAMES), step("late", "function"))
    with pytest.raises(ApplyError) as stopped:
        carried(todo, do, told=told)
    assert [each.name for each in told][:3] == ["alpha", "charlie", "delta"]
    text = str(stopped.value)
    assert text.startswith(
        "could not create role bravo: no room\n  done: create role alpha\n  done: create role charlie\n"
    )
    assert "  left: create function late\n  fix: make room, then run the command again" in text
    assert text.count("done:") + text.count("left:") == len(todo.steps) - 1


def test_ctrl_c_ends_waits_and_tells_what_is_done_and_left():
    waiting = threading.Event()

    def interrupt():
        assert waiting.wait(60)
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)

    done = threading.Event()

    def do(name, watch):
        if name == "alpha":
            done.set()
            return
        assert done.wait(60)
        waiting.set()
        watch.sleep(3600)

    presser = threading.Thread(target=interrupt)
    presser.start()
    tick, todo = threading.Event(), plan(step("alpha"), step("bravo"), step("late", "function"))
    with pytest.raises(InterruptedApplyError) as stopped:
        carried(todo, do, Watch(sleep=lambda _: tick.wait(0.001), at_once=4))
    presser.join()
    assert str(stopped.value).startswith(
        "interrupted in the midst of create role bravo\n  done: create role alpha\n  left: create function late\n"
    )
