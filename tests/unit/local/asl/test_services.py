"""Clients of the engine: one for each service, region and role, until its credentials end, and a bounded number."""

import pytest

from shared.local.asl.services import Services
from shared.local.door.sessions import LONGEST, Issuer, new_owner_key

ROLE = "arn:aws:iam::123456789012:role/machine"


@pytest.fixture
def now():
    return [1_000_000.0]


@pytest.fixture
def issuer(now):
    return Issuer(new_owner_key(), lambda: now[0])


@pytest.fixture
def services(issuer, now):
    services = Services("http://127.0.0.1:9", issuer, clock=lambda: now[0])
    yield services
    services.close()


def credentials(client):
    return client._request_signer._credentials.get_frozen_credentials()


def test_a_task_calls_in_its_machines_role_and_step_functions_itself_with_the_owners_key(services, issuer):
    role = credentials(services.client("s3", "us-east-1", ROLE))
    session, secret = issuer.read(role.access_key, role.token)
    assert (session.principal, secret) == (ROLE, role.secret_key)
    assert len(session.name) == 32
    owner = credentials(services.client("s3", "us-east-1"))
    assert (owner.access_key, owner.secret_key, owner.token) == (issuer.owner.id, issuer.owner.secret, None)


def test_the_same_client_each_time_and_another_for_another_role(services):
    one = services.client("s3", "us-east-1", ROLE)
    assert services.client("s3", "us-east-1", ROLE) is one
    assert services.client("s3", "us-east-1", f"{ROLE}2") is not one
    assert services.client("s3", "eu-west-1", ROLE) is not one


def test_a_task_that_began_with_a_client_may_go_on_for_an_hour(services, issuer, now):
    one = services.client("s3", "us-east-1", ROLE)
    ends = issuer.read(credentials(one).access_key, credentials(one).token)[0].expires
    now[0] += LONGEST - 3601
    assert services.client("s3", "us-east-1", ROLE) is one
    now[0] += 1
    assert ends - now[0] == 3600
    other = services.client("s3", "us-east-1", ROLE)
    assert other is not one
    assert issuer.read(credentials(other).access_key, credentials(other).token)[0].expires == now[0] + LONGEST


def test_so_many_are_kept_and_those_that_were_used_last(services):
    first = services.client("sts", "us-east-1", ROLE)
    others = [services.client("sts", "us-east-1", f"{ROLE}{number}") for number in range(63)]
    assert services.client("sts", "us-east-1", ROLE) is first
    services.client("sts", "us-east-1", f"{ROLE}more")
    assert services.client("sts", "us-east-1", ROLE) is first
    assert services.client("sts", "us-east-1", f"{ROLE}0") is not others[0]
