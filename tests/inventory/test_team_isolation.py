"""The twin test: what team B is told must not depend on what team A sent.

Two worlds are built through the real ingest: in one, a stranger (team A) talks about B's digests, packages, names and
clusters before and after B; in the other B is alone. Every answer B's key gets must be the same, byte for byte, but for
ids that are random.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from urllib.parse import quote

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from incidents.asking import read_incident_question
from incidents.models import Incident, Severity, Watch
from incidents.response.opening import open_incident
from incidents.watches.keeping import make_watch
from inventory.models import Evidence, Finding, TrustedSigner
from inventory.verification import registry
from supplychain.access.actors import actor_for_user
from supplychain.access.models import Team
from supplychain.notify.channels import Filters, make_channel, send_test
from supplychain.notify.models import Channel, ChannelKind, Delivery
from tests.attested import COMMIT, REPOSITORY, bundle, encode, provenance, statement
from tests.factories import (
    advisory,
    apply_waiting,
    cyclonedx,
    deployment,
    digest,
    image_index,
    later,
    report,
    store,
    submit,
)
from tests.judgements import ISSUER
from tests.supplychain.actors import client_of, make_user, new_key

APP, OLD, CONFIG, DARK, ARM = (digest(name) for name in ("app", "old", "config", "dark", "arm"))
SECRET = digest("secret")
INDEX = image_index(APP, ARM)
PURLS = (
    "pkg:npm/lodash@4.17.21",
    "pkg:nuget/Newtonsoft.Json@13.0.1",
    "pkg:pypi/requests@2.31.0",
    "pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1",
    "pkg:deb/debian/openssl@3.0.11-1?arch=amd64&distro=debian-12",
)
SPELLED_OTHERWISE = (
    "pkg:nuget/NEWTONSOFT.JSON@13.0.1",
    "pkg:pypi/Requests@2.30.0",
    "pkg:npm/lodash@4.17.20",
    "pkg:npm/zz-stranger@1.0.0",
    "pkg:npm/aa-stranger@1.0.0",
)
UNASKED = {
    # the document of the API and what the key itself is: the same for everyone, or about the asker alone
    "api/v1/signing-keys",
    "api/v1/signing-keys/<str:key_id>",
    "api/v1/schema",
    "api/v1/docs",
    "api/v1/me",
    "api/v1/keys",
    # for administrators, who see all teams
    "api/v1/audit",
    # a zip full of digests over ids, which differ between the worlds: tests/incidents/export asks who sees a part
    "api/v1/incidents/<uuid:public_id>/export",
    # writes
    "api/v1/keys/<uuid:public_id>/revoke",
    "api/v1/evidence/<uuid:public_id>/retry",
    "api/v1/deployments",
    "api/v1/clusters/<str:cluster>/snapshot",
    "api/v1/signers/<uuid:public_id>/accept",
    "api/v1/signers/<uuid:public_id>/reject",
    "api/v1/signers/<uuid:public_id>/revoke",
    "api/v1/compromises/<uuid:public_id>/lift",
    "api/v1/blocks/<uuid:public_id>/lift",
    "api/v1/blocks/<uuid:public_id>/keep",
    "api/v1/roots/<slug:name>/<int:number>/approve",
    "api/v1/roots/<slug:name>/<int:number>/withdraw",
    "api/v1/roots/<slug:name>/<int:number>/retire",
    # the organisation's, whoever asks
    "api/v1/roots/<slug:name>/<int:number>",
    "api/v1/roots/<slug:name>/<int:number>/raw",
    "api/v1/admission/kubernetes",
    "api/v1/admission/gatekeeper",
    "api/v1/admission/kyverno",
    # it answers with its own id and time: tests/inventory/policy/test_gate_api.py compares foreign and missing
    "api/v1/artifacts/<str:digest>/decision",
    "api/v1/channels/<uuid:public_id>/test",
    "api/v1/channels/<uuid:public_id>/key",
    "api/v1/deliveries/<uuid:public_id>/replay",
    "api/v1/incidents/<uuid:public_id>/blocks",
    "api/v1/incidents/<uuid:public_id>/notes",
    "api/v1/incidents/<uuid:public_id>/acknowledge",
    "api/v1/incidents/<uuid:public_id>/close",
}
WORKFLOW_PATH = ".github/workflows/release.yml"
NOBODY = "00000000-0000-7000-8000-000000000000"


@dataclass
class Asker:
    """Team B's key and what it was told: {question: answer}, ids replaced by names that are the same in both worlds."""

    client: Client
    names: dict[str, str]
    told: dict[str, str] = field(default_factory=dict)

    def get(self, path: str) -> None:
        """Ask, and follow `next` as far as it leads."""
        address: str | None = f"/api/v1{path}"
        page = 0
        while address:
            answer = self.client.get(address)
            body = answer.getvalue()
            self.keep(f"GET {path} page {page}", answer.status_code, body)
            address, page = self._next(body), page + 1

    def post(self, path: str, body: object) -> None:
        answer = self.client.post(f"/api/v1{path}", json.dumps(body), content_type="application/json")
        self.keep(f"POST {path} {json.dumps(body)}", answer.status_code, answer.getvalue())

    def keep(self, question: str, status: int, content: bytes) -> None:
        assert status < 500, (question, content)
        self.told[self._plain(question)] = f"{status} {self._plain(content.decode())}"

    def _next(self, content: bytes) -> str | None:
        with suppress(ValueError, AttributeError):
            following = json.loads(content).get("next")
            return following if following and following.startswith("/") else None
        return None

    def _plain(self, text: str) -> str:
        text = re.sub(r"(cursor=)([\w-]+)[\w:%-]*", lambda match: match[1] + _unsigned(match[2]), text)
        for random, name in self.names.items():
            text = text.replace(random, name)
        text = re.sub(r'"audit_sequence": ?\d+', '"audit_sequence":0', text)
        # the clock of the worker and of the question
        text = re.sub(r'"(first_seen_at|data_as_of)": ?"[^"]*"', r'"\1":""', text)
        # made of data_as_of, among others
        text = re.sub(r'"hash": ?"[^"]*"', '"hash":""', text)
        # made of evidence ids, among others
        text = re.sub(r"urn:uuid:[\w-]+", "urn:uuid:0", text)
        return re.sub(r'"elapsed_seconds": ?[\d.]+', '"elapsed_seconds":0', text)


