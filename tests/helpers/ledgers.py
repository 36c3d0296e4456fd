"""A ledger in memory, which outlives what writes into it."""

import pickle


class MemoryLedger:
    """Keeps pickles, as a journal does: what is changed afterwards is not in them."""

    def __init__(self):
        self.held = {}

    def put(self, key, value):
        self.held[key] = pickle.dumps(value)

    def drop(self, key):
        self.held.pop(key, None)

    def all(self):
        return {key: pickle.loads(state) for key, state in self.held.items()}
