"""Good statements that were refused once, as controls, and the leaks that lie near each; as data, for runpy.

Trusting an own role by its ARN is narrower than trusting the account with a condition; ``s3:Get*`` on the own bucket
stands for some actions that touch no bucket, and grants these to nobody; ``logs:StopQuery`` takes no resource.
"""

import runpy
from pathlib import Path

_MUTANTS = runpy.run_path(str(Path(__file__).with_name("mutants.py")))
A, ROLE, LOGS, FUNCTION = (_MUTANTS[name] for name in ("A", "ROLE", "LOGS", "FUNCTION"))
Grant, Edit = _MUTANTS["Grant"], _MUTANTS["Edit"]
BUCKET = "arn:aws:s3:::team1-data-0a1b2c3d"


def trusting(principal):
    return Edit("OwnPeople", {"Principal": {"AWS": principal}, "Condition": None})


# name: (document, edit, statement named, rule)
LEAKS = {
    "trust another's role by its ARN": (
        "deployer trust",
        trusting(f"{ROLE}team10-deployer-0a1b2c3d"),
        "OwnPeople",
        "principal",
    ),
    "trust a role without separator": ("deployer trust", trusting(f"{ROLE}team1deployer"), "OwnPeople", "principal"),
    "trust own roles by a star": ("deployer trust", trusting(f"{ROLE}team1-*"), "OwnPeople", "principal"),
    "trust an own name below a path": ("deployer trust", trusting(f"{ROLE}x/team1-a"), "OwnPeople", "principal"),
    "trust an own role's session": (
        "deployer trust",
        trusting(f"arn:aws:sts::{A}:assumed-role/team1-deployer-0a1b2c3d/s"),
        "OwnPeople",
        "principal",
    ),
    "trust an own name of another account": (
        "deployer trust",
        trusting("arn:aws:iam::210987654321:role/team1-deployer-0a1b2c3d"),
        "OwnPeople",
        "principal",
    ),
    "trust an own role and another's": (
        "function trust",
        Edit("", {"Principal": {"AWS": [f"{ROLE}team1-a", f"{ROLE}team10-a"]}}),
        "#0",
        "principal",
    ),
    "all reads of every bucket": ("boundary", Grant("s3:Get*", "*"), "New", "every-resource"),
    "all reads of buckets by prefix": ("boundary", Grant("s3:Get*", "arn:aws:s3:::team1*"), "New", "foreign-name"),
    "all reads of another's bucket": ("boundary", Grant("s3:Get*", "arn:aws:s3:::team10-data"), "New", "foreign-name"),
    "all of the own bucket": ("boundary", Grant("s3:*", BUCKET), "New", "opens-door"),
    "all writes of the own bucket": ("boundary", Grant("s3:Put*", BUCKET), "New", "opens-door"),
    "an account's setting, spelt out": (
        "boundary",
        Grant("s3:GetAccountPublicAccessBlock", BUCKET),
        "New",
        "account-wide",
    ),
    "a glob that touches nothing": (
        "boundary",
        Grant("s3:GetObject*", f"{FUNCTION}team1-x"),
        "New",
        "no-such-resource",
    ),
    "all puts on own logs": ("boundary", Grant("logs:PutR*", f"{LOGS}/aws/lambda/team1-*"), "New", "opens-door"),
    "tasks answered by a glob": ("boundary", Grant("states:Send*", BUCKET), "New", "task-token"),
    "results of any query": ("boundary", Grant("logs:GetQueryResults", "*"), "New", "every-resource"),
    "a query of any group": ("boundary", Grant("logs:StartQuery", "*"), "New", "every-resource"),
    "ids of everybody's queries": ("boundary", Grant("logs:DescribeQueries", "*"), "New", "account-wide"),
    "all stops": ("boundary", Grant("logs:*Query", "*"), "New", "every-resource"),
    "a glob past the boundary": (
        "function",
        Grant("sqs:Send*", f"arn:aws:sqs:us-east-1:{A}:team1-queue"),
        "New",
        "boundary-gap",
    ),
}
CONTROLS = {
    "own role trusted by its ARN": ("deployer trust", trusting(f"{ROLE}team1-ci-0a1b2c3d")),
    "own user trusted by its ARN": ("deployer trust", trusting(f"arn:aws:iam::{A}:user/team1-ann")),
    "function's role for an own role": (
        "function trust",
        Edit("", {"Principal": {"AWS": [f"{ROLE}team1-a", f"{ROLE}team1-b"]}}),
    ),
    "all reads of the own bucket": ("boundary", Grant("s3:Get*", [BUCKET, f"{BUCKET}/*"])),
    "all reads of the own bucket alone": ("boundary", Grant("s3:Get*", BUCKET)),
    "all reads of the own bucket, in a role": ("function", Grant("s3:Get*", [BUCKET, f"{BUCKET}/*"])),
    "a query stopped": ("boundary", Grant("logs:StopQuery", "*")),
    "own queries": (
        "deployer boundary",
        Grant(["logs:StartQuery", "logs:GetQueryResults"], f"{LOGS}/aws/lambda/team1-*"),
    ),
}
