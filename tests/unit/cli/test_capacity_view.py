"""What world a rendezvous carries, as ``lanes rendezvous plan`` tells it."""

from dataclasses import replace

from shared.cli.capacity_view import capacity_lines
from shared.config.lane import Rendezvous
from shared.config.worlds import capacities
from shared.fmi.worlds import MOST_RANKS, Server, carried

OWN = Rendezvous("meet.example.edu", 10000, 5, 1, 3, 2, "rate(5 minutes)", server=Server(256, 512))


def told(meeting):
    (found,) = capacities(meeting, [])
    return " ".join(line.strip() for line in capacity_lines(found))


def test_it_tells_the_world_its_reason_and_what_larger_services_carry():
    assert told(OWN) == (
        f"meet.example.edu:10000 carries worlds of up to {carried(OWN.server):,} ranks cpu 256 and 512 MB, v2, one "
        "connection a rank: pairing may take 10 of the 30 s that ranks wait in their first operation; "
        f"cpu 512 carries {carried(Server(512, 1024)):,}, cpu 1024 carries 4,096"
    )


def test_a_server_that_carries_all_that_fmi_joins_needs_no_larger_one():
    assert told(replace(OWN, server=Server(1024, 2048))).endswith("one connection a rank: as many as FMI joins")


def test_in_v1_it_tells_that_each_pair_has_a_connection():
    line = told(replace(OWN, protocol="v1", server=Server(256, 512, many=False)))
    assert "v1, one connection a pair: " in line
    assert f"up to {carried(Server(256, 512, many=False)):,} ranks" in line


def test_of_another_server_nothing_is_known():
    assert told(replace(OWN, server=None)) == (
        "meet.example.edu:10000: not run by these settings: nothing is known of its cpu, and FMI joins "
        f"{MOST_RANKS:,} ranks at most"
    )
