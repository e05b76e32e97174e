"""The gate: reviews as clusters send them, two hundred a second, while blocks of every kind bind."""

from __future__ import annotations

import json
import random
import time
from typing import TYPE_CHECKING, Any

from django.db import connection
from django.utils import timezone

from inventory.policy.blocks import add_blocks
from inventory.policy.models import BlockKind
from inventory.policy.selectors import read_selector
from supplychain.access.actors import system_actor
from tests.bench.estate import CLUSTERS
from tests.bench.figures import Figure, percentile
from tests.bench.processes import processor_seconds
from tests.bench.questions import purls_of
from tests.bench.wire import Crew, Reply, Wire

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tests.bench.site import Site

PER_SECOND = 200
_CLIENTS = 16
_LIMIT_MS = 50
_DIFFERENT = 2_000
_WARM_UP_SECONDS = 5
_RUNNING = """
SELECT c.name, w.namespace, w.name, i.image_name, a.digest
FROM inventory_runinterval i JOIN inventory_workload w ON w.id = i.workload_id
JOIN inventory_cluster c ON c.id = w.cluster_id JOIN inventory_artifact a ON a.id = i.artifact_id
WHERE i.closed_at IS NULL AND a.digest IS NOT NULL ORDER BY i.id LIMIT 5000
"""
_LATEST = "SELECT digest FROM inventory_artifact WHERE digest IS NOT NULL ORDER BY id DESC LIMIT 2000"
Review = tuple[str, bytes]
_Running = tuple[str, str, str, str, str]


def admission(site: Site) -> list[Figure]:
    """Ask for every review once at half the rate, then for as long as a part goes on at the full one."""
    _block(site)
    key = site.gate_key([f"cluster-{number:02}" for number in range(CLUSTERS)])
    reviews = list(_reviews(random.Random(11)))
    _ask(site, reviews, key=key, per_second=PER_SECOND / 2, seconds=_WARM_UP_SECONDS)
    client = time.process_time()
    before = {name: processor_seconds(pid) for name, pid in site.processes.items()}
    seconds = _ask(site, reviews, key=key, per_second=PER_SECOND, seconds=site.seconds)
    spent = {
        name: 1000 * (processor_seconds(pid) - before[name]) / len(seconds) for name, pid in site.processes.items()
    }
    spent["the client"] = 1000 * (time.process_time() - client) / len(seconds)
    return [
        Figure("admission.p50", "admission decision, p50 at 200 requests/s", percentile(seconds, 50) * 1000, "ms"),
        Figure("admission", "admission decision, p99 at 200 requests/s", percentile(seconds, 99) * 1000, "ms", 50),
        Figure("admission.slowest", "admission decision, slowest", max(seconds) * 1000, "ms"),
        *(
            Figure(f"admission.cpu.{name}", f"processor time of a decision in {name}", spent[name], "ms")
            for name in ("web", "PostgreSQL", "the client")
        ),
    ]


def _ask(site: Site, reviews: list[Review], *, key: str, per_second: float, seconds: float) -> list[float]:
    def job(cluster: str, body: bytes) -> Callable[[Wire], Reply]:
        path = f"/api/v1/admission/kubernetes?cluster={cluster}"
        return lambda wire: wire.post(path, body, key=key, Content_Type="application/json")

    count = int(per_second * seconds)
    jobs = [job(*reviews[number % len(reviews)]) for number in range(count)]
    return Crew(site.base, clients=_CLIENTS, per_second=per_second).run(jobs)


