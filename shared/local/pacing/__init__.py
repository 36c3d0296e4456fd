"""``lanes up --as-aws``: the cloud gives no more than an account on AWS does, to all teams and machines together.

What is paced, by whom, and what who finds nothing left gets:

- calls of Step Functions', Lambda's and CloudWatch Logs' APIs, by ``app``, between IAM's decision and the service. A
  call is refused as AWS refuses it.
- starts of executions, by Step Functions' backend, which knows what kind the machine is: also those by a state, a
  schedule or an upload. Refused.
- children of a distributed Map, by the Map run. They wait.
- states of standard executions, by the machine. They wait.
- invocations of functions, by the Lambda runtime, over ``functions``: concurrency, new environments, calls a second.
  Refused, as AWS does; what a state does about it stands under its Retry.

All of it asks one :class:`~shared.local.pacing.account.Account`. AWS's buckets are not fair: whoever comes takes the
next token, so one team can take all. This cloud shares its threads and environments among teams, these tokens not.

A cloud that is not paced has no account, and nothing asks for one. Buckets are not kept over a restart: they are full
again, as on AWS after some minutes. No time is added to anything, such as to a cold start: only rates are kept.

Where this machine carries less than an account, its own limit comes first. The account counts that (``kept_waiting``,
``started_late``), and :class:`~shared.local.standing.Pace` tells it: such times are the machine's, and not AWS's.
"""