def _unsigned(payload: str) -> str:
    """Show what a cursor holds: whoever gets it can read it."""
    return base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)).decode()


def stranger_before() -> None:
    submit("a", cyclonedx(*SPELLED_OTHERWISE, subject=APP, name="registry.example/stranger:1"))
    submit(
        "a", cyclonedx(*PURLS, *SPELLED_OTHERWISE, {"name": "WIDGET", "group": "Acme", "version": "1"}, subject=SECRET)
    )
    submit("a", cyclonedx(*PURLS, name="ledger"))
    submit("a", INDEX)
    submit("a", image_manifest(OLD, config=CONFIG))
    submit("a", b_provenance())
    submit("a", pushed(SECRET, hour="08") + b"\n")
    submit("a", encode(bundle(statement(APP, SECRET, OLD, predicate=provenance(repository="https://github.com/a/a")))))
    for spelled in ("MAL-2026-1", "mal-2026-1", "MAL-2026-2"):
        submit("a", advisory(spelled, name="lodash", summary="a's", aliases=["CVE-2026-1", "CVE-2026-3"]))
    submit("a", openvex("CVE-2026-1"))
    submit("a", b_workflow(clean=False) + b"\n", repository=REPOSITORY, name=WORKFLOW_PATH)
    report("a", deployment(digest=APP, cluster="a-cluster", image="registry.example/stranger:1"))
    report("a", deployment(digest=SECRET, cluster="a-cluster", workload="Deployment/api", namespace="shop"))


def stranger_after() -> None:
    submit("a", cyclonedx(*PURLS, "pkg:npm/late-stranger@1", subject=OLD), at=later(30))
    submit("a", cyclonedx(*PURLS, subject=DARK), at=later(31))
    submit("a", b_sbom(), at=later(32))
    submit("a", b_workflow(clean=True), at=later(32), repository=REPOSITORY, name=WORKFLOW_PATH)
    store("a", b"{}", at=later(33))
    apply_waiting()
    submit("a", advisory("MAL-2026-1", name="lodash", versions=["4.17.21", "9"], aliases=["CVE-2026-1"]), at=later(33))
    report("a", deployment(digest=OLD, workload="Deployment/api", image="registry.example/shop:9"), at=later(34))
    report("a", deployment(digest=APP, workload="Deployment/api", status="ended"), at=later(35))
    store("a", cyclonedx(*PURLS, subject=digest("waiting")), at=later(36))