def _reviews(pick: random.Random) -> Iterator[Review]:
    """Return what clusters ask: mostly what runs again, a new image, now and then a stranger or a tag alone."""
    running, latest = _rows(_RUNNING), [row[0] for row in _rows(_LATEST)]
    for number in range(_DIFFERENT):
        cluster, namespace, name, image, digest = pick.choice(running)
        draw = pick.random()
        if draw < 0.3:
            digest = pick.choice(latest)
        elif draw < 0.35:
            digest = f"sha256:{pick.randbytes(32).hex()}"
        images = [f"{image}@{digest}" if draw < 0.95 else f"{image}:latest"]
        images += [f"{other[3]}@{other[4]}" for other in pick.sample(running, pick.choice((0, 0, 0, 1, 1, 2, 3)))]
        kind = "Pod" if draw < 0.7 else "Deployment"
        yield cluster, _review(f"bench-{number}", kind, images, name=name, namespace=namespace, is_dry=draw > 0.93)


def _review(uid: str, kind: str, images: list[str], *, name: str, namespace: str, is_dry: bool) -> bytes:
    """Return an AdmissionReview as an API server writes it, of a usual size."""
    containers = [_container(number, image) for number, image in enumerate(images)]
    labels = {"app.kubernetes.io/name": name, "app.kubernetes.io/version": "1.2.3", "pod-template-hash": "7d9c5b8f6d"}
    spec: dict[str, Any] = {"containers": containers, "serviceAccountName": name, "restartPolicy": "Always"}
    template = {"metadata": {"labels": labels}, "spec": spec}
    found: dict[str, Any] = {"metadata": {"name": name, "namespace": namespace, "labels": labels}}
    found |= {"spec": spec} if kind == "Pod" else {"spec": {"replicas": 3, "template": template}}
    request = {
        "uid": uid,
        "kind": {"group": "" if kind == "Pod" else "apps", "version": "v1", "kind": kind},
        "namespace": namespace,
        "operation": "CREATE",
        "userInfo": {"username": "system:serviceaccount:kube-system:replicaset-controller", "groups": ["system:nodes"]},
        "object": found,
        "dryRun": is_dry,
    }
    body = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request}
    return json.dumps(body).encode()


def _container(number: int, image: str) -> Mapping[str, object]:
    return {
        "name": f"c{number}",
        "image": image,
        "ports": [{"containerPort": 8080, "protocol": "TCP"}],
        "env": [{"name": f"SETTING_{place}", "value": "x" * 40} for place in range(12)],
        "resources": {"limits": {"cpu": "500m", "memory": "512Mi"}, "requests": {"cpu": "100m", "memory": "128Mi"}},
        "livenessProbe": {"httpGet": {"path": "/healthz", "port": 8080, "scheme": "HTTP"}, "periodSeconds": 10},
        "volumeMounts": [{"name": "token", "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"}],
    }


def _block(site: Site) -> None:
    """Set what an organisation has in force in a bad week; those that bind already are not set twice."""
    packages = [
        (BlockKind.PACKAGE, {"purl": purl, "range": f"vers:{purl[4:].partition('/')[0]}/>=900"})
        for purl in [*purls_of("common")[:15], *purls_of("ubiquitous")[:3]]
    ]
    versions = [(BlockKind.PACKAGE, {"purl": purl, "versions": ["1.0.0"]}) for purl in purls_of("common")[15:20]]
    digests = [(BlockKind.ARTIFACT, {"digest": row[0]}) for row in _rows(_LATEST)[:10]]
    origins = [
        *((BlockKind.BUILDER, {"id": f"https://builder.example/{number}"}) for number in range(5)),
        *((BlockKind.REPOSITORY, {"repository": f"git.example/team/{number}"}) for number in range(5)),
        *((BlockKind.SIGNER, {"key": f"sha256:{number:064x}"}) for number in range(5)),
    ]
    frozen = [(BlockKind.CLUSTER, {"cluster": f"cluster-{number:02}", "namespace": "frozen"}) for number in range(3)]
    selectors: list[tuple[BlockKind, dict[str, Any]]] = [*packages, *versions, *digests, *origins, *frozen]
    add_blocks(
        [read_selector(kind, given) for kind, given in selectors],
        reason="bench",
        incident=None,
        actor=system_actor("bench"),
        at=timezone.now(),
    )


def _rows(sql: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall())
