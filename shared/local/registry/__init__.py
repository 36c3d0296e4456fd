"""The embedded cloud's container registry: what ECR is on AWS.

1. ``protocol``  the HTTP of OCI's distribution-spec 1.1 (pull, push and tags), in front of moto on the same port
2. ``store``     blobs and uploads on disk, with a folder for each repository
3. ``ecr``       repositories, images and tags, which are those of moto's ECR, so that boto3 sees what was pushed; and
   the passwords

The cost: nothing is deleted over the registry's own HTTP (ECR's ``batch_delete_image`` and ``delete_repository`` do
that). The blobs of a deleted image go at the next deletion of one that is a day later, for a push may be about to name
them; uploads that were left go after a day, too.
"""

from shared.local.registry.ecr import Passwords, install
from shared.local.registry.protocol import RegistryApp
from shared.local.registry.store import Store

__all__ = ["Passwords", "RegistryApp", "Store", "install"]
