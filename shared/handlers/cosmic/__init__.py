"""The cosmic workflow's functions: deal the partitions out, infer on each rank, join the results.

Each step's module is thin; the science is in pure functions beside it. ``events`` says what the steps hand to each
other, ``layout`` where a run writes. A rank's object is written last and in one piece: if it exists, the result is
whole.
"""
