"""Where two functions behind NAT meet: the server, its client, and the check that tells whether it works.

``registry`` decides who is paired with whom, and is pure; ``limits`` and ``keys`` decide who may ask; ``server`` and
``http`` bring it onto asyncio. ``punch`` and ``client`` are the ranks' side. ``health`` pairs two sockets of its own
and gives a verdict.
"""
