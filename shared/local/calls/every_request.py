"""The condition keys that every request gives values to, and those that nothing here gives.

A key that is documented and not given counts as missing, and a condition on it is decided by IAM's rule for missing
keys. NOT_GIVEN lists the keys of the services in use that are left out, and why.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

NOT_GIVEN = {
    "aws:SourceVpc, aws:SourceVpce, aws:VpcSourceIp": "nothing here runs in a network of its own",
    "aws:ViaAWSService, aws:CalledVia": "no service here calls another with its caller's credentials",
    "aws:PrincipalOrgID, aws:ResourceOrgID and the like": "the account is in no organization",
    "aws:MultiFactorAuthPresent, aws:MultiFactorAuthAge": "nobody signs in with a second factor",
    "s3:ExistingObjectTag/<key>": "an object's tags are not read before the object",
    "s3:signatureAge, s3:x-amz-content-sha256": "the door checks the signature, and does not pass it on",
    "dynamodb:Attributes": "expressions are not read",
    "dynamodb:LeadingKeys of Query, Scan and PartiQL": "the same; it is given for items and keys in the request",
    "kms:*": "keys encrypt nothing here",
    "ec2:* but tags and CreateAction": "this cloud has no instances",
    "aws:ResourceTag/<key> of others than EC2": "tags are looked up only where nothing else tells the owner",
}


def request_keys(
    region: str, now: datetime, source_ip: str, headers: Mapping[str, str], *, secure: bool
) -> dict[str, tuple[str, ...]]:
    """Return the keys that every request has (IAM User Guide, "AWS global condition context keys").

    Args:
        region: The region that the caller signed for.
        now: The time, with its zone.
        source_ip: The address that the request came from.
        headers: By names in lower case.
        secure: Whether it came over TLS, or from this machine, which counts as TLS.
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
