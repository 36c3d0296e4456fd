"""Step Functions' engine: the Amazon States Language, run as AWS runs it, behind moto's API.

How a definition runs:

1. ``validation`` checks it, and names every problem.
2. ``machine``, ``states``, ``maps``, ``payload`` and ``languages`` compile it, once.
3. An ``execution`` runs it as ``strand`` generators. These yield what they wait for (``effects``), and the
   ``scheduler`` gives threads and time.
4. ``integrations`` call Lambda and the rest of AWS. ``history`` records what happened.

``plug`` and ``api`` put all that behind moto. ``execution``, ``strand`` and ``scheduler`` tell in their first lines
which threads and locks there are, and what may happen in which order.

What the design costs: values are shared, never copied, so nobody may ever write into one. And all strands of an
execution take turns under one lock, with the children of its Map runs: only calls run side by side.
"""
