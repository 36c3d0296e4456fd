"""Decisions: IAM's order, what boundaries and sessions narrow, and how a resource's policy names its callers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.iam.decision import Decision, Layer, Policies, Request, decide
from shared.iam.denial import message
from shared.iam.principals import Principal
from shared.iam.statements import Policy, read_identity_policy, read_resource_policy

ACCOUNT, OTHER = "111122223333", "444455556666"
ROOT = Principal(f"arn:aws:iam::{ACCOUNT}:root")
USER = Principal(f"arn:aws:iam::{ACCOUNT}:user/people/ada")
ROLE = f"arn:aws:iam::{ACCOUNT}:role/service/reader"
SESSION = Principal(f"arn:aws:sts::{ACCOUNT}:assumed-role/reader/run", ROLE)
SERVICE = Principal("events.amazonaws.com", kind="Service")
OBJECT = "arn:aws:s3:::data/key"


def allow(*actions: str, resource: str = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": resource, **more}


def deny(*actions: str, resource: str = "*", **more: Any) -> dict[str, Any]:
    return {**allow(*actions, resource=resource, **more), "Effect": "Deny"}


def identity(*statements: dict[str, Any], name: str = "inline", version: str = "2012-10-17") -> Policy:
    return read_identity_policy(name, {"Version": version, "Statement": list(statements)})


def bucket(*statements: dict[str, Any]) -> Policy:
    return read_resource_policy("data", {"Version": "2012-10-17", "Statement": list(statements)})


def ask(policies: Policies, principal: Principal = SESSION, action: str = "s3:GetObject", **more: Any) -> Decision:
    return decide(Request(principal, action, more.pop("resource", OBJECT), **more), policies)


READ = identity(allow("s3:Get*", Sid="Read"))
NOTHING_HERE = identity(allow("sqs:*"))


def test_nothing_is_allowed_that_nothing_allows() -> None:
    assert ask(Policies()) == Decision(allowed=False, layer=Layer.IDENTITY)


def test_an_identity_policy_allows_and_is_named() -> None:
    assert ask(Policies(identity=(READ,))) == Decision(
        allowed=True, layer=Layer.IDENTITY, policy="inline", statement="Read"
    )


def test_not_action_and_not_resource() -> None:
    all_but = identity({"Effect": "Allow", "NotAction": ["iam:*"], "NotResource": ["arn:aws:s3:::data/secret*"]})
    assert ask(Policies(identity=(all_but,))).allowed
    assert not ask(Policies(identity=(all_but,)), action="iam:GetRole").allowed
    assert not ask(Policies(identity=(all_but,)), resource="arn:aws:s3:::data/secret-1").allowed


@pytest.mark.parametrize("layer", ["identity", "session", "resource", "boundary"])
def test_an_explicit_deny_wins_wherever_it_stands(layer: str) -> None:
    says_no = deny("s3:GetObject", Sid="No")
    everything = identity(allow("*"))
    policies = {
        "identity": Policies(identity=(everything, identity(says_no))),
        "session": Policies(identity=(everything,), session=(identity(allow("*"), says_no),)),
        "resource": Policies(identity=(everything,), resource=(bucket({**says_no, "Principal": "*"}),)),
        "boundary": Policies(identity=(everything,), boundary=identity(allow("*"), says_no)),
    }[layer]
    decision = ask(policies)
    assert (decision.allowed, decision.explicit, decision.statement) == (False, True, "No")
    assert decision.layer is Layer[layer.upper()]


def test_a_boundary_and_a_session_narrow() -> None:
    assert ask(Policies(identity=(READ,), boundary=NOTHING_HERE)).layer is Layer.BOUNDARY
    assert ask(Policies(identity=(READ,), session=(NOTHING_HERE,))).layer is Layer.SESSION
    assert ask(Policies(identity=(READ,), boundary=READ, session=(NOTHING_HERE, READ))).allowed


def test_a_boundary_grants_nothing() -> None:
    assert ask(Policies(boundary=READ)).layer is Layer.IDENTITY


# Who is named, and whether that alone is enough: beside a boundary that does not allow it, and without one.
# Source: "Policy evaluation for requests within a single account", IAM User Guide.
NAMED = [
    (SESSION, SESSION.arn, True, True),
    (SESSION, ROLE, True, False),
    (SESSION, f"arn:aws:iam::{ACCOUNT}:root", False, False),
    (SESSION, ACCOUNT, False, False),
    (SESSION, "*", True, True),
    (SESSION, f"arn:aws:sts::{ACCOUNT}:assumed-role/reader/other", False, False),
    (SESSION, f"arn:aws:iam::{ACCOUNT}:role/reader", False, False),  # the path is part of the name
    (USER, USER.arn, True, True),
    (USER, f"arn:aws:iam::{ACCOUNT}:user/*", False, False),  # no star inside a principal
    (USER, ACCOUNT, False, False),
    (USER, OTHER, False, False),
]


@pytest.mark.parametrize(("principal", "named", "alone", "beside_boundary"), NAMED)
def test_how_a_bucket_names_its_caller(principal: Principal, named: str, alone, beside_boundary) -> None:
    opened = bucket(allow("s3:GetObject", Principal={"AWS": named}))
    assert ask(Policies(resource=(opened,)), principal).allowed is alone
    assert ask(Policies(resource=(opened,), boundary=NOTHING_HERE), principal).allowed is beside_boundary


def test_a_grant_to_the_account_lets_the_callers_own_policies_decide() -> None:
    opened = bucket(allow("s3:GetObject", Principal={"AWS": ACCOUNT}))
    assert ask(Policies(identity=(READ,), resource=(opened,))).layer is Layer.IDENTITY
    assert ask(Policies(identity=(READ,), resource=(opened,))).allowed


def test_a_grant_to_the_role_is_held_by_the_sessions_policies() -> None:
    opened = bucket(allow("s3:GetObject", Principal={"AWS": ROLE}))
    itself = bucket(allow("s3:GetObject", Principal={"AWS": SESSION.arn}))
    assert ask(Policies(resource=(opened,), session=(NOTHING_HERE,))).layer is Layer.SESSION
    assert ask(Policies(resource=(itself,), session=(NOTHING_HERE,))).allowed


def test_a_deny_that_names_the_account_names_all_of_it() -> None:
    shut = bucket(deny("s3:*", Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"}))
    for principal in (SESSION, USER, ROOT):
        assert ask(Policies(identity=(READ,), resource=(shut,)), principal).explicit


def test_not_principal_spares_only_who_is_named_by_all_its_names() -> None:
    def shut(*spared: str) -> Policies:
        return Policies(identity=(READ,), resource=(bucket(deny("s3:*", NotPrincipal={"AWS": list(spared)})),))

    assert ask(shut(SESSION.arn, ROLE, ACCOUNT)).allowed
    assert ask(shut(SESSION.arn, ROLE)).explicit
    assert ask(shut(ROLE, ACCOUNT)).explicit
    assert ask(shut(USER.arn, ACCOUNT), USER).allowed
    assert ask(replace(shut(SESSION.arn, ROLE, ACCOUNT), boundary=READ)).explicit  # nobody under a boundary is spared


def test_an_allow_with_not_principal_leaves_out_who_is_named_at_all() -> None:
    opened = bucket(allow("s3:GetObject", NotPrincipal={"AWS": ROLE}))
    assert not ask(Policies(resource=(opened,))).allowed
    assert ask(Policies(resource=(opened,)), USER).allowed


def test_a_service_needs_the_resources_policy() -> None:
    function = "arn:aws:lambda:us-east-1:111122223333:function:f"
    rule = "arn:aws:events:us-east-1:111122223333:rule/r"
    opened = bucket(
        {
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "lambda:InvokeFunction",
            "Resource": function,
            "Condition": {"ArnLike": {"AWS:SourceArn": rule}},
        }
    )

    def come(source: str, principal: Principal = SERVICE) -> Decision:
        request = Request(principal, "lambda:InvokeFunction", function, {"aws:SourceArn": (source,)})
        return decide(request, Policies(identity=(READ,), resource=(opened,)))

    assert come(rule).allowed
    assert come(rule + "2").layer is Layer.RESOURCE
    assert not come(rule, Principal("s3.amazonaws.com", kind="Service")).allowed
    assert not come(rule, Principal("events.amazonaws.com")).allowed  # a name is no service


def trust(**principal: Any) -> Policies:
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal}
    return Policies(resource=(read_resource_policy("trust", {"Version": "2012-10-17", "Statement": statement}),))


def take(policies: Policies, principal: Principal) -> Decision:
    return decide(Request(principal, "sts:AssumeRole", ROLE), policies)


def test_taking_a_role_needs_its_trust() -> None:
    may = identity(allow("sts:AssumeRole"))
    assert take(trust(Service="lambda.amazonaws.com"), Principal("lambda.amazonaws.com", kind="Service")).allowed
    assert take(trust(Service="lambda.amazonaws.com"), SERVICE).layer is Layer.TRUST
    assert take(replace(trust(Service="lambda.amazonaws.com"), identity=(may,)), USER).layer is Layer.TRUST
    assert take(trust(AWS=USER.arn), USER).allowed
    assert take(trust(AWS=ACCOUNT), USER).layer is Layer.IDENTITY
    assert take(replace(trust(AWS=ACCOUNT), identity=(may,)), USER).allowed


def test_an_identity_provider_is_named_as_such() -> None:
    github = Principal("token.actions.githubusercontent.com", kind="Federated")
    statement = {"Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity", "Principal": {"Federated": github.arn}}
    policies = Policies(resource=(read_resource_policy("trust", {"Version": "2012-10-17", "Statement": statement}),))
    request = Request(github, "sts:AssumeRoleWithWebIdentity", ROLE)
    assert decide(request, policies).allowed
    assert not decide(replace(request, principal=replace(github, arn="accounts.google.com")), policies).allowed


def test_the_root_may_all_but_take_a_role_and_what_a_bucket_denies_it() -> None:
    assert ask(Policies(), ROOT) == Decision(allowed=True, layer=Layer.ROOT)
    decision = take(trust(AWS="*"), ROOT)
    assert decision.layer is Layer.ROOT
    assert message(Request(ROOT, "sts:AssumeRole", ROLE), decision) == "Roles may not be assumed by root accounts."
    assert ask(Policies(resource=(bucket(deny("s3:GetObject", Principal="*")),)), ROOT).explicit


def test_a_key_of_kms_is_opened_by_its_own_policy_alone() -> None:
    key = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/k"
    may = identity(allow("kms:*"))
    opened = bucket(allow("kms:*", Principal={"AWS": ACCOUNT}))
    shut = bucket(allow("kms:*", Principal={"AWS": OTHER}))
    assert ask(Policies(identity=(may,), resource=(opened,)), action="kms:Decrypt", resource=key).allowed
    assert not ask(Policies(identity=(may,), resource=(shut,)), action="kms:Decrypt", resource=key).allowed
    assert not ask(Policies(resource=(shut,)), ROOT, action="kms:Decrypt", resource=key).allowed


def test_another_accounts_resource_needs_both() -> None:
    opened = bucket(allow("s3:GetObject", Principal={"AWS": ROLE}))
    assert not ask(Policies(resource=(opened,)), owner=OTHER).allowed
    assert not ask(Policies(identity=(READ,)), owner=OTHER).allowed
    assert ask(Policies(identity=(READ,), resource=(opened,)), owner=OTHER).allowed


def test_who_calls_is_told_by_nobody_else() -> None:
    only_eve = identity(allow("s3:*", Condition={"StringEquals": {"aws:username": "eve"}}))
    assert not ask(Policies(identity=(only_eve,)), USER, context={"AWS:UserName": ("eve",)}).allowed


def test_a_users_name_fills_a_variable_in_the_new_version_alone() -> None:
    home = allow("s3:*", resource="arn:aws:s3:::data/${aws:username}/*")
    request: dict[str, Any] = {"resource": "arn:aws:s3:::data/ada/notes"}
    assert ask(Policies(identity=(identity(home),)), USER, **request).allowed
    assert not ask(Policies(identity=(identity(home),)), **request).allowed  # a session has no user's name
    assert not ask(Policies(identity=(identity(home, version="2008-10-17"),)), USER, **request).allowed


UNREADABLE = [
    ({"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Until": "Monday"}, "'Until'"),
    ({"Effect": "Perhaps", "Action": "s3:*", "Resource": "*"}, "Perhaps"),
    ({"Effect": "Allow", "Action": "s3:*"}, "no Resource"),
    ({"Effect": "Allow", "Resource": "*"}, "Action"),
    ({"Effect": "Allow", "Action": "s3:*", "NotAction": "iam:*", "Resource": "*"}, "NotAction"),
    ({"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Principal": "*"}, "Principal"),
    ({"Effect": "Allow", "Action": {"s3": "*"}, "Resource": "*"}, "not a string"),
    ({"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": ["x"]}, "cannot be read"),
    ("everything", "cannot be read"),
]


@pytest.mark.parametrize(("statement", "named"), UNREADABLE)
def test_what_cannot_be_read_is_no_and_says_so(statement: Any, named: str) -> None:
    broken = read_identity_policy("odd", {"Version": "2012-10-17", "Statement": [statement]})
    decision = ask(Policies(identity=(identity(allow("*")), broken)))
    assert not decision.allowed
    assert decision.policy == "odd"
    assert named in " ".join(decision.notes)


@pytest.mark.parametrize(
    "document",
    [
        "{",
        "[]",
        {"Version": "2026-01-01", "Statement": [allow("*")]},
        {"Version": "2012-10-17"},
        {"Version": "2012-10-17", "Statement": [allow("*")], "Except": "me"},
    ],
)
def test_a_document_that_is_none_is_no(document: Any) -> None:
    assert not ask(Policies(identity=(read_identity_policy("odd", document),))).allowed


def test_an_operator_that_is_not_known_never_passes() -> None:
    unknown = {"BinaryEquals": {"aws:username": "YWRh"}}
    allowed = ask(Policies(identity=(identity(allow("s3:*", Condition=unknown)),)))
    denied = ask(Policies(identity=(READ, identity(deny("s3:*", Condition=unknown)))))
    assert not allowed.allowed
    assert "BinaryEquals" in allowed.notes[0]
    assert denied.explicit
    assert "BinaryEquals" in denied.notes[0]


SAYS = (
    "User: arn:aws:sts::111122223333:assumed-role/reader/run is not authorized to perform: s3:GetObject on resource: "
)


@pytest.mark.parametrize(
    ("policies", "end"),
    [
        (Policies(), "because no identity-based policy allows the s3:GetObject action"),
        (
            Policies(identity=(identity(deny("s3:*")),)),
            "with an explicit deny in an identity-based policy",
        ),
        (
            Policies(resource=(bucket(deny("s3:*", Principal="*")),)),
            "with an explicit deny in a resource-based policy",
        ),
        (
            Policies(identity=(READ,), boundary=NOTHING_HERE),
            "because no permissions boundary allows the s3:GetObject action",
        ),
        (
            Policies(identity=(READ,), session=(NOTHING_HERE,)),
            "because no session policy allows the s3:GetObject action",
        ),
    ],
)
def test_the_words_are_awss(policies: Policies, end: str) -> None:
    request = Request(SESSION, "s3:GetObject", OBJECT)
    decision = decide(request, policies)
    assert message(request, decision) == f"{SAYS}{OBJECT} {end}"
    assert message(request, decision, quoted=True) == f'{SAYS}"{OBJECT}" {end}'


# Properties: over statements of a small world in which all parts meet often.

ACTIONS = ["s3:GetObject", "s3:PutObject", "s3:*", "*", "sqs:SendMessage"]
RESOURCES = ["*", OBJECT, "arn:aws:s3:::data/*", "arn:aws:s3:::other/*"]
CONDITIONS = [
    {},
    {"Bool": {"aws:SecureTransport": "true"}},
    {"StringEquals": {"aws:username": "ada"}},
    {"Odd": {"a": "b"}},
]
STATEMENTS = st.builds(
    lambda effect, action, resource, condition: {
        "Effect": effect, "Action": action, "Resource": resource, "Condition": condition,
    },
    st.sampled_from(["Allow", "Deny"]),
    st.sampled_from(ACTIONS),
    st.sampled_from(RESOURCES),
    st.sampled_from(CONDITIONS),
)  # fmt: skip
IDENTITIES = st.lists(STATEMENTS, min_size=1, max_size=3).map(lambda statements: identity(*statements))
NAMES = [{"AWS": "*"}, {"AWS": ROLE}, {"AWS": SESSION.arn}, {"AWS": USER.arn}, {"AWS": ACCOUNT}]
BUCKETS = st.lists(st.tuples(STATEMENTS, st.sampled_from(NAMES)), min_size=1, max_size=3).map(
    lambda parts: bucket(*({**statement, "Principal": principal} for statement, principal in parts))
)
WORLDS = st.builds(
    Policies,
    identity=st.lists(IDENTITIES, max_size=2).map(tuple),
    boundary=st.none() | IDENTITIES,
    session=st.lists(IDENTITIES, max_size=1).map(tuple),
    resource=st.lists(BUCKETS, max_size=1).map(tuple),
)
REQUESTS = st.builds(
    Request,
    st.sampled_from([SESSION, USER, ROOT, SERVICE]),
    st.sampled_from(["s3:GetObject", "s3:PutObject"]),
    st.sampled_from([OBJECT, "arn:aws:s3:::other/x"]),
    st.sampled_from([{}, {"aws:SecureTransport": ("true",)}]),
)


@settings(max_examples=300, deadline=None)
@given(REQUESTS, WORLDS)
def test_adding_a_deny_of_all_always_ends_in_no(request_: Request, world: Policies) -> None:
    assert not decide(request_, replace(world, identity=(*world.identity, identity(deny("*"))))).allowed


@settings(max_examples=300, deadline=None)
@given(REQUESTS, WORLDS, IDENTITIES)
def test_adding_an_allow_never_takes_away(request_: Request, world: Policies, more: Policy) -> None:
    allows = replace(more, statements=tuple(replace(one, effect="Allow") for one in more.statements))
    if decide(request_, world).allowed:
        assert decide(request_, replace(world, identity=(*world.identity, allows))).allowed


@settings(max_examples=300, deadline=None)
@given(REQUESTS, WORLDS, IDENTITIES)
def test_a_boundary_and_a_session_policy_only_narrow(request_: Request, world: Policies, more: Policy) -> None:
    if not decide(request_, replace(world, boundary=None)).allowed:
        assert not decide(request_, world).allowed
    if not decide(request_, replace(world, session=())).allowed:
        assert not decide(request_, replace(world, session=(*world.session, more))).allowed


@settings(max_examples=300, deadline=None)
@given(REQUESTS, WORLDS)
def test_the_order_of_policies_decides_nothing(request_: Request, world: Policies) -> None:
    turned = replace(world, identity=world.identity[::-1])
    assert decide(request_, turned).allowed == decide(request_, world).allowed


@settings(max_examples=200, deadline=None)
@given(REQUESTS, WORLDS)
def test_every_no_has_its_words_and_every_yes_its_policy(request_: Request, world: Policies) -> None:
    decision = decide(request_, world)
    if decision.allowed:
        assert decision.policy or decision.layer is Layer.ROOT
    else:
        assert request_.action in message(request_, decision)
