"""What a name of a variable or of a key says of its value."""

import pytest

from shared.config.variables import names_secret


@pytest.mark.parametrize(
    "name",
    [
        *("DB_PASSWORD", "db-password", "passwd", "PGPASSWORD", "pwd", "TOKEN", "sessionToken", "GITHUB_TOKEN", "dsn"),
        *("AWS_SECRET_ACCESS_KEY", "SecretString", "apiKey", "x-api-key", "private key", "team_key", "credentials"),
        *("Authorization", "clientSecret"),
    ],
)
def test_names_of_secrets(name):
    assert names_secret(name)


@pytest.mark.parametrize(
    "name",
    [
        *("key", "BUCKET", "keys", "monkey", "event", "Key", "tokens", "max_tokens", "tokenizer"),
        *("NextToken", "next_token", "ContinuationToken", "StartingToken", "SecretId", "secret_name", "AccessKeyId"),
    ],
)
def test_names_of_other_things(name):
    assert not names_secret(name)
