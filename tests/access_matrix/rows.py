"""The access matrix, one row for each route and method of the site: who may, and which object it names.

A new route or method without a row fails `test_every_route_and_every_method_has_a_row`. A part may keep its rows in a
module of its own, which every_row.py names. To add one, say:

- `route` as the URL configuration spells it, and `method`;
- `scopes`: one of which opens it, or PUBLIC, or SIGNED_IN;
- which objects it names, by their kind (world.py, `Names`): in the path (`path={"public_id": "evidence"}`), in the
  query or in the body, where `{cluster}` stands for the name. A path parameter of the kind `own:artifact` is always
  the asker's own, and `=1` stands for itself. Each row is asked for the asker's own object, for another team's and
  for one that is not there;
- `ok`: the status for an object that the asker may see; `missing`: for one that is not there, or not theirs.

A route that names several objects gets a row for each, so that one is varied at a time. Whoever asks cannot tell
another team's object from a missing one: the two answers are compared byte for byte, and in their number of statements.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.factories import cyclonedx, deployment

PUBLIC = frozenset({"everyone"})
ANY = 0
"""For `ok`: whatever but a refusal or a mistake; a page about oneself answers by what one has set up."""
SIGNED_IN = frozenset({"whoever is signed in"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One route and method, and how it is asked for one kind of object."""

    route: str
    method: str = "GET"
    scopes: frozenset[str]
    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    body: object = None
    form: Mapping[str, str] | None = None
    ok: int = 200
    missing: int = 404
    refused: Mapping[str, int] = field(default_factory=dict)
    """Askers who hold a scope and still may not, with the status they get whatever the object is."""
    personal: bool = False
    """The object is one person's own: nobody else may, whatever their role."""
    when_signed_in: int | None = None
    """The status of a public row for who is signed in already, where it is another."""
    own_transaction: bool = False
    """It asks, which begins a transaction of its own: what it writes is not undone."""
    changes: bool = False
    """It changes something though its scope is that of a question: what it does is undone."""
    no_secret: str = ""
    """Why another team's object may answer otherwise than a missing one."""

    @property
    def names_an_object(self) -> bool:
        return bool(self.path or self.query or "{" in str(self.body) or self.form)

    @property
    def changes_something(self) -> bool:
        """Incident questions begin a transaction of their own, and leave an audit line alone."""
        return (
            self.method not in {"GET", "HEAD", "OPTIONS"}
            and (self.changes or self.scopes != ASK)
            and not self.own_transaction
        )

    def __str__(self) -> str:
        about = ",".join([*self.path.values(), *self.query])
        return f"{self.method} /{self.route} {about}".strip()


def _scopes(*names: str) -> frozenset[str]:
    return frozenset(names)


READ, ASK = _scopes("inventory:read"), _scopes("incidents:read")
RESPOND = _scopes("incidents:write")
SEND, ADMIN = _scopes("evidence:write"), _scopes("admin")
RECEIPT = READ | SEND
POLICY, DECIDE = _scopes("policy:read"), _scopes("policy:write")
NARROW = _scopes("policy:write", "incidents:write")
# A key decides nothing about trust, whatever its scopes.
NO_PERSON = {"own key": 403, "stranger's key": 403}
# Who may send for no one team: an administrator who is in none.
NO_TEAM = {"admin": 403}
EVIDENCE, ARTIFACT, CLUSTER = {"public_id": "evidence"}, {"digest": "artifact"}, {"cluster": "cluster"}
INCIDENT = {"public_id": "incident"}
RUN = INCIDENT | {"number": "=1"}
DOCUMENT, RECORD = cyclonedx("pkg:npm/sent@1"), deployment(digest="{artifact}", cluster="{cluster}", team="{team}")

