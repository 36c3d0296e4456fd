"""The random-mean workflow's functions: number the draws, make each, average them all.

The steps share only the names of the draws: ``<batch>+<iteration>``. A store (``stores``) keeps the draws; the run's
``storage`` chooses it. A store keeps the first number that it is given for a name, so a step that is tried again
changes nothing.
"""
