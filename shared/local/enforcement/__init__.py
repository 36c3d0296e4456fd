"""IAM, enforced: every call with a role's or a user's credentials is decided as AWS decides it.

A request goes through these steps, all in the thread of its connection:

1. ``callers`` turns the caller that the door found into an actor: a user, a role's session or the account's root.
2. ``app`` has :mod:`shared.local.calls` read the request as one call, puts the call into the WSGI environ, and asks
   which actions on which resources the call needs. ``facts`` looks up what a request only refers to. A call that cannot
   be read, or needs a resource that nobody can tell, is refused; only the account's root may make it.
3. Each need goes to the ``judge``. The first one that is denied ends the request: the door answers it with AWS's
   sentence and our fix (``denied``), and moto never sees it.
4. moto answers. :mod:`shared.local.calls.followed` holds it to the call in the environ.
5. If the call may change what somebody is allowed (``changes``), the judge forgets its decisions as soon as moto has
   answered, well or not.

Two things differ from that order. Whether a caller may hear that an object does not exist is decided after moto has
answered, before the answer is sent. And calls within this process do not come as requests: a state machine that invokes
a function, or a service that delivers an event (``deliveries``) or takes a role (``trust``). They ask the judge through
``gate``.

The ``judge`` collects the policies of the caller (``identities``) and of the resource (``resources``), lets
:func:`shared.iam.decision.decide` decide, and remembers the decision. Threads share the judge. It reads moto's tables
without a lock, so it notes its *generation* before, and keeps what it found only if no change came meanwhile.

The account's root may do all that no resource's policy denies, as on AWS. Not enforced are: service and resource
control policies (there is no organization), ACLs, policies of VPC endpoints, and conditions on keys that nothing here
gives (:data:`shared.local.calls.every_request.NOT_GIVEN`). The cost: a table of seams into moto, and one look into a
dictionary for each call that was decided before.
"""
