"""The fmi-script workflow's functions: check what is asked for, then run the user's program on every rank.

A program is a script in the team's bucket, or a folder of which one script is run. What a rank's program is told, and
where its files lie, is in ``program``; starting it and passing its output on is ``process``.
"""
