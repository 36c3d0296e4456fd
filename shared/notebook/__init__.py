"""Runs, sweeps and their figures in notebooks and scripts, without a shell in between.

    from shared.notebook import lane

    run = lane("team2").run("cosmic", world_size=4)  # shows how far it is; returns when it has ended
    run.ranks  # what each rank did: a data frame
    run.plot.timeline()

It does what ``lanes run`` does: on the embedded cloud unless AWS is asked for, with the same checks before anything
starts. All that a run tells is read once. Calls wait until they are done and need no event loop, so they work inside
of one, as in Jupyter.

Tables are data frames of pandas where that is installed (the extra ``notebook``), else a plain :class:`Table` with the
same columns. Texts that others wrote show characters that would steer a terminal as escapes.
"""

from __future__ import annotations

from shared.notebook.interrupted import Interrupted
from shared.notebook.one_run import Run, RunFailed, RunInterrupted
from shared.notebook.one_sweep import Sweep
from shared.notebook.table import Table
from shared.notebook.team_lane import TeamLane, lane

__all__ = ["Interrupted", "Run", "RunFailed", "RunInterrupted", "Sweep", "Table", "TeamLane", "lane"]
