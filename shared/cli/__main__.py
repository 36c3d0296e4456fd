"""``python -m shared.cli``: the same as ``lanes``."""

from shared.cli.main import main

main()
