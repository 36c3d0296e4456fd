"""Teamlanes: one AWS account, a lane for every team.

Data flows one way through the packages below, and import-linter holds it there::

    naming.yaml + shared/settings.yaml + teams/*.yaml
       -> config    read and checked: frozen models, every name known
       -> isolation what each role may do, and the proof that it stays in its lane; over iam, which decides
       -> packages  code and libraries as a zip or an image
       -> deploy    what the team should own, against what is there, applied
       -> run       start an execution, watch it
       -> measure   logs and results -> tables, cost, plots

``handlers`` and ``fmi`` travel into the Lambda zip and import nothing of the above but ``shared.errors``.
``aws`` makes the clients that all of them call by. ``local`` is the embedded cloud: what AWS would be, on one machine.
"""
