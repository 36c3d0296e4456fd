"""Run the tests that failed once more, alone, and say in the last lines which those were and what became of each.

Usage, in the folder where pytest ran: python .ci/retry.py [option of pytest ...]
"""

import json
import subprocess
import sys
from pathlib import Path

LAST_FAILED = Path(".pytest_cache/v/cache/lastfailed")  # written by pytest: a JSON object whose keys are tests


def failed() -> list[str]:
    """Return the tests that failed when they ran last."""
    return sorted(json.loads(LAST_FAILED.read_text(encoding="utf-8"))) if LAST_FAILED.exists() else []


def main() -> int:
    """Return pytest's exit code; it is not 0 either when no test had failed, since then something else is wrong."""
    retried = failed()
    command = [sys.executable, "-m", "pytest", "--last-failed", "--last-failed-no-failures", "none", *sys.argv[1:]]
    code = subprocess.run(command, check=False).returncode
    again = failed()
    print(f"retried: {len(retried)}, of which {len(retried) - len(again)} passed alone")
    for test in retried:
        print(f"  {'FAILED AGAIN' if test in again else 'passed alone'}  {test}")
    return code


if __name__ == "__main__":
    sys.exit(main())
