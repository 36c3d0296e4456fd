"""Measures how long runs took and what they cost, and predicts larger runs: tables, plots and a report.

Five stages. Each of them works on what the stages above it made::

    observed  log lines, from files or from CloudWatch Logs; REPORT lines joined to ranks; histories as visits of states
    billing   what a run used, a dated price table, and the product of the two
    scaling   many configurations in one journal; medians, speed-up; a model of time for sizes beyond the machine
    comparing a run with what is usual for its workflow, and two runs with each other
    reports   a state machine as SVG, plots of a run and of a sweep, one HTML file and Markdown to hand in

Logs are streamed, so memory does not grow with them. Costs are estimates from list prices, and are called that.
"""
