"""An incident of many services shows the first with their proofs, and names the others."""

from __future__ import annotations

import pytest

from incidents.views.panels import page, recovery
from tests.factories import cyclonedx, deployment, digest, report, submit
from tests.incidents.opened import opened, read
from tests.supplychain.actors import make_user, signed_in

# An answer is read from one snapshot of the database, which a test's own transaction would forbid.
pytestmark = pytest.mark.django_db(transaction=True)

BAD = "pkg:npm/lodash@4.17.20"


def test_the_first_services_are_shown_with_their_proofs_and_the_others_by_name(monkeypatch: pytest.MonkeyPatch):
    names = ("cart", "pay", "ship", "tax")
    for name in names:
        submit("shop", cyclonedx(BAD, subject=digest(name), name=f"registry.example/{name}:1"))
    report("shop", *(deployment(digest=digest(name), workload=f"Deployment/{name}", service=name) for name in names))
    rita = signed_in(make_user("rita", organisation="responder"))
    incident = opened(rita, text=BAD)
    for module in (page, recovery):
        monkeypatch.setattr(module, "SERVICES_SHOWN", 2)

    shown = rita.get(f"/incidents{incident}").content.decode()

    table, _, named = shown.partition('id="recovery-more"')
    assert table.count('<details id="proofs-') == 2
    assert "2 more services" in named
    assert "ship, tax." in named
    assert "0 of 4 services recovered" in shown
    assert len(read(rita, f"{incident}/recovery")["services"]) == 4
