"""The cosmic workflow's functions: deal the partitions out, infer on each rank, join the results.

Each step's module is thin; what it computes is in pure functions beside it. What a run writes, and where, is in
``layout``. A rank's object is written last and in one piece, so an object that exists is a result that is whole.
"""
