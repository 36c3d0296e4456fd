"""Names of secrets that Secrets Manager refuses and moto 5.2 takes.

Source: Secrets Manager API reference, CreateSecret (read 2026-11-30); the words are those that users report
(hashicorp/terraform-provider-aws issue 10961).
"""

from __future__ import annotations

import contextlib
import functools
import re
from typing import TYPE_CHECKING

from moto.secretsmanager.exceptions import ValidationException
from moto.secretsmanager.models import SecretsManagerBackend

from shared.local.seams import Seam, plugged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_NAME = re.compile(r"[A-Za-z0-9/_+=.@!-]{1,512}")


@contextlib.contextmanager
def bad_secret_names_refused() -> Iterator[None]:
    """Have moto refuse such names, while the block lasts."""
    with plugged([Seam(SecretsManagerBackend, "create_secret", _refusing)]):
        yield


def _refusing(original: Callable[..., str]) -> Callable[..., str]:
    @functools.wraps(original)
    def create_secret(self: SecretsManagerBackend, name: str, *args: object, **named: object) -> str:
        if not _NAME.fullmatch(name):
            raise ValidationException(
                "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: "
                "-/_+=.@!"
            )
        return original(self, name, *args, **named)

    return create_secret
