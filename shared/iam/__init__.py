"""May this principal do this? IAM's decision as a pure room: no AWS, no moto, no clock, no file.

- :mod:`~shared.iam.statements` takes documents apart. It names what it cannot read, and the decision is then no.
- :mod:`~shared.iam.globs` is the algebra of patterns over all strings; the proof uses it to speak of all of them.
- :mod:`~shared.iam.patterns` matches one text, as IAM does, segment by segment, with policy variables filled in.
- :mod:`~shared.iam.operators` and :mod:`~shared.iam.conditions` are the condition block.
- :mod:`~shared.iam.principals` tells how a resource's policy names a caller.
- :mod:`~shared.iam.decision` puts them together: ``decide(request, policies)``, with its reason in the answer.

Three parts use it. The proof of isolation asks what a whole pattern could reach, the embedded cloud what this call may
do, and ``--as`` what somebody else could do. The cost is that there are two ways of matching. A plain glob matches
whatever IAM matches (a property test tries it), so the proof may refuse too much and never too little.

Nothing here knows of the proof: what a finding is, and whose a document is, stands in shared/isolation/proof.
"""