def stranger_responds() -> None:
    """Team A opens an incident of its own about what B runs too, and has a signer for its own builds proposed."""
    team = Team.objects.get(slug="a")
    actor = actor_for_user(make_user("otto", team="a", organisation="approver"))
    asked = read_incident_question({"text": "lodash"})
    open_incident(
        asked.question,
        given=asked.given,
        title="stranger",
        severity=Severity.HIGH,
        actor=replace(actor, team_ids=frozenset({team.pk})),
        at=later(40),
    )
    new = registry.NewSigner(name="stranger", issuer="https://a.example", identity="a", team_id=team.pk)
    registry.propose(new, actor=actor, at=later(41))
    chat = "https://hooks.example.com/x"
    olga = actor_for_user(make_user("olga", team="a", role="member"))
    made = make_channel(
        "stranger", kind=ChannelKind.SLACK, target=chat, team=team, filters=Filters(), actor=olga, at=later(42)
    )
    send_test(made.channel.public_id, actor=olga, at=later(42))
    make_watch(asked.question, given=asked.given, name="stranger", actor=olga, at=later(43))


def pushed(to: str, *, hour: str) -> bytes:
    """A registry tells that a tag was pushed."""
    target = {"digest": to, "tag": "1", "repository": "shop", "url": "https://registry.example/v2/"}
    event = {"id": hour, "action": "push", "timestamp": f"2026-03-01T{hour}:00:00Z", "target": target}
    return encode({"events": [event]})


def b_provenance() -> bytes:
    """The very bytes that B sends too."""
    return encode(bundle(statement(APP)))


def b_workflow(*, clean: bool) -> bytes:
    """The file of B's repository, of which A sends versions of its own."""
    step = "make" if clean else "curl https://codecov.io/bash | sh"
    return f"on: push\njobs:\n  t:\n    steps:\n      - run: {step}\n".encode()


