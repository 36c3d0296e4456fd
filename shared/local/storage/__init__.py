"""What a cloud keeps on disk: one folder, in which each kind has a database or a folder of its own.

Without ``lanes up --persist`` the folder is scratch and goes with the cloud. With it the folder stays, and what it
holds was written before anybody was told of it. ``commits`` lets many writers share what a disk is slow at.
"""

from shared.local.storage.commits import Commits, RefusedError
from shared.local.storage.database import Database, bytes_in_use
from shared.local.storage.storage import Storage

__all__ = ["Commits", "Database", "RefusedError", "Storage", "bytes_in_use"]
