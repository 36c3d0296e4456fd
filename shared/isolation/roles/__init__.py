"""What each role of a lane, and of the platform, may do: least privilege, made from the lane and its workflows.

Pure data. Every statement is an Allow with a literal region and account. Every resource is one of the lane's own names,
but for :data:`~shared.isolation.roles.grants.ACCOUNT_WIDE`: the short reviewed list of actions that AWS grants for no
single resource. So isolation depends on no Deny and on no tag. A state that calls something else raises an error: the
build fails, and somebody reads the call before it is granted.
"""
