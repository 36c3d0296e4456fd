"""Message passing between functions (MPI's collectives) and the rendezvous where they meet. In the Lambda zip.

``communicator`` is what a rank calls; ``operators`` is what it reduces with; ``rendezvous.client.Meeting`` says where
ranks meet and ``rendezvous.keys.Namespace`` whose they are; ``rendezvous.health.check`` tells whether they can. Scripts
written for FMI's C++ bindings find ``fmi`` and ``fmilib`` through ``compat``. Standard library and numpy only; the S3
and Redis channels bring their client when they are opened.
"""
