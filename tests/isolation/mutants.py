"""Seeded leaks, read from tables, and those few that are no row of a table: leaks.txt, resource_leaks.txt and others.

A leak is (document, edit, statement that the finding must name, rule); a control is (document, edit) and leaks nothing.
"""

import re
from dataclasses import dataclass
from pathlib import Path

A = "123456789012"
S3 = "arn:aws:s3:::"
BUCKET = f"{S3}team1-data-0a1b2c3d"
IAM = f"arn:aws:iam::{A}:"
ROLE, USER = f"{IAM}role/", f"{IAM}user/"
SSO = f"{ROLE}aws-reserved/sso.amazonaws.com*/AWSReservedSSO_"
GITHUB = "token.actions.githubusercontent.com"
AUD = f"Condition.StringEquals.{GITHUB}:aud = sts.amazonaws.com"
SUB = f"Condition.StringEquals.{GITHUB}:sub = repo:uva/lanes:ref:refs/heads/main"
STS = f"arn:aws:sts::{A}:assumed-role/"
HERE_AND_OURS = f"us-east-1:{A}"
FUNCTION = f"arn:aws:lambda:{HERE_AND_OURS}:function:"
MAPPING = f"arn:aws:lambda:{HERE_AND_OURS}:event-source-mapping:*"
MACHINE = f"arn:aws:states:{HERE_AND_OURS}:stateMachine:"
EXECUTION = f"arn:aws:states:{HERE_AND_OURS}:execution:"
GROUP = f"arn:aws:scheduler:{HERE_AND_OURS}:schedule-group/"
SCHEDULE = f"arn:aws:scheduler:{HERE_AND_OURS}:schedule/"
RULE = f"arn:aws:events:{HERE_AND_OURS}:rule/"
LOGS = f"arn:aws:logs:{HERE_AND_OURS}:log-group:"
ECR = f"arn:aws:ecr:{HERE_AND_OURS}:repository/"
SECRET = f"arn:aws:secretsmanager:{HERE_AND_OURS}:secret:"
SSM = f"arn:aws:ssm:{HERE_AND_OURS}:parameter/"
SNS = f"arn:aws:sns:{HERE_AND_OURS}:"
LAYER = f"arn:aws:lambda:{HERE_AND_OURS}:layer:"
BUS = f"arn:aws:events:{HERE_AND_OURS}:event-bus/"
SQS = f"arn:aws:sqs:{HERE_AND_OURS}:"
TABLE = f"arn:aws:dynamodb:{HERE_AND_OURS}:table/"
MINE, OTHER = "team1_data_0a1b2c3d", "team10_data_0a1b2c3d"
HERE = r"team1\_data\_0a1b2c3d"
PASSES = "passes"


@dataclass(frozen=True)
class Grant:
    """Add a statement called New; ``more`` overrides any element."""

    more: object

    def __call__(self, body):
        body["Statement"].append({"Sid": "New", "Effect": "Allow", **self.more})


@dataclass(frozen=True)
class Edit:
    """Set elements of the statement called ``sid``, or of the first one for #0; None takes one away."""

    sid: str
    elements: object

    def __call__(self, body):
        statement = next(s for s in body["Statement"] if self.sid in {"#0", s.get("Sid")})
        statement.update(self.elements)
        for key in [key for key, value in statement.items() if value is None]:
            del statement[key]


@dataclass(frozen=True)
class Drop:
    """Take the statement called ``sid`` away."""

    sid: str

    def __call__(self, body):
        body["Statement"] = [s for s in body["Statement"] if s.get("Sid") != self.sid]


@dataclass(frozen=True)
class Sql:
    """Put ``new`` for ``old`` in the statements that hold it, or add ``new`` at the end when there is no ``old``."""

    new: str
    old: str = ""

    def __call__(self, statements):
        if not self.old:
            return (*statements, self.new)
        return tuple(text for each in statements if (text := each.replace(self.old, self.new)))


def rows(file):
    """Yield (document, statement, cells) for each row of a table, the words in braces filled in."""
    text = Path(__file__).with_name(file).read_text(encoding="utf-8")
    document = statement = ""
    for line in text.splitlines():
        if line.startswith("["):
            document, _, statement = line.strip("[]").partition(": ")
        elif line and not line.startswith("#"):
            filled = re.sub(r"\{([A-Z0-9]+)\}", lambda found: globals()[found[1]], line)
            yield document, statement, [cell.strip() for cell in filled.split(" | ")]


def seeds(file):
    """Return the leaks and the controls of a table of documents."""
    leaks, controls = {}, {}
    for document, statement, (name, rule, text) in rows(file):
        if statement == "New":
            what, *parts = text.split(" & ")
            actions, _, resources = what.partition(" on ")
            granted = {"Action": listed(actions), **({"Resource": listed(resources)} if resources else {})}
            edit = Grant(granted | elements(parts))
        else:
            edit = Edit(statement, elements(text.split(" & ")))
        if rule == PASSES:
            controls[name] = (document, edit)
        else:
            leaks[name] = (document, edit, statement, rule)
    return leaks, controls


def elements(parts):
    """Return the elements that ``Condition.ArnLike.aws:SourceArn = a, b`` and the like set."""
    made = {}
    for part in parts:
        path, _, value = part.partition(" = ")
        name, *inner = path.split(".", 2)
        if name.startswith("Not"):
            made[name.removeprefix("Not")] = None
        inside = made
        for key in (name, *inner[:-1]) if inner else ():
            inside = inside.setdefault(key, {})
        inside[inner[-1] if inner else name] = None if value == "-" else listed(value)
    return made


def listed(text):
    values = text.split(", ")
    return values if len(values) > 1 else text


def sql_seeds(removal):
    """Return the leaks and the controls in the SQL that makes a role, or that removes one."""
    leaks, controls = {}, {}
    for dialect, what, (name, rule, statement, text) in rows("sql_leaks.txt"):
        old, _, new = text.partition("=>")
        edit = Sql(text.removeprefix("+ ")) if text.startswith("+ ") else Sql(new.strip(), old.strip())
        if (what == "remove") is not removal:
            continue
        if rule == PASSES:
            controls[name] = (dialect, edit)
        else:
            leaks[name] = (dialect, edit, statement, rule)
    return leaks, controls


LEAKS, CONTROLS = seeds("leaks.txt")
LEAKS |= {
    "bucket without TLS rule": ("bucket", Drop("TlsOnly"), "", "tls"),
    "TLS rule for one user": ("bucket", Edit("TlsOnly", {"Principal": {"AWS": f"{USER}team1-ann"}}), "", "tls"),
    "TLS rule with a second condition": (
        "bucket",
        Edit("TlsOnly", {"Condition": {"Bool": {"aws:SecureTransport": "false", "aws:ViaAWSService": "true"}}}),
        "",
        "tls",
    ),
    "boundary that forbids the role": ("boundary", Drop("OwnLogs"), "WriteLogs", "boundary-gap"),
    "old language version": ("function", lambda body: body.update(Version="2008-10-17"), "", "malformed"),
    "past AWS's limit": (
        "function",
        Grant({"Action": "s3:GetObject", "Resource": [f"{S3}team1-data/{i:04}" for i in range(400)]}),
        "",
        "size",
    ),
}
RESOURCE_LEAKS, RESOURCE_CONTROLS = seeds("resource_leaks.txt")
NEAR_LEAKS, NEAR_CONTROLS = seeds("near_misses.txt")
SQL_LEAKS, SQL_CONTROLS = sql_seeds(removal=False)
SQL_DROPS, _ = sql_seeds(removal=True)
