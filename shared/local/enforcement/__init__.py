"""IAM, enforced: every call made with a role's or a user's credentials is decided as AWS decides it.

A call goes through these parts, each in its file:

1. ``callers``     who calls, as the door tells: a user, a role's session, the account's root, a service
2. ``app``         a request over HTTP: what it needs (:mod:`shared.local.calls`), each need decided before anything
   happens; ``facts``: what a request only refers to
3. ``gate``        the same for callers in this process: a state machine that invokes a function, a service that
   delivers an event (``deliveries``) or takes a role (``trust``)
4. ``judge``       collects what hangs on the caller (``identities``) and on the resource (``resources``), lets
   :func:`shared.iam.decision.decide` decide, and remembers until something changes (``changes``)
5. ``denied``      AWS's sentence, and our fix

The account's root passes what no resource's policy denies it, as on AWS. What is not enforced: service and resource
control policies (there is no organization), ACLs, policies of VPC endpoints, and the conditions whose keys nothing here
gives (:data:`shared.local.calls.every_request.NOT_GIVEN`). The cost: a table of seams into moto, and one look into a
dictionary for each call that was decided before.
"""
