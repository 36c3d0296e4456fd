"""Describes a list of numbers."""

import statistics


def describe(event, context):
    """Lambda calls this with the run's input; what it returns is the run's output."""
    numbers = event["numbers"]
    print(f"{len(numbers)} numbers")  # lanes logs __TEAM__ shows what is printed
    return {"mean": statistics.mean(numbers), "median": statistics.median(numbers), "most": max(numbers)}
