"""Step Functions' engine: the Amazon States Language, run as AWS runs it, behind moto's API.

Its stages: a definition is checked (``validation``) and compiled once (``machine``, ``states``, ``maps``,
``payload``, ``languages``); an ``execution`` runs it as ``strand`` generators, which say what they
wait for to the ``scheduler``; ``integrations`` call Lambda and the rest of AWS; ``history`` records; ``plug`` and
``api`` put it behind moto.

What the design costs: values are shared, never copied, so nothing may ever write into one; and all strands of an
execution, with the children of its Map runs, take turns under one lock: only what blocks runs side by side.
"""
