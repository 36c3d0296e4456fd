"""One round of an estimate of pi: each round draws twice as many points as the one before."""

import math
import random

FIRST = 10  # points of the first round


def estimate(event, context):
    """Lambda calls this once for each round; the state machine decides by its answer how to go on."""
    number = event["round"]
    points = FIRST * 2**number
    draw = random.Random(number).random
    pi = 4 * sum(draw() ** 2 + draw() ** 2 <= 1 for _ in range(points)) / points
    return {"pi": pi, "error": abs(pi - math.pi), "round": number}
