"""One module per kind of state.

A state is compiled once and never changes. A simple state never waits: it has ``step(strand, value)``, which returns
the output and the next state. The others have ``run``, a generator that yields effects and returns the same pair.
"""
