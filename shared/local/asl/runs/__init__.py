"""Executions on disk: those that have ended, their histories, and the Map runs and children below them.

One SQLite file, ``runs.db``. An execution lives in memory while it runs; its end is handed to the store, which writes
it with others in one transaction, and then it leaves memory. Who asks for one that is not written yet gets it from
memory, or, where the cloud is to survive a power cut, waits until it is written.
"""
