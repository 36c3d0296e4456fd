"""The embedded cloud's container registry: what ECR is on AWS.

1. ``protocol``  the HTTP of OCI's distribution-spec 1.1 (pull, push and tags), in front of moto on the same port
2. ``store``     blobs and uploads on disk, with a folder for each repository
3. ``ecr``       repositories, images and tags, which are those of moto's ECR, so that boto3 sees what was pushed; and
   the passwords

The cost: nothing is deleted over the registry's own HTTP (ECR's ``batch_delete_image`` and ``delete_repository`` do
that), and the blobs of a deleted image stay until its repository is deleted.
"""

from shared.local.registry.ecr import Passwords, install
from shared.local.registry.protocol import RegistryApp
from shared.local.registry.store import Store

__all__ = ["Passwords", "RegistryApp", "Store", "install"]
