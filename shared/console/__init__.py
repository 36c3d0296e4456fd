"""The console: every lane, every run and every rank, as pages for a browser on this machine.

A request goes through four stages. :mod:`guard` decides whether it may come in at all, before anything is looked up.
:mod:`site` finds the page and tells an answer's version, so that a page which has not changed costs its reader nothing.
A page (:mod:`pages`) reads from the :mod:`desk`, which holds the project and the cloud, and returns a frozen value. The
value is shown as HTML by a template, or as JSON at the same address with ``.json``.

What is known of a run is read by :mod:`shared.run` and :mod:`shared.measure`, as for every command. Pages never cost a
cloud more than a small part of its time: :mod:`readings` keeps what was read, and reads what is dear less often.
"""
