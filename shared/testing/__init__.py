"""A workflow's tests: its definition run by the engine in this process, in virtual time, with handlers or mocks.

A test names a workflow and an input, and what answers for each state. It gets the output, the path through the states,
the attempts and the waits. Nothing listens, nothing sleeps: a workflow whose retries wait for hours takes milliseconds.

    from shared.testing import raises, returns, sequence
"""

from shared.testing.mocks import per_item, raises, real, returns, sequence, silent

__all__ = ["per_item", "raises", "real", "returns", "sequence", "silent"]
