"""What runs took, what they cost, and what larger ones would: from logs and results to tables, plots and a report.

Stages, each working on what the one above it made::

    observed  log lines, from files or from CloudWatch Logs; REPORT lines joined to ranks; histories as visits of states
    billing   what a run used, a dated price table, and the product of the two
    scaling   many configurations in one journal; medians, speed-up; a model of time for sizes beyond the machine
    reports   a state machine as SVG, figures of a run and of a sweep, one HTML file and Markdown to hand in

Logs are streamed: memory does not grow with them. Costs are estimates from list prices, and say so.
"""
