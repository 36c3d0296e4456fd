"""Soundness against brute force: whatever passes matches no name of another team, and no ARN outside own names."""

from fnmatch import fnmatchcase

from hypothesis import example, given, settings
from hypothesis import strategies as st

from shared.config.lane import Place
from shared.iam.catalogue import load_catalogue
from shared.iam.globs import complete_arn
from shared.isolation.proof.documents.document import Document, DocumentKind, read
from shared.isolation.proof.documents.judge import judge_document
from shared.isolation.proof.names.territory import Territory

PLACE = Place("123456789012", "us-east-1", "dev")
MINE = Territory("team1", PLACE)
OTHERS = [
    pattern.replace("*", "x")
    for slug in ("team10", "team11", "team2", "tea", "wssr", "xteam1")
    for pattern in Territory(slug, PLACE).patterns
]
SERVICES = {
    "s3": ("s3:GetObject", "s3:Put*", "s3:*"),
    "lambda": ("lambda:InvokeFunction", "lambda:*"),
    "states": ("states:StartExecution", "states:D*"),
    "logs": ("logs:PutLogEvents",),
    "dynamodb": ("dynamodb:Get*",),
    "secretsmanager": ("secretsmanager:GetSecretValue",),
    "ecr": ("ecr:BatchGetImage",),
}
HEADS = (
    "",
    "function:",
    "stateMachine:",
    "execution:",
    "log-group:/aws/lambda/",
    "table/",
    "secret:",
    "repository/",
    "*",
)
NAMES = ("team1-x", "team1-*", "team1*", "team1/*", "team?-x", "*-x", "team10-*", "*", "te*1-x", "team1-x/*", "?eam1-*")


@st.composite
def statements(draw):
    service = draw(st.sampled_from(sorted(SERVICES)))
    segments = [
        "arn",
        draw(st.sampled_from(["aws", "aws", "*"])),
        draw(st.sampled_from([service, service, "*"])),
        draw(st.sampled_from(["us-east-1", "us-east-1", "", "*", "us-*"])),
        draw(st.sampled_from(["123456789012", "123456789012", "", "*", "1234*"])),
        draw(st.sampled_from(HEADS)) + draw(st.sampled_from(NAMES)),
    ]
    kept = draw(st.sampled_from([6, 6, 6, 6, 5, 3]))
    return {
        "Effect": "Allow",
        "Action": draw(st.sampled_from(SERVICES[service])),
        "Resource": ":".join(segments[:kept]),
    }


def role_policy(granted):
    body = {"Version": "2012-10-17", "Statement": [granted]}
    return Document(DocumentKind.ROLE, "team1-r", "team1", body, "arn:aws:iam::123456789012:role/team1-r")


def statement(action, resource):
    return {"Effect": "Allow", "Action": action, "Resource": resource}


@settings(max_examples=60, deadline=None)
@given(statements())
@example(statement("s3:GetObject", "arn:aws:s3:::team1-*"))
@example(statement("lambda:InvokeFunction", "arn:aws:lambda:us-east-1:123456789012:function:team1-*"))
@example(statement("lambda:InvokeFunction", "arn:aws:lambda:us-east-1:123456789012"))
def test_what_passes_reaches_nobody_else(granted):
    document = role_policy(granted)
    read_statements, malformed = read(document)
    found = [*malformed, *judge_document(document, read_statements, MINE, load_catalogue())]
    resource = complete_arn(granted["Resource"])
    reached = [arn for arn in OTHERS if fnmatchcase(arn, resource)]
    assert found or not reached


def test_the_search_is_not_vacuous():
    def passes(granted):
        document = role_policy(granted)
        return not list(judge_document(document, read(document)[0], MINE, load_catalogue()))

    assert passes(statement("s3:GetObject", "arn:aws:s3:::team1-*"))
    assert passes(statement("dynamodb:GetItem", "arn:aws:dynamodb:us-east-1:123456789012:table/team1-x"))
    assert any(fnmatchcase(arn, "arn:aws:s3:::team1*") for arn in OTHERS)
