"""The wire protocols as bytes in, events out: no socket, no clock, no thread.

``v1`` and ``v2`` are the client's side of TCPunch, ``request`` the server's side of both, ``handshake`` what two ranks
say to each other first, ``frames`` what they say from then on. A machine is fed any chunks and gives the same events.
"""
