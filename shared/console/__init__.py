"""The console: every lane, every run and every rank, as pages for a browser on this machine.

A request goes through four stages. :mod:`guard` decides whether it may come in at all, before anything is looked up.
:mod:`site` finds the page and tells an answer's version, so that a page which has not changed costs its reader nothing.
A page (:mod:`pages`) reads from the :mod:`desk`, which holds the project and the cloud, and returns a frozen value. The
value is shown as HTML by a template, or as JSON at the same address with ``.json``.

What is known of a run is read by :mod:`shared.run` and :mod:`shared.measure`, as for every command. Pages never cost a
cloud more than a small part of its time. What was read is kept in five ways, for what it costs to read differs:

| room | keeps | since |
|---|---|---|
| :mod:`readings` | any value, as long as its price asks for | a page may wait for it: several that ask read once |
| :mod:`rounds` | a part of each lane | twenty plans are dear together: one at a time, within one share |
| :mod:`paced` | what is told of a run in a list, for good | AWS answers an account so many questions a second |
| :mod:`live_runs` | the runs that were looked at last | a history is read once, and then what is new of it |
| :mod:`per_run` | what is made of such a run | it goes when the run goes |

:mod:`drafts` and :mod:`launches` are no such rooms: they hold what a browser sent and what it began, which nobody else
knows.
"""
