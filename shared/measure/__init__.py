"""What runs took, what they cost, and what larger ones would: from logs and results to tables, plots and a report.

Stages, each a module or two with one rule, each working on what the one above it made::

    exports, cloudwatch   log lines, from files or from CloudWatch Logs, one at a time
    invocations           a table of REPORT lines joined to ranks and states, on disk; summary figures
    trace                 an execution's history as visits of states, with ranks and request ids
    usage, prices, cost   what a run used, a dated price table, and the product of the two
    sweep, summary        many configurations, one journal; medians, speed-up, efficiency
    plots_*               figures of a sweep and of a run (matplotlib, PNG and SVG)
    graph, report         a state machine as SVG; one HTML file and Markdown to hand in
    model, predict        a small model of time, fitted to measured runs, for sizes beyond the machine

Logs are streamed: memory does not grow with them. Costs are estimates from list prices, and say so.
"""
