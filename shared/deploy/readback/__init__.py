"""What a cloud holds, read for the isolation proof and for those who tidy up. Reads AWS, changes nothing.

:mod:`lanes` reads the documents of a team's own names, :mod:`account` everybody else's that could touch them,
:mod:`orphans` what carries our tags and no team's file explains. A read that AWS refuses does not mean that there is
nothing: :class:`~shared.deploy.readback.sight.Sight` notes it, and then nothing is proved.
"""