API = (
    Row(route="api/version", scopes=PUBLIC),
    Row(route="api/v1/schema", scopes=PUBLIC),
    Row(route="api/v1/docs", scopes=PUBLIC),
    Row(route="api/v1/signing-keys", scopes=PUBLIC),
    Row(route="api/v1/signing-keys/<str:key_id>", scopes=PUBLIC, path={"key_id": "=current"}, missing=200),
    Row(route="api/v1/me", scopes=SIGNED_IN),
    Row(route="api/v1/keys", scopes=ADMIN),
    Row(
        route="api/v1/keys",
        method="POST",
        scopes=ADMIN,
        body={"team": "{team}", "scopes": ["inventory:read"]},
        ok=201,
        missing=400,
    ),
    Row(route="api/v1/keys/<uuid:public_id>/revoke", method="POST", scopes=ADMIN, path={"public_id": "key"}),
    Row(route="api/v1/audit", scopes=ADMIN),
    Row(route="api/v1/audit", scopes=ADMIN, query={"subject": "{evidence}"}, missing=200),
    Row(route="api/v1/audit", scopes=ADMIN, query={"actor": "key:{lookup}"}, missing=200),
    # evidence
    Row(route="api/v1/evidence", scopes=RECEIPT),
    Row(route="api/v1/evidence", scopes=RECEIPT, query={"artifact": "{artifact}"}, missing=200),
    Row(
        route="api/v1/evidence",
        method="POST",
        scopes=SEND,
        query={"artifact": "{artifact}", "name": "{image}", "cluster": "{cluster}"},
        body=DOCUMENT,
        ok=202,
        missing=202,
        refused=NO_TEAM,
    ),
    Row(route="api/v1/evidence/<uuid:public_id>", scopes=RECEIPT, path=EVIDENCE),
    Row(route="api/v1/evidence/<uuid:public_id>/raw", scopes=READ, path=EVIDENCE),
    Row(
        route="api/v1/evidence/<uuid:public_id>/retry",
        method="POST",
        scopes=SEND,
        path={"public_id": "rejected"},
        ok=202,
    ),
    Row(route="api/v1/evidence/<uuid:public_id>/retry", method="POST", scopes=SEND, path=EVIDENCE, ok=409),
    # artifacts
    Row(route="api/v1/artifacts", scopes=READ),
    Row(route="api/v1/artifacts", scopes=READ, query={"q": "{image}"}, missing=200),
    Row(route="api/v1/artifacts", scopes=READ, query={"q": "{artifact}"}, missing=200),
    Row(route="api/v1/artifacts/<str:digest>", scopes=READ, path=ARTIFACT),
    Row(route="api/v1/artifacts/<str:digest>/components", scopes=READ, path=ARTIFACT),
    Row(route="api/v1/artifacts/<str:digest>/sbom", scopes=READ, path=ARTIFACT),
    Row(route="api/v1/artifacts/<str:digest>/vex", scopes=READ, path=ARTIFACT),
    Row(route="api/v1/artifacts/<str:digest>/vsa", scopes=READ, path=ARTIFACT),
    Row(route="api/v1/expectations", scopes=POLICY),
    Row(route="api/v1/artifacts/<str:digest>/attestations", scopes=READ, path=ARTIFACT),
    Row(route="api/v1/artifacts/<str:digest>/verifications", scopes=READ, path=ARTIFACT),
    Row(route="api/v1/artifacts/<str:digest>/trace", scopes=READ, path=ARTIFACT),
    Row(route="api/v1/artifacts/<str:digest>/bases", scopes=READ, path=ARTIFACT),
    Row(route="api/v1/repositories", scopes=READ),
    Row(route="api/v1/repositories", scopes=READ, query={"q": "{repository}"}, missing=200),
    Row(route="api/v1/workflows", scopes=READ),
    Row(route="api/v1/builders", scopes=READ),
    Row(route="api/v1/made", scopes=READ, query={"kind": "repository", "name": "{repository}"}, missing=200),
    Row(route="api/v1/pipeline", scopes=READ),
    Row(route="api/v1/pipeline", scopes=READ, query={"cluster": "{cluster}"}, missing=200),
    Row(route="api/v1/pipeline", scopes=READ, query={"team": "{team}"}, missing=200),
    Row(route="api/v1/findings", scopes=READ),
    Row(route="api/v1/findings", scopes=READ, query={"repository": "{source}"}, missing=200),
    Row(route="api/v1/findings/<uuid:public_id>", scopes=READ, path={"public_id": "finding"}),
    Row(route="api/v1/tags", scopes=READ, query={"repository": "{image}"}, missing=200),
    Row(route="api/v1/tags/overwrites", scopes=READ),
    Row(route="api/v1/tags/overwrites", scopes=READ, query={"repository": "{repository}"}, missing=200),
    Row(route="api/v1/verification", scopes=READ),
    Row(
        route="api/v1/artifacts/<str:before>/diff/<str:after>",
        scopes=READ,
        path={"before": "artifact", "after": "own:other"},
    ),
    Row(
        route="api/v1/artifacts/<str:before>/diff/<str:after>",
        scopes=READ,
        path={"before": "own:other", "after": "artifact"},
    ),
    # packages
    Row(route="api/v1/packages", scopes=READ),
    Row(route="api/v1/packages", scopes=READ, query={"q": "{package}"}, missing=200),
    Row(route="api/v1/packages/<path:purl>", scopes=READ, path={"purl": "package"}),
    # advisories
    Row(route="api/v1/advisories", scopes=READ),
    Row(route="api/v1/advisories", scopes=READ, query={"q": "{advisory}"}, missing=200),
    Row(route="api/v1/advisories", scopes=READ, query={"package": "{package}"}, missing=200),
    Row(route="api/v1/advisories/<str:identifier>", scopes=READ, path={"identifier": "advisory"}),
    # runtime
    Row(route="api/v1/deployments", method="POST", scopes=SEND, body=RECORD, ok=202, missing=202, refused=NO_TEAM),
    Row(route="api/v1/workloads", scopes=READ),
    Row(route="api/v1/workloads", scopes=READ, query={"cluster": "{cluster}"}, missing=200),
    Row(route="api/v1/workloads", scopes=READ, query={"digest": "{artifact}"}, missing=200),
    Row(route="api/v1/workloads", scopes=READ, query={"service": "{service}"}, missing=200),
    Row(route="api/v1/workloads", scopes=READ, query={"namespace": "{service}"}, missing=200),
    Row(route="api/v1/clusters", scopes=READ),
    Row(route="api/v1/clusters/<str:cluster>", scopes=READ, path=CLUSTER),
    Row(
        route="api/v1/clusters/<str:cluster>",
        method="PATCH",
        scopes=ADMIN,
        path=CLUSTER,
        body={"report_interval_seconds": 60},
    ),
    Row(
        route="api/v1/clusters/<str:cluster>/snapshot",
        method="PUT",
        scopes=SEND,
        path=CLUSTER,
        body={"namespaces": ["*"], "records": [deployment(cluster="{cluster}")]},
        ok=202,
        missing=202,
        refused=NO_TEAM,
        no_secret="A cluster's name is the installation's: who may send and names one that is taken is told so.",
    ),
    Row(route="api/v1/search", scopes=READ, query={"q": "{package}"}, missing=200),
    Row(route="api/v1/search", scopes=READ, query={"q": "{artifact}"}, missing=200),
    Row(route="api/v1/search", scopes=READ, query={"q": "{image}"}, missing=200),
    Row(route="api/v1/search", scopes=READ, query={"q": "{service}"}, missing=200),
    # the incident question
    Row(route="api/v1/impact", scopes=ASK, query={"q": "{package}\n{artifact}\n{image}"}, missing=200),
    Row(route="api/v1/impact", scopes=ASK, query={"q": "lodash", "cluster": "{cluster}"}, missing=200),
    Row(route="api/v1/impact", scopes=ASK, query={"q": "lodash", "team": "{team}"}, missing=200),
    Row(
        route="api/v1/impact",
        method="POST",
        scopes=ASK,
        body={"text": "{package}\n{artifact}\n{image}", "statuses": ["affected", "possible", "unknown", "cleared"]},
        missing=200,
    ),
    # incidents
    Row(route="api/v1/incidents", scopes=ASK),
    Row(
        route="api/v1/incidents",
        method="POST",
        scopes=RESPOND,
        body={"title": "taken over", "severity": "high", "text": "{package}"},
        ok=201,
        missing=201,
        own_transaction=True,
    ),
    Row(route="api/v1/incidents/<uuid:public_id>", scopes=ASK, path=INCIDENT),
    Row(
        route="api/v1/incidents/<uuid:public_id>",
        method="PATCH",
        scopes=RESPOND,
        path=INCIDENT,
        body={"severity": "low"},
    ),
    Row(
        route="api/v1/incidents/<uuid:public_id>/notes",
        method="POST",
        scopes=RESPOND,
        path=INCIDENT,
        body={"text": "seen"},
        ok=201,
    ),
    Row(
        route="api/v1/incidents/<uuid:public_id>/close",
        method="POST",
        scopes=RESPOND,
        path=INCIDENT,
        body={"reason": "over"},
        ok=409,
    ),
    Row(
        route="api/v1/incidents/<uuid:public_id>/acknowledge",
        method="POST",
        scopes=SEND,
        path=INCIDENT,
        refused={"admin": 409},
    ),
    Row(route="api/v1/incidents/<uuid:public_id>/timeline", scopes=ASK, path=INCIDENT),
    Row(route="api/v1/incidents/<uuid:public_id>/export", scopes=ASK, path=INCIDENT),
    Row(route="api/v1/incidents/<uuid:public_id>/queries", scopes=ASK, path=INCIDENT),
    Row(
        route="api/v1/incidents/<uuid:public_id>/queries",
        method="POST",
        scopes=RESPOND,
        path=INCIDENT,
        body={},
        ok=201,
        own_transaction=True,
    ),
    Row(route="api/v1/incidents/<uuid:public_id>/queries/<int:number>", scopes=ASK, path=RUN),
    Row(route="api/v1/incidents/<uuid:public_id>/queries/<int:number>/diff", scopes=ASK, path=RUN),
    Row(route="impact/csv", scopes=ASK, query={"q": "{package}\n{artifact}\n{image}"}, missing=200),
    Row(route="impact/csv", method="POST", scopes=ASK, form={"q": "{package}\n{artifact}"}, missing=200),
)

