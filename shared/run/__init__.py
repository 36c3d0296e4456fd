"""Starts an execution of a lane's workflow, watches it, and gathers what it left behind.

Four stages. All of them use plain boto3, so AWS and the embedded cloud are the same to them::

    payload  the user's parameters over the team's -> the input, checked against the card and the lane
    start    the input -> an execution with a name of its own
    watch    its status, its state and the progress of its ranks, until it ends
    gather   log lines and history -> a row for each rank, throughput, and the cause of a failure

A handler whose progress is to be seen prints ``{"progress": {"run_id", "rank", "done", "of"}}`` as a line of its log.
Everything else is read from what AWS writes anyhow: START, END and REPORT lines, and the execution's history.
"""
