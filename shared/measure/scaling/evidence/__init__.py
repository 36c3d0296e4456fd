"""Reads what people have measured, for the model of time: each ``--fit`` is a file or a folder.

``files`` finds the files and says what each is, by its contents. ``sweeps``, ``results``, ``executions``, ``tables``
and ``reports`` read one kind each into ``found.Found``, which collects what cannot be read, with file and line. At the
end ``executions`` puts an execution's times together with what is known of its size: its own input, or the results that
carry its name. What can be read but not used is told, with the reason.
"""
