from shared.aws.settling.waiting import wait_until


def test_waiting_ends_with_what_is_found():
    told, waits = iter((None, "", "there")), []
    assert wait_until(lambda: next(told), waits.append, every=2.0, longest=60.0) == "there"
    assert waits == [2.0, 2.0]


def test_waiting_ends_without_anything_when_it_takes_too_long():
    waits = []
    assert wait_until(lambda: None, waits.append, every=3.0, longest=60.0) is None
    assert sum(waits) == 60.0
