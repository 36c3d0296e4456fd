"""One rank of many: it draws its own points, then all ranks add up what they found, as MPI's allreduce does."""

import random

from shared.fmi import SUM, Communicator, Meeting
from shared.handlers.fmi.key import own_namespace
from shared.handlers.fmi.meeting import meeting, protocol


def hits(points, seed):
    """Return how many random points of the unit square lie within the circle."""
    draw = random.Random(seed).random
    return sum(draw() ** 2 + draw() ** 2 <= 1 for _ in range(points))


def rank(event, context):
    """Lambda calls this once for each rank, all at the same time."""
    at = meeting()  # where this team's ranks meet
    where = Meeting(at.host, at.port, protocol())
    with Communicator.direct(event["rank"], event["size"], where, own_namespace(event["run"]), timeout=60) as comm:
        found = comm.allreduce(hits(event["points"], seed=event["rank"]), SUM)  # the same sum on all ranks
    return {"ranks": event["size"], "pi": 4 * found / (event["points"] * event["size"])}
