"""One module per kind of state.

A state is compiled once and never changes. A simple one has ``step(strand, value) -> (output, next)`` and never waits;
the others have ``run``, a generator that yields effects and returns the same pair.
"""
