"""Whose process is connected to a port, by what the kernel tells of sockets."""

import os
import socket
from itertools import starmap

import pytest

from shared.local.lambda_runtime.peer import is_ours, others_at

HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode"


def table(*sockets):
    """Return the kernel's table of sockets, each an address, the one at its other end, and a user."""
    lines = starmap(" 0: {0} {1} 01 00000000:00000000 00:00000000 00000000 {2} 0 1 1 0 20 4 30 10 -1".format, sockets)
    return "\n".join([HEAD, *lines, ""])


HERE, EDITOR = "0100007F:162E", "0100007F:D431"  # 127.0.0.1:5678 on a machine that has the lowest byte first


@pytest.mark.parametrize(
    ("ends", "others"), [((EDITOR, HERE), True), ((HERE, EDITOR), False), ((EDITOR, EDITOR), False)]
)
def test_who_is_connected_to_a_port_is_told_by_the_other_end(ends, others):
    assert others_at(0x162E, table((*ends, os.geteuid() + 1))) is others
    assert others_at(0x162E, table((*ends, os.geteuid()))) is False


@pytest.fixture
def accepted():
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        connection, _ = server.accept()
        with connection:
            yield connection


def hexed(name):
    return f"0100007F:{name[1]:04X}"


def test_a_socket_that_one_reading_of_the_table_missed_is_looked_for_again(accepted):
    line = (hexed(accepted.getpeername()), hexed(accepted.getsockname()), os.geteuid())
    readings = [table(line), table()]
    assert is_ours(accepted, readings.pop)
    assert not readings


@pytest.mark.parametrize("user", [os.geteuid() + 1, None])
def test_a_connection_of_another_user_or_of_nobody_is_not_ours(accepted, user):
    ends = hexed(accepted.getpeername()), hexed(accepted.getsockname())
    assert not is_ours(accepted, lambda: table() if user is None else table((*ends, user)))


def test_a_connection_of_ones_own_is_no_other():
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        assert others_at(server.getsockname()[1]) is False
