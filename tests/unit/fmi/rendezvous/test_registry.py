"""Who is paired with whom, as a state machine: nobody twice, and nobody with a dead client."""

from dataclasses import dataclass
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from shared.fmi.rendezvous.registry import Full, Matched, Registry, Waits


@dataclass(eq=False)
class Party:
    source: str = "10.0.0.1"
    up: bool = True

    def alive(self) -> bool:
        return self.up


def test_the_second_meets_the_first() -> None:
    registry = Registry(10, 10, 60)
    first, second = Party(), Party()
    assert isinstance(registry.join(b"n", first, 0), Waits)
    match = registry.join(b"n", second, 1)
    assert isinstance(match, Matched)
    assert match.other is first
    assert len(registry) == 0


def test_a_waiter_that_came_back_with_its_token_takes_its_place() -> None:
    registry = Registry(10, 10, 60)
    lost, back, peer = Party(), Party(), Party()
    waits = registry.join(b"n", lost, 0)
    assert isinstance(waits, Waits)
    token = waits.token
    assert registry.join(b"n", back, 1, token=token) == Waits(token, lost)
    match = registry.join(b"n", peer, 2)
    assert isinstance(match, Matched)
    assert match.other is back


def test_a_dead_waiter_is_replaced_not_matched() -> None:
    registry = Registry(10, 10, 60)
    dead, living = Party(up=False), Party()
    registry.join(b"n", dead, 0)
    outcome = registry.join(b"n", living, 1)
    assert isinstance(outcome, Waits)
    assert outcome.replaced is dead


def test_relays_and_punches_do_not_meet() -> None:
    registry = Registry(10, 10, 60)
    registry.join(b"n", Party(), 0, relay=True)
    assert isinstance(registry.join(b"n", Party(), 0), Waits)


def test_the_bounds_are_named() -> None:
    registry = Registry(3, 2, 60)
    assert isinstance(registry.join(b"1", Party(), 0), Waits)
    assert isinstance(registry.join(b"2", Party(), 0), Waits)
    assert registry.join(b"3", Party(), 0) == Full("waiting_per_source")
    assert isinstance(registry.join(b"3", Party("10.0.0.2"), 0), Waits)
    assert registry.join(b"4", Party("10.0.0.3"), 0) == Full("waiting")


class RegistryMachine(RuleBasedStateMachine):
    """Names come and go at random; a plain dictionary says what must happen."""

    def __init__(self) -> None:
        super().__init__()
        self.registry = Registry(5, 3, 10)
        self.model = {}
        self.now = 0.0

    @rule(name=st.sampled_from([b"a", b"b", b"c", b"d", b"e", b"f"]), source=st.sampled_from(["x", "y"]))
    def join(self, name: Any, source: Any) -> None:
        client = Party(source)
        outcome = self.registry.join(name, client, self.now)
        waiting = self.model.get(name)
        if waiting is not None and waiting[0].up:
            assert isinstance(outcome, Matched)
            assert outcome.other is waiting[0]
            del self.model[name]
            return
        self.model.pop(name, None)
        sources = [party.source for party, _ in self.model.values()]
        if len(self.model) >= 5 or sources.count(source) >= 3:
            assert isinstance(outcome, Full)
        else:
            assert isinstance(outcome, Waits)
            self.model[name] = (client, self.now + 10)

    @rule(name=st.sampled_from([b"a", b"b", b"c"]))
    def leave(self, name: Any) -> None:
        if name in self.model:
            assert self.registry.leave(self.model.pop(name)[0]) == [name]
        assert not self.registry.leave(Party())

    @rule(name=st.sampled_from([b"a", b"b", b"c"]))
    def die(self, name: Any) -> None:
        if name in self.model:
            self.model[name][0].up = False

    @rule(seconds=st.floats(0, 6))
    def wait(self, seconds: Any) -> None:
        self.now += seconds
        late = {id(party) for party, until in self.model.values() if until <= self.now}
        assert {id(waiter.client) for waiter in self.registry.expire(self.now)} == late
        self.model = {name: waiter for name, waiter in self.model.items() if waiter[1] > self.now}

    @invariant()
    def holds_exactly_the_waiting(self) -> None:
        assert len(self.registry) == len(self.model)


RegistryMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestRegistry = RegistryMachine.TestCase
