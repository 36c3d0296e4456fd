"""Folders of new workflows: after a pattern that works (``like/``), or from a state machine that is there already.

A new folder is a value: texts by file name, made without touching the disk. So whatever can be wrong is known before
anything is written. The room stands on ``shared.config`` alone, since it writes what that reads: cards and templates.
"""
