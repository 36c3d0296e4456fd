"""The rendezvous service of the settings: what it may be, and the names it gets."""

import pytest

from shared.config.naming import MANAGER
from shared.config.platform import CHECK, SLUG, rendezvous_service
from shared.errors import UsageError
from shared.handlers.rendezvous import record

SETTINGS = "shared/settings.yaml"
CASES = {
    "cpu": ("cpu: 256", "cpu: 300", "rendezvous.service.cpu is 300, not one of 256, 512, 1024, 2048, 4096"),
    "memory": ("memory: 512", "memory: 4096", "is 4096 MB; for cpu 256 it is 512, 1024, 2048"),
    "zone": ("zone: uva-ds5110.com", "zone: ds5110.com", "zone is 'ds5110.com', which does not hold 'rendezvous.uva"),
    "schedule": ("restart: cron(0 9 ? * SUN *)", "restart: weekly", "must be an EventBridge schedule"),
    "check by the clock": ("schedule: rate(5 minutes)", "schedule: cron(0 9 ? * SUN *)", "counts by a rate"),
    "slow check": ("failureThreshold: 3", "failureThreshold: 300", "take 90300 s of checks together"),
    "topic": ("zone: uva", "notify: me@example.edu\n    zone: uva", "rendezvous.service.notify is 'me@example.edu'"),
    "image": ("image: 1", "image: Not an image ", "rendezvous.service.image is"),
    "typo": ("zone: uva", "zoen: uva", "unknown key 'rendezvous.service.zoen' (did you mean 'zone'?)"),
}


@pytest.mark.parametrize("case", CASES)
def test_what_fargate_or_the_zone_cannot_take_is_told_with_its_line(files, case):
    old, new, message = CASES[case]
    files.edit(SETTINGS, old, new)
    assert any(p.startswith("shared/settings.yaml:") and message in p for p in files.problems())


def test_its_names_are_the_platforms_and_its_functions_know_where_the_server_is(files):
    service = rendezvous_service(files.load())
    digest = service.lane.hash
    assert service.service == service.cluster == f"platform-rendezvous-{digest}"
    assert service.log_group == f"/ecs/platform-rendezvous-{digest}"
    assert service.rules[CHECK] == f"platform-rendezvous-check-{digest}"
    assert (service.alarm, service.check_seconds) == (f"platform-rendezvous-check-{digest}", 300)
    function = service.lane.functions[CHECK]
    assert function.handler == "shared.handlers.rendezvous.check.handler"
    assert function.environment == {
        "TEAM": "platform",
        "STAGE": "dev",
        "CLUSTER": service.cluster,
        "SERVICE": service.service,
        "ZONE": "uva-ds5110.com",
        "RECORD": "rendezvous.uva-ds5110.com",
        "PORT": "10000",
        "RENDEZVOUS_ENDPOINT": "rendezvous.uva-ds5110.com:10000",
        "RENDEZVOUS_TIMEOUT": "5",
        "RENDEZVOUS_DEGRADED_AFTER": "1",
        "RENDEZVOUS_SECRET": f"platform/rendezvous-{digest}",
    }
    assert service.lane.rendezvous_key == f"platform/rendezvous-{digest}"
    assert not service.allow_open, "old clients are let in when somebody says so"


def test_no_team_can_have_its_slug(files):
    files.team("platform")
    assert any("the slug 'platform' is reserved" in problem for problem in files.problems())


def test_a_server_of_somebody_elses_has_no_service(files):
    text = (files.root / SETTINGS).read_text(encoding="utf-8")
    files.write(SETTINGS, text.partition("  # The server itself")[0])
    with pytest.raises(UsageError, match=r"add rendezvous\.service"):
        rendezvous_service(files.load())


def test_the_rendezvous_marks_what_is_its_own_as_deployment_does():
    """Handlers travel alone, so they spell it themselves."""
    assert record._OWNER == {"team": SLUG, "managed-by": MANAGER}
