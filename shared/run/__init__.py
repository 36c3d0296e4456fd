"""Starts an execution of a lane's workflow, watches it, and gathers what it left behind.

Three stages, all over plain boto3, so that AWS and the embedded cloud are the same to them::

    start    the team's parameters under the user's -> an execution with a name of its own
    watch    its status, its state and the ranks' progress, until it ends
    gather   log lines and history -> a row per rank, throughput, and the cause of a failure

What a handler must do to be seen: print ``{"progress": {"run_id", "rank", "done", "of"}}`` as a line of its log.
Everything else is read from what AWS writes anyhow: START, END and REPORT lines, and the execution's history.
"""
