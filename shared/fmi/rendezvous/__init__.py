"""Where two functions behind NAT meet: the server, its client, and the check that tells whether it works.

``registry`` decides who is paired with whom (pure), ``limits`` and ``keys`` who may ask, ``server`` and ``http`` carry
it over asyncio; ``punch`` and ``client`` are the ranks' side; ``health`` pairs two sockets of its own and judges.
"""
