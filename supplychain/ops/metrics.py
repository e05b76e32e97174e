"""/metrics: Prometheus text from collectors that the parts register as dotted names in settings.

Collectors read the database when they are asked, so every process answers the same, and no shared memory between
workers is needed.
"""

import ipaddress
from collections.abc import Iterator

from django.conf import settings
from django.http import HttpResponse
from django.utils.module_loading import import_string
from drf_spectacular.utils import extend_schema
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily
from prometheus_client.registry import Collector
from rest_framework.request import Request
from rest_framework.views import APIView

from supplychain.access.permissions import ScopePermission
from supplychain.access.scopes import Scope
from supplychain.ops.health import assess_readiness


class ReadinessCollector(Collector):
    """One gauge a probe: 1 when it passes."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        family = GaugeMetricFamily("supplychain_probe_ok", "1 when the readiness probe passes", labels=["probe"])
        for result in assess_readiness().results:
            family.add_metric([result.name], float(result.ok))
        yield family


class MonitoringPermission(ScopePermission):
    """Lets in the networks of METRICS_NETWORKS without a key, and everyone else with the scope `admin`."""

    scopes = (Scope.ADMIN.value,)

    def has_permission(self, request: Request, view: APIView) -> bool:
        return _is_from_allowed_network(request) or super().has_permission(request, view)


class MetricsView(APIView):
    """The metrics of the whole site."""

    permission_classes = (MonitoringPermission,)

    @extend_schema(exclude=True)
    def get(self, _request: Request) -> HttpResponse:
        registry = CollectorRegistry()
        for name in settings.METRIC_COLLECTORS:
            registry.register(import_string(name)())
        return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _is_from_allowed_network(request: Request) -> bool:
    # Behind a proxy on this machine every caller has the proxy's address, so what a proxy passed on needs a key.
    if "X-Forwarded-For" in request.headers or "Forwarded" in request.headers:
        return False
    try:
        address = ipaddress.ip_address(request.META.get("REMOTE_ADDR", ""))
    except ValueError:
        return False
    return any(address in ipaddress.ip_network(network) for network in settings.METRICS_NETWORKS)
