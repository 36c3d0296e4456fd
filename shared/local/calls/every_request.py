"""The condition keys that every request gives values to, and those that nothing here gives.

A key that is documented and not given is missing, so that a condition on it is met or not as IAM has it for a missing
key; NOT_GIVEN lists what of the services in use is left out, and why.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

NOT_GIVEN = {
    "aws:SourceVpc, aws:SourceVpce, aws:VpcSourceIp": "nothing here runs in a network of its own",
    "aws:ViaAWSService, aws:CalledVia": "no service here calls another with its caller's credentials",
    "aws:PrincipalOrgID, aws:ResourceOrgID and the like": "the account stands in no organization",
    "aws:MultiFactorAuthPresent, aws:MultiFactorAuthAge": "nobody signs in with a second factor",
    "s3:ExistingObjectTag/<key>": "an object's tags are not read before it is asked for",
    "s3:signatureAge, s3:x-amz-content-sha256": "the signature is checked at the door and not told here",
    "dynamodb:Attributes": "expressions are not taken apart",
    "dynamodb:LeadingKeys of Query, Scan and PartiQL": "likewise; of items and keys in the request it is given",
    "kms:*": "keys encrypt nothing here",
    "ec2:* but tags and CreateAction": "instances are no part of this cloud",
    "aws:ResourceTag/<key> of others than EC2": "tags are looked up where nothing else tells whose a thing is",
}


def request_keys(
    region: str, now: datetime, source_ip: str, headers: Mapping[str, str], *, secure: bool
) -> dict[str, tuple[str, ...]]:
    """Return the keys that every request has (IAM User Guide, "AWS global condition context keys").

    Args:
        region: The one that the caller signed for.
        now: The time, with its zone.
        source_ip: The address that the request came from.
        headers: By names in lower case.
        secure: Whether it came over TLS, or from this very machine in the place of it.
    """
    keys: dict[str, tuple[str, ...]] = {
        "aws:RequestedRegion": (region,),
        "aws:CurrentTime": (now.isoformat(timespec="seconds"),),
        "aws:EpochTime": (str(int(now.timestamp())),),
        "aws:SecureTransport": ("true" if secure else "false",),
        "aws:SourceIp": (source_ip,),
    }
    for name, header in (("aws:UserAgent", "user-agent"), ("aws:Referer", "referer")):
        if headers.get(header):
            keys[name] = (headers[header],)
    return keys
