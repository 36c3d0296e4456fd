"""The fmi-script workflow's functions: check what is asked for, then run the user's program on every rank.

A program is a script in the team's bucket, or a folder of which one script is run. ``program`` says where its files lie
and what it finds in its environment; ``process``, beside this package, starts it and passes its output on.
"""
