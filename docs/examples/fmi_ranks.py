"""A rank of an FMI program, as for the C++ bindings. Four of them add a number; then one dies, and the others say so.

On one machine, with a rendezvous server of your own (in an account, the workflow fmi-script starts the ranks)::

    $ export PYTHONPATH=$(python -c 'from shared.fmi.compat import python_path; print(python_path())')
    $ lanes rendezvous serve --host 127.0.0.1 2> /dev/null &
    $ export WORLD_SIZE=4 RENDEZVOUS_ENDPOINT=127.0.0.1:10000
    $ for rank in 0 1 2 3; do RANK=$rank python docs/examples/fmi_ranks.py & done; sleep 3; kill %1
    127.0.0.1:10000 127.0.0.1:10001
    rank 2 of 4: the sum of all ranks is 6
    rank 3 of 4: the sum of all ranks is 6
    rank 0 of 4: the sum of all ranks is 6
    rank 1 of 4: the sum of all ranks is 6
    rank 0 of 4: PeerLost: barrier: lost rank 3: its connection closed
      fix: read the log of rank 3: it failed first, the others only waited for it
    rank 1 of 4: PeerLost: barrier: lost rank 3: its connection closed
      fix: read the log of rank 3: it failed first, the others only waited for it
    rank 2 of 4: PeerLost: barrier: lost rank 3: its connection closed
      fix: read the log of rank 3: it failed first, the others only waited for it

The ranks run at the same time, so their lines come in any order.
"""

import os
import sys

import fmi
from fmilib.fmi_operations import fmi_communicator

from shared.fmi import PeerLost

RANK, SIZE = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
INT, SUM = fmi.types(fmi.datatypes.int), fmi.func(fmi.op.sum)


def main() -> None:
    """Add up all ranks' numbers, then wait for a rank that never comes."""
    comm = fmi_communicator(SIZE, RANK)
    print(f"rank {RANK} of {SIZE}: the sum of all ranks is {comm.allreduce(RANK, SUM, INT)}", flush=True)
    if RANK == SIZE - 1:
        os._exit(137)  # as a process ends that has no memory left
    comm.barrier()


if __name__ == "__main__":
    try:
        main()
    except PeerLost as error:
        sys.exit(f"rank {RANK} of {SIZE}: PeerLost: {error}")
