"""Who is paired with whom, as a state machine: nobody twice, and nobody with a dead client."""

from dataclasses import dataclass
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from shared.fmi.rendezvous.registry import Full, Matched, Registry, Twice, Waits


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


def test_a_client_waits_under_many_names_up_to_a_bound_and_never_meets_itself() -> None:
    registry = Registry(10, 10, 60, per_client=2)
    many, other = Party(), Party()
    assert registry.join(b"1", many, 0, token="a") == Waits("a")
    assert registry.join(b"1", many, 0, token="a") == Waits("a"), "asked again"
    assert isinstance(registry.join(b"1", many, 0, token="b"), Twice)
    assert registry.join(b"2", many, 0, token="a") == Waits("a"), "a token is compared under its own name alone"
    assert registry.join(b"3", many, 0, token="c") == Full("waiting_per_connection")
    assert registry.join(b"1", other, 0, token="d") == Matched("d", many, "a")
    assert registry.names(many) == 1
    assert registry.leave(many) == [b"2"]
    assert len(registry) == 0


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


_NAMES = st.sampled_from([b"a", b"b", b"c", b"d", b"e", b"f"])
_TOKENS = st.sampled_from(["1", "2", "3"])


class ManyMachine(RuleBasedStateMachine):
    """Clients that ask for many names each, lose their connections and guess tokens, against a plain dictionary."""

    def __init__(self) -> None:
        super().__init__()
        self.registry = Registry(6, 5, 10, per_client=3)
        self.clients = [Party("xy"[number % 2]) for number in range(5)]
        self.model = {}
        self.now = 0.0

    @rule(number=st.integers(0, 4), name=_NAMES, token=_TOKENS)
    def ask(self, number: Any, name: Any, token: Any) -> None:
        client = self.clients[number]
        if not client.up:
            return  # a lost connection asks for nothing
        waiting, own, _ = self.model.get(name, (None, "", 0))
        outcome = self.registry.join(name, client, self.now, token=token)
        if waiting is not None and waiting.up and token != own:
            if waiting is client:
                assert isinstance(outcome, Twice)
                return
            assert outcome == Matched(token, waiting, own), "no waiter is lost, and none is dead"
            del self.model[name]
            return
        self.model.pop(name, None)
        clients = [waiter for waiter, _, _ in self.model.values()]
        sources = [waiter.source for waiter in clients]
        if len(clients) >= 6 or sources.count(client.source) >= 5 or clients.count(client) >= 3:
            assert isinstance(outcome, Full)
            return
        assert outcome == Waits(token, waiting if waiting is not client else None)
        self.model[name] = (client, token, self.now + 10)

    @rule(number=st.integers(0, 4), told=st.booleans())
    def lose(self, number: Any, told: Any) -> None:
        """A connection is lost; the server hears of it at once, or only the kernel knows."""
        client = self.clients[number]
        client.up = False
        if told:
            left = {name for name, (waiter, _, _) in self.model.items() if waiter is client}
            assert set(self.registry.leave(client)) == left
            self.model = {name: waiter for name, waiter in self.model.items() if name not in left}
            self.clients[number] = Party(client.source)

    @rule(seconds=st.floats(0, 6))
    def wait(self, seconds: Any) -> None:
        self.now += seconds
        late = {(name, token) for name, (_, token, until) in self.model.items() if until <= self.now}
        assert {(waiter.name, waiter.token) for waiter in self.registry.expire(self.now)} == late
        self.model = {name: waiter for name, waiter in self.model.items() if waiter[2] > self.now}

    @invariant()
    def holds_exactly_the_waiting(self) -> None:
        assert len(self.registry) == len(self.model)
        assert all(self.registry.holds(name) for name in self.model)
        for client in self.clients:
            assert self.registry.names(client) == sum(waiter is client for waiter, _, _ in self.model.values())


ManyMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestMany = ManyMachine.TestCase
