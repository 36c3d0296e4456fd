"""Runs that have happened, as tests: ``lanes test --record`` makes one, and a test replays it.

1. ``happened`` reads what a run did, ``matched`` finds its answers again, ``record`` makes a recording of it and tries
   it out; ``read_objects`` keeps what its Maps' readers read.
2. ``recording`` is the file: ``own_names`` leaves the account's names out of it, ``secret_values`` credentials, and
   ``made_anew`` says what each run makes anew. ``recorded_test`` writes it beside a module of tests.
3. ``replay`` runs the workflow again, its calls answered as they were.
"""
