"""What meeting over FMI adds to a run."""

from shared.fmi.worlds import Server, carried, join_seconds
from shared.measure.scaling.joining import joining
from shared.measure.scaling.time_model import Size, dispatch_seconds

SERVER = Server(256, 512)


def of(world, server=SERVER):
    return joining(Size(1_000_000, world, 128, 1769), server)


def test_ranks_join_as_the_model_of_worlds_says():
    found = of(128)
    assert (found.pairings, found.carried) == (832, carried(SERVER))
    assert found.seconds == join_seconds(128, SERVER)
    assert 0 < found.server_share <= 1


def test_each_rank_is_billed_until_the_last_has_come():
    found = of(128)
    assert found.waited > found.seconds + 60 * dispatch_seconds()
    assert found.usd > 0


def test_where_nothing_is_known_of_the_server_its_share_is_none():
    found = of(128, None)
    assert (found.server_share, found.server_cpu, found.pairings) == (None, None, 832)
    assert found.seconds < of(128).seconds


def test_a_rank_alone_waits_for_nobody():
    assert of(1).as_record() == {
        "carried": carried(SERVER),
        "pairings": 0,
        "seconds": 0.0,
        "server_cpu": 0.0,
        "server_share": None,
        "waited": 0.0,
        "usd": 0.0,
    }
