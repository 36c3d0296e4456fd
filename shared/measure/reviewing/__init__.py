"""What a change of the repository means for teams: which it touches, and for each its proof, its plan and its cost.

1. :mod:`.changes` asks git what changed since a commit, and lays that commit's files beside.
2. :mod:`.touched` says whose lanes such paths may change. It is pure.
3. :mod:`.review` deploys each of them as it was to an embedded cloud of its own, and plans what it is now against that.

No account is needed, and no secret: so it is safe for a pull request of anybody. What it costs: the plan tells what the
change does to a lane that is as its files said before, and not to what somebody changed by hand (``lanes plan --aws``).
"""
