"""The recorded answers that the embedded cloud does not give, as patterns of their names, and why.

A pattern is looked for anywhere in the name of a recording.
"""

CASES: dict[str, str] = {}
API: dict[str, str] = {}
TESTSTATE: dict[str, str] = {}
TASKS: dict[str, str] = {}
