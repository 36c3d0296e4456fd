"""What is said, and asked, before the embedded cloud of ``lanes up`` ends: who else's runs end with it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from shared.cli import console

if TYPE_CHECKING:
    from shared.local.state import Running
    from shared.run.running import TeamRuns
    from shared.values import Json

_PATIENCE = 10  # seconds for an answer of a cloud that is to end anyway


def ask_whether(running: Running, *, yes: bool) -> list[TeamRuns]:
    """Return what runs in the cloud, if it may end: on a terminal that is asked, elsewhere and with *yes* only told.

    Raises:
        LanesError: Something else was typed than y.
    """
    from shared.cli.plan_view import Question, confirm

    runs = _runs(running)
    if not runs:
        return []
    if yes or not sys.stdin.isatty():
        console.note(f"{'interrupts' if running.persists else 'ends'} {told(runs, running)}")
        return runs
    console.note(told(runs, running))
    confirm(Question(f"End {running.endpoint}? [y/N] ", "y"))
    return runs


def told(runs: list[TeamRuns], running: Running) -> str:
    """Return what runs, in a line, and what becomes of it."""
    count = sum(each.count for each in runs)
    teams = ", ".join(f"{each.team} {each.count} (since {each.since:%Y-%m-%d %H:%M:%S %Z})" for each in runs)
    after = "they begin again when lanes up --persist starts it again" if running.persists else "they are lost"
    return f"{count} {'execution that runs' if count == 1 else 'executions that run'}: {teams}; {after}"


def as_data(runs: list[TeamRuns]) -> list[Json]:
    """Return what ran, as data."""
    return [{"team": each.team, "executions": each.count, "since": each.since.isoformat()} for each in runs]


def _runs(running: Running) -> list[TeamRuns]:
    """Return what runs in the cloud; nothing, with a word, if it does not answer: it is to end all the same."""
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError

    from shared.aws.client import endpoint_session
    from shared.run.running import running_by_team

    config = Config(read_timeout=_PATIENCE, connect_timeout=_PATIENCE, retries={"total_max_attempts": 1}, proxies={})
    session = endpoint_session(running.region, running.key)
    try:
        return running_by_team(session.client("stepfunctions", endpoint_url=running.endpoint, config=config))
    except (BotoCoreError, ClientError) as error:
        console.note(f"it does not tell what runs in it: {error}")
        return []
