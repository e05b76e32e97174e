"""The whole life of an incident and of a signer, with no more rights than the web server's role has."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from psycopg import sql

from incidents.models import Incident, Stage
from incidents.response.lifecycle import ORDER
from inventory.models import Compromise, SignerState, TrustedSigner, TrustRootVersion
from inventory.verification import registry
from supplychain.access.actors import actor_for_user
from supplychain.access.models import AuditEvent
from supplychain.database.roles import prepare_roles
from supplychain.notify.models import Channel, Delivery
from tests.factories import cyclonedx, deployment, digest, report, submit
from tests.supplychain.actors import AT, make_user, signed_in
from tests.trust_lab import Lab

# An answer is read from one snapshot of the database, which a test's own transaction would forbid.
pytestmark = pytest.mark.django_db(transaction=True)

WEB, WORKER = "supplychain_test_web", "supplychain_test_worker"
BAD = "pkg:npm/lodash@4.17.20"


@pytest.fixture
def people() -> dict[str, Client]:
    """Everybody of the test, signed in, and what they look at, while all is allowed."""
    submit("team-a", cyclonedx(BAD, subject=digest("shop"), name="registry.example/shop:1"))
    report("team-a", deployment(digest=digest("shop"), image="registry.example/shop:1", service="shop"))
    found = {name: make_user(name, organisation="approver") for name in ("anna", "ben")}
    registry.propose(
        registry.NewSigner(name="acme", issuer="https://token.example", identity="acme"),
        actor=actor_for_user(found["anna"]),
        at=AT,
    )
    found |= {
        "rita": make_user("rita", organisation="responder"),
        "mia": make_user("mia", team="team-a", role="member"),
    }
    return {name: signed_in(user) for name, user in found.items()}


@pytest.fixture
def as_web(people: dict[str, Client]) -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        if not cursor.fetchone()[0]:
            pytest.skip("the test's own role must be a superuser to act as others: ./run test has such a server")
        prepare_roles({"web": f"postgresql://{WEB}@/any", "worker": f"postgresql://{WORKER}@/any"})
        cursor.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(WEB)))
        yield
        cursor.execute("RESET ROLE")
        for role in (WEB, WORKER):
            cursor.execute(sql.SQL("DROP OWNED BY {0}; DROP ROLE {0}").format(sql.Identifier(role)))


def send(client: Client, path: str, **form: str) -> str:
    answer = client.post(path, form)
    assert answer.status_code == 303, (path, answer.status_code, answer.content[:500])
    return str(answer.headers["Location"])


def test_the_web_server_may_do_all_that_the_pages_of_an_incident_offer(people, as_web):
    rita, mia = people["rita"], people["mia"]

    address = send(rita, "/incidents", q=BAD, title="lodash", severity="high")
    send(rita, f"{address}/note", text="rotated")
    send(rita, f"{address}/change", title="lodash again", severity="low", owner="rita")
    send(rita, f"{address}/ask")
    send(mia, f"{address}/acknowledge")
    for stage in (*ORDER[1:], Stage.SCOPING):
        send(rita, f"{address}/change", state=stage, reason="done", accept_unproven="true")

    assert b"".join(rita.post(f"{address}/export").streaming_content).startswith(b"PK")
    assert rita.get(address).status_code == 200
    incident = Incident.objects.get()
    assert (incident.stage, incident.severity, incident.run_count) == (Stage.SCOPING, "low", 2)


def test_the_web_server_may_do_all_that_the_pages_of_channels_and_watches_offer(people, as_web):
    rita, home = people["rita"], "/settings/notifications"

    made = rita.post(home, {"name": "on call", "kind": "webhook", "target": "https://hooks.example.com/x"})
    assert made.status_code == 200, made.content
    channel = f"{home}/{Channel.objects.get().public_id}"
    send(rita, f"{channel}/test")
    send(rita, f"{channel}/change", name="night", target="https://hooks.example.com/y")
    assert rita.post(f"{channel}/key").status_code == 200
    assert Delivery.objects.get().channel.name == "night"
    send(rita, f"{channel}/end")
    watch = send(rita, "/watches", name="lodash", q=BAD)
    send(rita, f"{watch}/change", paused="true")
    assert rita.get(watch).status_code == 200
    send(rita, f"{watch}/end")


def test_the_web_server_may_decide_about_signers(people, as_web):
    signer = TrustedSigner.objects.get()

    for name in ("anna", "ben"):
        send(people[name], f"/signers/{signer.public_id}/accept", note="known")
    send(people["rita"], f"/signers/{signer.public_id}/revoke", compromised_since="2026-03-01T10:00")

    signer.refresh_from_db()
    assert signer.state == SignerState.REVOKED


def test_the_web_server_may_change_roots_of_trust_and_compromises(people, as_web):
    file = SimpleUploadedFile("trusted_root.json", Lab().trusted_root())
    answer = people["anna"].post("/roots/propose", {"name": "lab", "file": file})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/roots/lab/1")
    assert people["anna"].post("/roots/lab/1/approve").status_code == 409
    send(people["ben"], "/roots/lab/1/approve")
    send(people["ben"], "/roots/lab/1/retire")

    form = {"kind": "builder", "value": "https://b.example", "since": "2026-03-01T10:00", "reason": "stolen"}
    send(people["rita"], "/compromises", **form)
    address = f"/compromises/{Compromise.objects.get().public_id}/lift"
    send(people["rita"], address)
    assert people["rita"].post(address).status_code == 409
    send(people["ben"], address)

    assert Compromise.objects.get().lifted_at is not None
    assert TrustRootVersion.objects.get().state == "retired"


def test_the_web_server_may_sign_a_verdict(people, as_web):
    answer = people["mia"].get(f"/api/v1/artifacts/{digest('shop')}/vsa")

    assert answer.status_code == 200
    assert AuditEvent.objects.filter(action="summary.signed").exists()
