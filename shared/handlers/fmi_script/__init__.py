"""The fmi-script workflow's functions: check what is asked for, then run the user's program on every rank.

A program is a script in the team's bucket, or a folder of which one script is run. ``place`` says where its files
lie, ``program`` and ``variables`` what it is given; ``process``, beside this package, starts it and passes its output
on.
"""
