"""Rules that listen to what they start themselves are told of, once each."""

from shared.local.triggers.chains import LONG, Chains


def run(chains, rule, times, name="x"):
    before = f"{name}0"
    for number in range(1, times + 1):
        chains.note(rule, [before], f"{name}{number}")
        before = f"{name}{number}"


def test_a_long_chain_is_told_of_once_for_each_rule(caplog):
    chains = Chains()
    run(chains, "short", LONG - 1, "a")
    assert caplog.records == []
    run(chains, "long", 5 * LONG, "b")
    run(chains, "other", LONG, "c")
    assert ["long listens" in record.message for record in caplog.records] == [True, False]


def test_many_executions_that_do_not_come_of_one_another_are_no_chain_and_are_forgotten(caplog):
    chains = Chains()
    for number in range(3000):
        chains.note("rule", [f"object {number}"], f"execution {number}")
    assert caplog.records == []
    assert len(chains._links) == 1000
