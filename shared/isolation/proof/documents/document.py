"""IAM documents as the proof reads them: whose they are, their statements, and what is wrong with their form.

Reading fails closed: an element, effect or shape that is not understood becomes a finding.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import TYPE_CHECKING

from shared.config.access import NOBODY
from shared.iam import statements as iam
from shared.isolation.proof.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.config.access import Access


class DocumentKind(StrEnum):
    """What a document does."""

    ROLE = "role policy"
    DEPLOYER = "deployer policy"
    BOUNDARY = "permissions boundary"
    TRUST = "trust policy"
    BUCKET = "bucket policy"
    REPOSITORY = "repository policy"
    RESOURCE = "resource policy"


# Characters without white space. Source: IAM and STS quotas; Amazon S3 bucket policies (20 KB); ECR's API reference;
# Lambda, Secrets Manager and DynamoDB take 20 KB each.
SIZE_LIMITS = {
    DocumentKind.ROLE: 10_240,
    DocumentKind.DEPLOYER: 10_240,
    DocumentKind.BOUNDARY: 6_144,
    DocumentKind.TRUST: 2_048,
    DocumentKind.BUCKET: 20_480,
    DocumentKind.REPOSITORY: 10_240,
    DocumentKind.RESOURCE: 20_480,
}

_INVERTED = frozenset({"NotAction", "NotResource", "NotPrincipal"})


@dataclass(frozen=True, slots=True)
class Document:
    """One IAM document, and the resource that it is attached to.

    Args:
        kind: What it does.
        name: The role, policy, bucket, repository, function, secret or table it belongs to, as AWS names it.
        team: Whose it is.
        body: The document, as its JSON reads.
        attached: The ARN of that resource, or of the boundary itself.
        under: The ARN of the permissions boundary that its role carries.
        guests: Whom the team's file lets take the role, beside its own users and roles.
    """

    kind: DocumentKind
    name: str
    team: str
    body: Mapping[str, object] = field(hash=False)
    attached: str = ""
    under: str = ""
    guests: Access = NOBODY

    @property
    def title(self) -> str:
        """How a reader finds it."""
        return f"{self.kind} of {self.name}"


@dataclass(frozen=True, slots=True)
class Statement(iam.Statement):
    """One statement, and the document that it stands in."""

    document: Document

    def finding(self, rule: str, why: str, fix: str, *, action: str = "", resource: str = "") -> Finding:
        """Return a finding about this statement."""
        document = self.document
        return Finding(
            rule=rule,
            document=document.title,
            team=document.team,
            statement=self.label,
            action=action,
            resource=resource,
            why=why,
            fix=fix,
        )


def read(document: Document) -> tuple[list[Statement], list[Finding]]:
    """Take *document* apart; its form is judged here, its meaning in :mod:`..granted`."""
    statements: list[Statement] = []
    findings = _read_frame(document)
    for index, raw in enumerate(iam.listed(document.body.get("Statement", []))):
        label = iam.label_of(index, raw)
        try:
            read_alone = iam.read_statement(label, raw)
        except (TypeError, ValueError) as error:
            findings.append(_broken(document, label, f"the statement cannot be read: {error}"))
            continue
        parts = {part.name: getattr(read_alone, part.name) for part in fields(read_alone)}
        statement = Statement(**parts, document=document)
        statements.append(statement)
        findings.extend(_read_form(statement, raw))
    return statements, findings


def _read_frame(document: Document) -> list[Finding]:
    if not document.body:
        return [_broken(document, "", "there is none")]
    findings: list[Finding] = []
    if document.body.get("Version") != "2012-10-17":
        findings.append(_broken(document, "", f"Version is {document.body.get('Version')!r}, not 2012-10-17"))
    findings.extend(
        _broken(document, "", f"the element {key!r} is not understood")
        for key in document.body
        if key not in {"Version", "Id", "Statement"}
    )
    if not document.body.get("Statement"):
        findings.append(_broken(document, "", "it has no statement"))
    size = len(json.dumps(document.body, separators=(",", ":")))
    limit = SIZE_LIMITS[document.kind]
    if size > limit:
        why = f"it has {size} characters, AWS takes {limit}"
        fix = "name resources by one own-name pattern"
        findings.append(Finding(rule="size", document=document.title, team=document.team, why=why, fix=fix))
    return findings


def _read_form(statement: Statement, raw: object) -> list[Finding]:
    """Judge the elements of one statement: it may have only those that the proof understands, and no inversion."""
    findings = []
    for element in iam.elements(raw):
        if element in _INVERTED:
            plain = element.removeprefix("Not")
            why = f"{element} grants all but what it lists, teams to come included"
            findings.append(statement.finding("inverted", why, f"list what is meant under {plain}"))
    findings.extend(
        _broken(statement.document, statement.label, f"the element {element!r} is not understood")
        for element in iam.unknown_elements(raw)
    )
    if statement.effect not in {"Allow", "Deny"}:
        findings.append(_broken(statement.document, statement.label, f"Effect is {statement.effect!r}"))
    texts = (*statement.resources, *(value for line in statement.conditions for value in line.values))
    findings.extend(
        statement.finding(
            "variable",
            "a policy variable is filled in at run time, from what the caller may choose",
            "write the name out: one policy for each team",
            resource=text,
        )
        for text in texts
        if "${" in text
    )
    return findings


def _broken(document: Document, label: str, why: str) -> Finding:
    fix = "write what AWS documents; the proof refuses what it cannot read"
    return Finding(rule="malformed", document=document.title, team=document.team, statement=label, why=why, fix=fix)
