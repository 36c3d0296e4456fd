"""The ``lanes`` command: parses, calls, prints. Nothing is decided here."""