def image_manifest(manifest_name: str, *, config: str) -> bytes:
    """Write an image manifest whose config is the digest that B runs; only A says what it belongs to."""
    descriptor = {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": config, "size": 100}
    media_type = "application/vnd.oci.image.manifest.v1+json"
    manifest = {"schemaVersion": 2, "mediaType": media_type, "config": descriptor, "layers": [{"digest": SECRET}]}
    return json.dumps(manifest | {"annotations": {"of": manifest_name}}).encode()


def openvex(vulnerability: str) -> bytes:
    """Write a statement of one issuer about one product that both teams have."""
    statement = {"vulnerability": {"name": vulnerability}, "products": [{"@id": PURLS[0]}], "status": "fixed"}
    return json.dumps({"@context": "https://openvex.dev/ns/v0.2.0", "author": "x", "statements": [statement]}).encode()


def b_sbom() -> bytes:
    edges = {"root": [PURLS[0]], PURLS[0]: [PURLS[2]]}
    hashed = {"name": "widget", "group": "acme", "version": "1", "hashes": [{"alg": "SHA-256", "content": "c" * 64}]}
    return cyclonedx(*PURLS, hashed, subject=APP, dependencies=edges)


def team_b() -> None:
    submit("b", b_sbom(), at=later(10))
    submit("b", cyclonedx(*PURLS[:2], subject=OLD, tool="trivy"), at=later(11))
    submit("b", cyclonedx(*PURLS[:1], name="ledger"), at=later(12))
    submit("b", b_provenance(), at=later(12))
    submit("b", advisory("MAL-2026-1", name="lodash", versions=["4.17.21"], aliases=["CVE-2026-1"]), at=later(12))
    submit("b", openvex("CVE-2026-2"), at=later(12))
    submit("b", pushed(APP, hour="09"), at=later(12))
    submit("b", b_workflow(clean=False), at=later(12), repository=REPOSITORY, name=WORKFLOW_PATH)
    store("b", b"{}", at=later(13))
    apply_waiting()
    report(
        "b",
        deployment(digest=APP, image="registry.example/shop:1.0", service="checkout", environment="production"),
        deployment(digest=CONFIG, workload="Deployment/by-config"),
        deployment(digest=DARK, workload="StatefulSet/dark"),
        deployment(image="registry.example/legacy:latest", workload="CronJob/tag-only"),
        at=later(14),
    )
    report("b", deployment(digest=OLD), at=later(15))
    report("b", deployment(digest=APP), at=later(16))


def ask(asker: Asker) -> None:
    for path in (*_lists(), *_artifacts(), *_packages(), *_advisories(), *_searches(), *_evidence(asker)):
        asker.get(path)
    for path in _of_others(*_ids_of_others(asker)):
        asker.get(path)
    for path in _finding_of_others(asker):
        asker.get(path)
    for question in _questions():
        asker.post("/impact", question)


def _lists() -> Iterator[str]:
    yield from ("/expectations", f"/artifacts/{APP}/vsa", f"/artifacts/{SECRET}/vsa")
    yield from ("/verification", "/incidents", "/incidents?open=true", "/signers", "/compromises", "/blocks", "/roots")
    yield from ("/drills", f"/drills/{NOBODY}", "/watches", "/channels")
    yield from (f"/blocks/{NOBODY}", "/decisions", f"/decisions/{NOBODY}")
    yield from ("/tags?repository=registry.example/shop", "/tags?repository=registry.example/shop&tag=1&limit=1")
    yield from ("/artifacts", "/artifacts?limit=1", "/artifacts?running=true", "/artifacts?running=false")
    yield from ("/packages", "/packages?limit=2", "/workloads", "/workloads?limit=1", "/clusters")
    yield from ("/clusters/prod-eu", "/clusters/a-cluster", "/workloads?service=checkout", f"/workloads?digest={APP}")
    yield from ("/workloads?cluster=a-cluster", "/workloads?environment=production", f"/workloads?digest={SECRET}")
    yield from ("/findings", "/findings?state=closed", "/findings?limit=1", f"/findings?repository={REPOSITORY}")
    yield from ("/tags/overwrites", "/tags/overwrites?repository=registry.example/shop")
    yield from ("/repositories", "/repositories?q=a", "/workflows", "/builders?limit=1")
    yield from ("/made?kind=repository&name=github.com/shop/api", "/made?kind=repository&name=github.com/a/a")
    yield from ("/pipeline", "/pipeline?limit=1", "/pipeline?class=none&environment=production", "/pipeline?format=csv")
    yield from ("/evidence", "/evidence?limit=1", "/evidence?state=rejected", "/evidence?kind=sbom")


def _artifacts() -> Iterator[str]:
    for one in (APP, OLD, CONFIG, DARK, ARM, SECRET):
        for part in (
            "",
            "/components",
            "/components?q=json",
            "/sbom",
            "/sbom?format=cyclonedx-xml",
            "/vex",
            f"/diff/{OLD}",
            "/bases",
            "/trace",
            "/verifications",
            "/attestations",
            "/attestations?limit=1",
        ):
            yield f"/artifacts/{one}{part}"
        yield f"/evidence?artifact={one}"


def _packages() -> Iterator[str]:
    for purl in (*PURLS, *SPELLED_OTHERWISE):
        yield f"/packages/{quote(purl.partition('?')[0].rpartition('@')[0], safe='')}"


def _advisories() -> Iterator[str]:
    yield from ("/advisories", "/advisories?limit=1", "/advisories?q=mal", "/advisories?q=cve-2026-3")
    yield f"/advisories?package={quote('pkg:npm/lodash', safe='')}"
    for name in ("MAL-2026-1", "mal-2026-1", "MAL-2026-2", "CVE-2026-1", "CVE-2026-2", "CVE-2026-3"):
        yield f"/advisories/{name}"


def _searches() -> Iterator[str]:
    texts = (
        "lodash",
        "newtonsoft",
        "stranger",
        "registry",
        "shop",
        "api",
        "widget",
        "ledger",
        "acme",
        "prod",
        "a-cluster",
    )
    for text in (*texts, *PURLS, *SPELLED_OTHERWISE, APP, SECRET, "requests@2.30.0", "lodahs", "sha256:"):
        yield f"/search?q={quote(text, safe='')}"
        yield f"/packages?q={quote(text, safe='')}"
        yield f"/artifacts?q={quote(text, safe='')}"


def _evidence(asker: Asker) -> Iterator[str]:
    for public_id in (random for random, name in asker.names.items() if name.startswith("evidence")):
        yield f"/evidence/{public_id}"
        yield f"/evidence/{public_id}/raw"


def _ids_of_others(asker: Asker) -> Iterator[str]:
    """Return the ids of the stranger's incident, signer and channel, or where there is none one that nothing has."""
    for model in (Incident, TrustedSigner, Channel, Delivery, Watch):
        found = model.objects.values_list("public_id", flat=True).first()
        asker.names[str(found or NOBODY)] = "another's"
        yield str(found or NOBODY)


def _of_others(incident: str, signer: str, channel: str, delivery: str, watch: str) -> Iterator[str]:
    yield f"/signers/{signer}"
    yield from (f"/watches/{watch}", f"/watches/{watch}/hits", f"/watches/{watch}/hits?before=true")
    yield from (f"/channels/{channel}", f"/deliveries/{delivery}", f"/deliveries?channel={channel}")
    actions = ("/actions", "/actions/proposed", "/actions/1", "/credentials", "/recovery", "/reports")
    for part in ("", "/timeline", "/queries", "/queries/1", "/queries/1/diff", *actions):
        yield f"/incidents/{incident}{part}"


def _finding_of_others(asker: Asker) -> Iterator[str]:
    found = Finding.objects.filter(team__slug="a").values_list("public_id", flat=True).first()
    asker.names[str(found or NOBODY)] = "another's"
    yield f"/findings/{found or NOBODY}"


_BY_ORIGIN: list[dict[str, object]] = [
    {"kind": "repository", "url": REPOSITORY},
    {
        "kind": "workflow",
        "repository": REPOSITORY,
        "path": ".github/workflows/release.yml",
        "from": "2020-01-01T00:00:00Z",
    },
    {"kind": "repository", "url": "https://github.com/a/a"},
    {"kind": "run", "url": f"{REPOSITORY}/actions/runs/1"},
    {"kind": "builder", "id": f"{REPOSITORY}/.github/workflows/release.yml"},
    {"kind": "signer", "issuer": ISSUER, "identity_pattern": ".+"},
    {"kind": "commit", "sha": COMMIT[:7]},
    {"kind": "account", "login": "ci"},
    {"kind": "image", "reference": "registry.example/shop:1", "from": "2026-03-01T09:30:00Z"},
    {"kind": "image", "reference": "registry.example/shop", "to": "2026-03-01T09:30:00Z"},
    {"kind": "cluster", "cluster": "prod-eu"},
    {"kind": "cluster", "cluster": "a-cluster", "namespace": "shop"},
]


def _questions() -> Iterator[dict[str, object]]:
    texts = (*PURLS, *SPELLED_OTHERWISE, "lodash", "requests", APP, SECRET, "registry.example/shop:1.0", "widget")
    for text in (*texts, "registry.example/stranger:1", "MAL-2026-1", "CVE-2026-3", "\n".join(texts)):
        yield {"text": text, "statuses": ["affected", "possible", "cleared", "unknown"]}
        yield {"text": text, "from": later(0).isoformat(), "to": later(60).isoformat()}
    for asked in _BY_ORIGIN:
        yield {"indicators": [asked], "statuses": ["affected", "possible", "cleared", "unknown"]}


def told(*parts: Callable[[], None], asking: Callable[[Asker], None]) -> dict[str, str]:
    """Build a world of these parts, ask it as team B, and empty the database again."""
    for slug in ("a", "b"):
        Team.objects.get_or_create(slug=slug, defaults={"name": slug})
    for build in parts:
        build()
    key = new_key("inventory:read", "incidents:read", "policy:read", "evidence:write", team="b")
    asker = Asker(client_of(key), names_of("b"))
    asking(asker)
    call_command("flush", interactive=False, verbosity=0)
    return asker.told


def names_of(team: str) -> dict[str, str]:
    """Name what is random of a team's own evidence: ids, and when the worker was done. Anything else must be equal."""
    names = {}
    for number, evidence in enumerate(Evidence.objects.filter(team__slug=team).select_related("state").order_by("id")):
        names[str(evidence.public_id)] = f"evidence-{number}"
        if evidence.state.applied_at is not None:
            names[evidence.state.applied_at.isoformat().replace("+00:00", "Z")] = f"applied-{number}"
    for number, public_id in enumerate(Finding.objects.filter(team__slug=team).values_list("public_id", flat=True)):
        names[str(public_id)] = f"finding-{number}"
    return names


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_team_b_is_told_exactly_what_it_would_be_told_alone():
    beside = told(stranger_before, team_b, stranger_after, stranger_responds, asking=ask)
    alone = told(team_b, asking=ask)

    assert beside.keys() == alone.keys()
    assert {question: answer for question, answer in beside.items() if answer != alone[question]} == {}
    found = [answer for answer in alone.values() if answer.startswith("200")]
    assert len(found) > 100


def test_every_route_that_reads_is_asked():
    paths = {path for path in _routes(get_resolver()) if path.startswith("api/v1/")} - UNASKED
    asker = Asker(Client(), {NOBODY: "evidence-0"})

    questions = [
        f"api/v1{path.partition('?')[0]}"
        for path in (
            *_lists(),
            *_artifacts(),
            *_packages(),
            *_advisories(),
            *_evidence(asker),
            *_of_others(*[NOBODY] * 5),
            f"/findings/{NOBODY}",
        )
    ]
    questions += ["api/v1/search", "api/v1/impact"]

    assert {path for path in paths if not any(_pattern(path).fullmatch(question) for question in questions)} == set()


def _routes(resolver: URLResolver, prefix: str = "") -> Iterator[str]:
    for entry in resolver.url_patterns:
        path = prefix + str(entry.pattern)
        if isinstance(entry, URLPattern):
            yield path
        else:
            yield from _routes(entry, path)


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"<path:\w+>", ".+", re.sub(r"<(?!path:)[\w:]+>", "[^/]+", path)))
