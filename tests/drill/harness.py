"""The drill: a deploy and a destroy are killed, or answered with faults, and the account is as if nothing had been.

``account.py`` has the account whose answers can be changed, ``works.py`` what is done to it, ``states.py`` lays it side
by side, and ``faults.py`` says what AWS may answer.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.drill import states
from tests.drill.account import Killed

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator

IN_A_ROW = 6  # faults of one call: all of them pass in less time than it has
_TRIES = 200  # of a command that is killed after its next call; each gets a call further
# Done twice when the answer is lost, and harmless: a further revision of the same, which nothing uses.
_TWICE = re.compile(r"/task_definitions/|/versions")


class Outcome(NamedTuple):
    """What came of one fault, or of one kill: the call, what befell it, and what is not as it should be."""

    call: str
    what: str
    wrong: list[str]


class Undisturbed(NamedTuple):
    """What steps do when nothing is in their way: each one's calls, and what the account then holds."""

    calls: tuple[list[str], ...]
    ends: tuple[dict[str, Any], ...]

    def all_calls(self) -> set[str]:
        """Return every call of every step."""
        return set().union(*self.calls)


def undisturbed(work: Any, steps: tuple[Callable[[], None], ...]) -> Undisturbed:
    """Take *steps* of *work*, from an account with nothing in it, and write down what comes of them."""
    work.prepare()
    work.account.take()
    calls, ends = [], []
    for step in steps:
        step()
        calls.append(work.account.take())
        ends.append(states.dump(work.services))
    return Undisturbed(tuple(calls), tuple(ends))


def killed_at_every_call(work: Any, first: int = 0, every: int = 1) -> Iterator[Outcome]:
    """Kill a deploy after each of its changing calls, then a destroy; run each again, and lay the account side by side.

    Between two calls nothing happens to the cloud, so killed after one call is killed before the next. From the *first*
    call on, *every* so many: so processes share the work.
    """
    steps = (work.deploy, work.destroy)
    known = undisturbed(work, steps)
    for at in range(first, max(map(len, known.calls)), every):
        work.prepare()
        for calls, step, end in zip(known.calls, steps, known.ends, strict=True):
            killed = at < len(calls) and not _run(step, work.account, at + 1)
            step()
            if killed:
                wrong = states.different(end, states.dump(work.services))
                yield Outcome(calls[at], f"{step.__name__} killed after call {at + 1}", wrong)
        work.account.take()


def killed_again_and_again(work: Any, of: Container[str] | None = None) -> Iterator[Outcome]:
    """Kill a deploy, and a destroy, after the next changing call, each time that it is run again, until it is done.

    After those that *of* names, if not after all.
    """
    steps = (work.deploy, work.destroy)
    known = undisturbed(work, steps)
    work.prepare()
    for step, end in zip(steps, known.ends, strict=True):
        work.account.take()
        before: list[str] = []
        calls = 1
        for _ in range(_TRIES):
            if _run(step, work.account, calls, of):
                break
            taken = work.account.take()
            # Each time a deploy is written down, and Chalice sets the retention of a function's logs: that far it was.
            again = next((at for at, pair in enumerate(zip(taken, before, strict=False)) if len(set(pair)) > 1), None)
            calls = 1 + (min(len(taken), len(before)) if again is None else again)
            before = taken
            yield Outcome(taken[-1], f"{step.__name__} killed after its next call", [])
        else:
            raise AssertionError(f"{step.__name__} does not come to its end: {before}")
        yield Outcome("", f"{step.__name__} run to its end", states.different(end, states.dump(work.services)))


def disturbed(work: Any, known: Undisturbed, faults_of: Callable[[str], tuple[Any, ...]]) -> Iterator[Outcome]:
    """Deploy, change and destroy with every fault of every call, so many of a call at a time; none may need a rerun.

    *known* is what these steps do undisturbed.
    """
    calls, account = known.all_calls(), work.account
    rounds = max(-(-len(faults_of(call)) // IN_A_ROW) for call in calls)
    for number in range(rounds):
        some = slice(number * IN_A_ROW, (number + 1) * IN_A_ROW)
        work.prepare()
        account.happened = []
        account.disturb({call: faults_of(call)[some] for call in calls})
        wrong = []
        for step, end in zip(work.steps(), known.ends, strict=True):
            step()
            wrong += [line for line in states.different(end, states.dump(work.services)) if not _TWICE.search(line)]
        account.disturb({})
        yield from (Outcome(call, str(fault), wrong) for call, fault in account.happened)


def _run(step: Callable[[], None], account: Any, kill_after: int, of: Container[str] | None = None) -> bool:
    """Take *step*, killed after so many calls, and say whether it came to its end."""
    account.kill_after(kill_after, of)
    try:
        step()
    except Killed:
        return False
    finally:
        account.kill_after(None)
    return True
