"""/metrics: Prometheus text from collectors that the parts register as dotted names in settings.

Collectors read the database when they are asked, so every process answers the same, and no shared memory between
workers is needed.
"""

import ipaddress
from collections.abc import Iterator

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.module_loading import import_string
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily
from prometheus_client.registry import Collector

from supplychain.ops.health import assess_readiness


class ReadinessCollector(Collector):
    """One gauge a probe: 1 when it passes."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        family = GaugeMetricFamily("supplychain_probe_ok", "1 when the readiness probe passes", labels=["probe"])
        for result in assess_readiness().results:
            family.add_metric([result.name], float(result.ok))
        yield family


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer the monitoring: from the allowed networks, and nobody through a proxy."""
    if not _from_allowed_network(request):
        return HttpResponse("No access to the metrics.\n", status=401, content_type="text/plain; charset=utf-8")
    registry = CollectorRegistry()
    for name in settings.METRIC_COLLECTORS:
        registry.register(import_string(name)())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _from_allowed_network(request: HttpRequest) -> bool:
    # Behind a proxy on this machine every caller has the proxy's address; what a proxy passed on is refused.
    if "X-Forwarded-For" in request.headers or "Forwarded" in request.headers:
        return False
    try:
        address = ipaddress.ip_address(request.META.get("REMOTE_ADDR", ""))
    except ValueError:
        return False
    return any(address in ipaddress.ip_network(network) for network in settings.METRICS_NETWORKS)