PAGES = (
    Row(route="", scopes=READ),
    Row(route="incidents", scopes=ASK),
    Row(
        route="incidents",
        method="POST",
        scopes=RESPOND,
        form={"q": "{package}", "title": "taken over", "severity": "high"},
        ok=303,
        missing=303,
        own_transaction=True,
    ),
    Row(route="incidents/<uuid:public_id>", scopes=ASK, path=INCIDENT),
    Row(route="incidents/<uuid:public_id>/queries/<int:number>", scopes=ASK, path=RUN),
    Row(route="incidents/<uuid:public_id>/queries/<int:number>/csv", scopes=ASK, path=RUN),
    Row(route="incidents/<uuid:public_id>/export", method="POST", scopes=ASK, path=INCIDENT, form={}),
    Row(
        route="incidents/<uuid:public_id>/ask",
        method="POST",
        scopes=RESPOND,
        path=INCIDENT,
        form={},
        ok=303,
        own_transaction=True,
    ),
    Row(
        route="incidents/<uuid:public_id>/change",
        method="POST",
        scopes=RESPOND,
        path=INCIDENT,
        form={"state": "scoping"},
        ok=303,
    ),
    Row(
        route="incidents/<uuid:public_id>/note",
        method="POST",
        scopes=RESPOND,
        path=INCIDENT,
        form={"text": "seen"},
        ok=303,
    ),
    Row(
        route="incidents/<uuid:public_id>/acknowledge",
        method="POST",
        scopes=SEND,
        path=INCIDENT,
        form={},
        ok=303,
        refused={"admin": 409},
    ),
    Row(route="impact", scopes=ASK),
    Row(route="impact", scopes=ASK, query={"q": "{package}\n{artifact}\n{image}"}, missing=200),
    Row(route="impact", method="POST", scopes=ASK, form={"q": "{package}\n{artifact}"}, ok=303, missing=303),
    Row(route="search", scopes=READ),
    Row(route="search", scopes=READ, query={"q": "{package}"}, missing=200),
    Row(route="search", scopes=READ, query={"q": "{image}"}, missing=200),
    Row(route="artifacts", scopes=READ),
    Row(route="artifacts", scopes=READ, query={"q": "{image}"}, missing=200),
    Row(route="artifacts/<str:digest>", scopes=READ, path=ARTIFACT),
    Row(route="artifacts/<str:digest>/components", scopes=READ, path=ARTIFACT),
    Row(
        route="artifacts/<str:digest>/diff",
        scopes=READ,
        path={"digest": "own:other"},
        query={"with": "{artifact}"},
    ),
    Row(route="packages", scopes=READ),
    Row(route="packages", scopes=READ, query={"q": "{package}"}, missing=200),
    Row(route="packages/<path:purl>", scopes=READ, path={"purl": "package"}),
    Row(route="advisories", scopes=READ),
    Row(route="advisories", scopes=READ, query={"q": "{advisory}"}, missing=200),
    Row(route="advisories/<str:identifier>", scopes=READ, path={"identifier": "advisory"}),
    Row(route="tags", scopes=READ),
    Row(route="tags", scopes=READ, query={"q": "{repository}"}, missing=200),
    Row(route="tags", scopes=READ, query={"repository": "{repository}"}, missing=200),
    Row(route="findings", scopes=READ),
    Row(route="findings", scopes=READ, query={"repository": "{source}"}, missing=200),
    Row(route="findings/<uuid:public_id>", scopes=READ, path={"public_id": "finding"}),
    Row(route="tags/overwrites", scopes=READ),
    Row(route="tags/overwrites", scopes=READ, query={"repository": "{repository}"}, missing=200),
    Row(route="repositories", scopes=READ),
    Row(route="repositories", scopes=READ, query={"name": "{repository}"}, missing=200),
    Row(route="workflows", scopes=READ),
    Row(route="builders", scopes=READ),
    Row(route="pipeline", scopes=READ),
    Row(route="pipeline", scopes=READ, query={"cluster": "{cluster}"}, missing=200),
    Row(route="pipeline", scopes=READ, query={"team": "{team}"}, missing=200),
    Row(route="workloads", scopes=READ),
    Row(route="workloads", scopes=READ, query={"cluster": "{cluster}"}, missing=200),
    Row(route="workloads", scopes=READ, query={"digest": "{artifact}"}, missing=200),
    Row(route="clusters", scopes=READ),
    Row(route="clusters/<str:name>", scopes=READ, path={"name": "cluster"}),
    Row(route="evidence", scopes=READ),
    Row(route="evidence", scopes=READ, query={"artifact": "{artifact}"}, missing=200),
    Row(route="evidence/<uuid:public_id>", scopes=READ, path=EVIDENCE),
    Row(route="evidence/<uuid:public_id>/tree", scopes=READ, path=EVIDENCE),
    Row(route="evidence/<uuid:public_id>/tree", scopes=READ, path=EVIDENCE, query={"node": "0", "at": "/components/0"}),
    Row(route="evidence/<uuid:public_id>/retry", method="POST", scopes=SEND, path={"public_id": "rejected"}, ok=302),
)

