"""The collectives over point-to-point messages, one module each; every rank calls the same one at the same time.

They are written against :class:`~shared.fmi.collectives.transport.Transport` and know nothing of sockets. The shape of
each algorithm (who sends what to whom in which round) is the textbook's: Thakur, Rabenseifner and Gropp, "Optimization
of Collective Communication Operations in MPICH", 2005.
"""
