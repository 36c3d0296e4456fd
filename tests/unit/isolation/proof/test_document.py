"""The frame of a policy document, as the proof reads it."""

from shared.isolation.proof.documents.document import Document, DocumentKind, read


def test_a_bucket_without_a_policy_is_told_in_one_finding():
    document = Document(DocumentKind.BUCKET, "team2-old", "team2", {}, "arn:aws:s3:::team2-old")
    statements, findings = read(document)
    assert statements == []
    assert [(finding.rule, finding.why) for finding in findings] == [("malformed", "there is none")]
