"""The style of drawn machines is the same for pages and for reports: one file, served to pages."""

from typing import Any, cast

from shared.console.app import make_app
from shared.console.guard import Guard
from shared.measure.drawing.draw_machine import STYLE


def test_pages_get_the_style_of_drawn_machines_as_a_file():
    guard = Guard(4600)
    browser = make_app(cast("Any", None), guard, lambda *_: None).test_client()
    origin = f"http://{guard.hosts[0]}"
    entered = browser.get("/", query_string=guard.address.partition("?")[2], base_url=origin)
    assert entered.status_code == 303
    served = browser.get("/-/machine.css", base_url=origin)
    assert (served.status_code, served.mimetype, served.text) == (200, "text/css", STYLE)
