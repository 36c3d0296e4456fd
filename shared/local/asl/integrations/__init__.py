"""What a Task calls: Lambda functions, activities, other executions, and every AWS API at the embedded endpoint.

A Task's resource is turned into an :class:`~shared.local.asl.integrations.base.Integration` once, when the definition
is compiled.
"""
