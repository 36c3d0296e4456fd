"""The random-mean workflow's functions: number the draws, make each, average them all.

The names of the draws are the whole contract between the steps: ``<batch>+<iteration>``. Where the draws are kept is a
store (``stores``), chosen by the run's ``storage``; a store keeps the first number it is given for a name, so that a
step that is tried again changes nothing.
"""
