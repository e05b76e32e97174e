"""Ready commands for empty states: what to run to make the page show something."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.http import HttpRequest

_UPLOAD = """\
export SUPPLYCHAIN_KEY="$(./run manage create_key --team my-team --scopes evidence:write)"
curl --fail --data-binary @sbom.json \\
  -H "Authorization: Bearer $SUPPLYCHAIN_KEY" \\
  '{base}api/v1/evidence{query}'"""
_REPORT = """\
export SUPPLYCHAIN_KEY="$(./run manage create_key --team {team} --scopes evidence:write --cluster {cluster})"
kubectl get pods --all-namespaces -o json |
  curl --fail -X PUT --data-binary @- \\
    -H "Authorization: Bearer $SUPPLYCHAIN_KEY" -H 'Content-Type: application/json' \\
    '{base}api/v1/clusters/{cluster}/snapshot?namespaces=*'"""

_ADVISORY = """\
export SUPPLYCHAIN_KEY="$(./run manage create_key --team my-team --scopes evidence:write)"
curl --fail --data-binary @advisory.json \\
  -H "Authorization: Bearer $SUPPLYCHAIN_KEY" \\
  '{base}api/v1/evidence?kind=advisory'"""
_EVENTS = """\
# config.yml of the registry; the key: ./run manage create_key --team my-team --scopes evidence:write
notifications:
  endpoints:
    - name: supplychain
      url: {base}api/v1/evidence
      headers:
        Authorization: [Bearer <key>]"""


def upload_sbom(request: HttpRequest, *, digest: str = "") -> str:
    """Return how to send an SBOM, bound to the digest where one is given."""
    return _UPLOAD.format(base=request.build_absolute_uri("/"), query=f"?artifact={digest}" if digest else "")


def report_cluster(request: HttpRequest, *, cluster: str = "my-cluster", team: str = "my-team") -> str:
    """Return how to send what a cluster runs."""
    return _REPORT.format(base=request.build_absolute_uri("/"), cluster=cluster, team=team)


def send_advisory(request: HttpRequest) -> str:
    """Return how to send an advisory, a list of them or an exported zip."""
    return _ADVISORY.format(base=request.build_absolute_uri("/"))


def send_events(request: HttpRequest) -> str:
    """Return how a registry is told to send its notifications."""
    return _EVENTS.format(base=request.build_absolute_uri("/"))
