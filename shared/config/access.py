"""Who is let in as a team's people, by the team's file: IAM users, permission sets, workflows on GitHub.

Nothing here may stand for several: no name has a star, so each one admitted is one that a person wrote down.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from shared.config.model import FileModel

MOST = 20
"""How many of a kind a file may name. A trust policy has 2,048 characters (IAM and STS quotas)."""
_IAM_NAME = r"(?:[\w+=,.@-]+/)*[\w+=,.@-]{1,64}"  # CreateUser; behind its path, if it has one
_PERMISSION_SET = r"[\w+=,.@-]{1,32}"  # IAM Identity Center, CreatePermissionSet
_OWNER, _NAME, _ID = r"[A-Za-z0-9][A-Za-z0-9-]{0,38}", r"[A-Za-z0-9._-]{1,100}", r"@\d{1,20}"
_REPOSITORY = rf"{_OWNER}/{_NAME}|{_OWNER}{_ID}/{_NAME}{_ID}"
_BRANCH = r"(?!refs/)[A-Za-z0-9._/-]{1,200}"
_ENVIRONMENT = r"[A-Za-z0-9._-]{1,200}"


def _matching(pattern: str, what: str) -> AfterValidator:
    def check(text: str) -> str:
        if not re.fullmatch(pattern, text, re.ASCII):
            raise ValueError(f"must be {what}")
        return text

    return AfterValidator(check)


UserName = Annotated[str, _matching(_IAM_NAME, "an IAM user's name, such as ann or people/ann, without a star")]
PermissionSet = Annotated[str, _matching(_PERMISSION_SET, "a permission set's name, such as team2-students")]
Repository = Annotated[
    str, _matching(_REPOSITORY, "OWNER/NAME, or OWNER@ID/NAME@ID as tokens of repositories since July 2026 have it")
]
Branch = Annotated[str, _matching(_BRANCH, "a branch's name, such as main, without refs/heads/ and without a star")]
Environment = Annotated[str, _matching(_ENVIRONMENT, "an environment's name: letters, digits, '.', '_' and '-'")]


class GithubFile(FileModel):
    """Workflows of one repository on GitHub: those on one branch, or those in one environment."""

    repository: Repository = Field(description="OWNER/NAME; OWNER@ID/NAME@ID for repositories made since July 2026.")
    branch: Branch | None = Field(None, description="Workflows that run on this branch.")
    environment: Environment | None = Field(
        None,
        description="Workflows whose job names this environment: of each branch that the environment lets deploy.",
    )

    @model_validator(mode="after")
    def _one(self) -> GithubFile:
        if (self.branch is None) == (self.environment is None):
            raise ValueError(
                "names a branch or an environment: one of them, so that nothing else of the repository is let in"
            )
        return self


class AccessFile(FileModel):
    """Who may take the role of the team's people."""

    users: list[UserName] = Field(
        default_factory=list,
        max_length=MOST,
        description="IAM users of the account, each behind its path if it has one.",
    )
    permission_sets: list[PermissionSet] = Field(
        default_factory=list, max_length=MOST, description="Permission sets of IAM Identity Center."
    )
    github: list[GithubFile] = Field(
        default_factory=list, max_length=MOST, description="Workflows of GitHub Actions, by OpenID Connect."
    )

    def resolve(self) -> Access:
        """Return it as deployment and the proof read it."""
        subjects = [Workflows(each.repository, each.branch or "", each.environment or "") for each in self.github]
        users, sets = sorted(set(self.users)), sorted(set(self.permission_sets))
        return Access(tuple(users), tuple(sets), tuple(dict.fromkeys(subjects)))


@dataclass(frozen=True, slots=True)
class Workflows:
    """Workflows of a repository on GitHub: on a *branch* or in an *environment*; the other one is ""."""

    repository: str
    branch: str = ""
    environment: str = ""

    @property
    def subject(self) -> str:
        """What the claim ``sub`` of their tokens says.

        That of a job in an environment tells no branch and no event. A pull request's job has the same, unless the
        environment's settings on GitHub let chosen branches alone deploy.

        Source: GitHub Docs, "OpenID Connect reference", example subject claims. Repositories that were made, renamed or
        moved since 15 July 2026 carry ids: GitHub's changelog of 2026-04-23 (read 2026-11-30).
        """
        return f"repo:{self}"

    def __str__(self) -> str:
        """Return ``OWNER/NAME:ref:refs/heads/main`` or ``OWNER/NAME:environment:team2``."""
        what = f"environment:{self.environment}" if self.environment else f"ref:refs/heads/{self.branch}"
        return f"{self.repository}:{what}"


@dataclass(frozen=True, slots=True)
class Access:
    """Who may take the role of a team's people, beside its own users and roles (``team2-...``)."""

    users: tuple[str, ...] = ()
    permission_sets: tuple[str, ...] = ()
    github: tuple[Workflows, ...] = ()

    def __bool__(self) -> bool:
        """Whether anybody is let in."""
        return bool(self.users or self.permission_sets or self.github)


NOBODY = Access()
