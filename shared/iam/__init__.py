"""May this principal do this? IAM's decision as a pure room: no AWS, no moto, no clock, no file.

- :mod:`~shared.iam.statements` takes documents apart; what it cannot read it names, and the decision is no.
- :mod:`~shared.iam.globs` is the algebra of patterns over every string there is: the proof quantifies with it.
- :mod:`~shared.iam.patterns` matches one text, as IAM does, segment by segment, with policy variables filled in.
- :mod:`~shared.iam.operators` and :mod:`~shared.iam.conditions` are the condition block.
- :mod:`~shared.iam.principals` tells how a resource's policy names a caller.
- :mod:`~shared.iam.decision` puts them together: ``decide(request, policies)``, with its reason in the answer.

One decision has three users: the proof of isolation asks what a whole pattern could reach, the embedded cloud what this
call may, ``--as`` what somebody else could. The cost: two ways of matching. What IAM matches, the plain glob matches
too (a property test holds it), so the proof errs towards refusing.
"""