ACCESS = (
    Row(route="sign-in", scopes=PUBLIC, when_signed_in=302),
    Row(
        route="sign-in",
        method="POST",
        scopes=PUBLIC,
        form={"username": "{user}", "password": "a wrong password"},
        when_signed_in=302,
    ),
    Row(route="sign-out", method="POST", scopes=PUBLIC, ok=302),
    # Without a provider in the settings, as here, nothing is there; tests/supplychain/access has one.
    Row(route="sign-in/sso", method="POST", scopes=PUBLIC, ok=404),
    Row(route="sign-in/sso/callback", scopes=PUBLIC, ok=404),
)

PASSKEY = {"credential": "passkey"}
ACCOUNT = (
    Row(route="sign-in/second-factor", scopes=PUBLIC, ok=302),
    Row(route="sign-in/second-factor", method="POST", scopes=PUBLIC, ok=302),
    Row(route="sign-in/passkey", scopes=PUBLIC, ok=302),
    Row(route="sign-in/passkey", method="POST", scopes=PUBLIC, ok=302),
    *(
        Row(route=f"settings/{route}", method=method, scopes=SIGNED_IN, ok=ANY)
        for route, methods in {
            "confirm": ("GET", "POST"),
            "confirm/code": ("GET", "POST"),
            "confirm/passkey": ("GET", "POST"),
            "confirm/again": ("GET",),
            "security": ("GET",),
            "security/app": ("GET", "POST"),
            "security/app/remove": ("GET", "POST"),
            "security/passkeys/add": ("GET", "POST"),
            "security/recovery-codes": ("GET",),
            "security/recovery-codes/new": ("GET", "POST"),
            "password": ("GET", "POST"),
            "sessions": ("GET",),
        }.items()
        for method in methods
    ),
    Row(route="settings/security/passkeys/<str:credential>/remove", scopes=SIGNED_IN, path=PASSKEY, personal=True),
    Row(
        route="settings/security/passkeys/<str:credential>/remove",
        method="POST",
        scopes=SIGNED_IN,
        path=PASSKEY,
        personal=True,
        ok=302,
    ),
    Row(route="settings/sessions", method="POST", scopes=SIGNED_IN, form={"end": "{session}"}, personal=True, ok=302),
)

OPERATIONS = (
    Row(route="healthz", scopes=PUBLIC),
    Row(route="readyz", scopes=PUBLIC),
    # The client of the tests stands in a network of METRICS_NETWORKS; the key it needs elsewhere has its own test.
    Row(route="metrics", scopes=PUBLIC),
    # Of the whole installation: for who sees all teams; others are not told that it is there.
    Row(route="ops", scopes=READ, refused={"own session": 404, "stranger's session": 404}),
)

ROWS = (*API, *PAGES, *ACCESS, *ACCOUNT, *OPERATIONS)
