"""The proof of isolation over a project's files: what deploys make of them is read, and nothing of a cloud."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.config.platform import rendezvous_service
from shared.deploy.documents import lane_documents, lane_links, service_documents, service_links
from shared.iam.catalogue import load_catalogue
from shared.isolation.proof.account.account import Account
from shared.isolation.proof.account.outsiders import with_account
from shared.isolation.proof.names.commons import commons_of
from shared.isolation.proof.names.disjoint import name_rules
from shared.isolation.proof.proof import prove
from shared.isolation.roles.database_role import lane_scripts

if TYPE_CHECKING:
    from shared.config.load import Project
    from shared.isolation.proof.proof import Proof


def prove_files(project: Project, *teams: str) -> Proof:
    """Prove that no document that the files of *project* make lets a team past its own names, or find where one does.

    Args:
        project: Whose files.
        teams: Only theirs; all teams' and, where we run it, the rendezvous service's when left out.
    """
    lanes = [project.lane(team) for team in teams] or list(project.teams.values())
    service = rendezvous_service(project) if not teams and project.settings.rendezvous.service else None
    documents = [document for lane in lanes for document in lane_documents(lane)]
    documents += service_documents(service) if service else []
    links = [link for lane in lanes for link in lane_links(lane)]
    links += service_links(service) if service else []
    scripts = [script for lane in lanes for script in lane_scripts(lane)]
    catalogue = load_catalogue()
    rules = name_rules(project.naming, commons_of(project.settings))
    proof = prove(documents, project.place, rules, catalogue, scripts)
    return with_account(proof, Account(proof.teams, links=tuple(links)), project.place, catalogue)
