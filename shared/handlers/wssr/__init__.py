"""The wssr workflow's functions: a workforce supply simulation in R, each iteration on its own, collated at the end.

The model and both chunks are base R, in the ``.R`` files here; the modules beside them check the input, bring objects
from and to the team's bucket, and start ``Rscript``.
"""
