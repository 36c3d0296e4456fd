from hypothesis import given
from hypothesis import strategies as st

from shared.local.door.callers import of_session
from shared.local.door.sessions import Issuer, Session, new_owner_key

OWNER = new_owner_key()
ROLE = "arn:aws:iam::123456789012:role/lanes/team1-role-0a1b2c3d"

texts = st.text(max_size=20)
sessions = st.builds(
    Session,
    principal=texts,
    name=texts,
    issued=st.integers(0, 2**40),
    expires=st.integers(0, 2**40),
    policies=st.lists(texts, max_size=2).map(tuple),
    policy_arns=st.lists(texts, max_size=2).map(tuple),
    tags=st.lists(st.tuples(texts, texts), max_size=2).map(tuple),
    source_identity=texts,
)


@given(sessions)
def test_credentials_say_what_they_were_made_of(session):
    issuer = Issuer(OWNER)
    key = issuer.issue(session)
    assert issuer.read(key.id, key.token) == (session, key.secret)
    assert issuer.issue(session) == key


@given(sessions, st.data())
def test_a_token_with_another_character_is_no_token(session, data):
    issuer = Issuer(OWNER)
    key = issuer.issue(session)
    place = data.draw(st.integers(0, len(key.token) - 1))
    other = data.draw(st.characters(max_codepoint=0x2FF).filter(lambda c: c != key.token[place]))
    assert issuer.read(key.id, key.token[:place] + other + key.token[place + 1 :]) is None
    assert issuer.read(key.id, key.token[:place]) is None


def test_each_session_has_a_key_of_its_own():
    one, two = (Issuer(OWNER, lambda: 1_000_000).of_role(ROLE, name) for name in ("f", "g"))
    assert len({one.id, two.id}) == len({one.secret, two.secret}) == 2
    assert Issuer(OWNER).read(one.id, two.token) is None
    assert len(one.id) == len(OWNER.id) == 20
    assert one.id.startswith("ASIA")
    assert OWNER.id.startswith("AKIA")


def test_another_owner_reads_none_of_it():
    key = Issuer(OWNER).of_role(ROLE, "f")
    assert Issuer(new_owner_key()).read(key.id, key.token) is None


def test_a_secret_shows_in_no_repr():
    key = Issuer(OWNER).of_role(ROLE, "f")
    assert key.secret not in repr(key)
    assert key.token not in repr(key)


def test_a_session_says_who_it_is():
    def who(principal, name):
        caller = of_session(Session(principal, name, 0, 1), "ASIA")
        return caller.kind, caller.arn, caller.principal, caller.account

    user, root = "arn:aws:iam::123456789012:user/people/ann", "arn:aws:iam::123456789012:root"
    sts = "arn:aws:sts::123456789012"
    assert who(ROLE, "f") == ("role", f"{sts}:assumed-role/team1-role-0a1b2c3d/f", ROLE, "123456789012")
    assert who(user, "") == ("user", user, user, "123456789012")
    assert who(root, "") == ("root", root, root, "123456789012")
    assert who(user, "bob") == ("federated", f"{sts}:federated-user/bob", user, "123456789012")
