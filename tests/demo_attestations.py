"""Signs the demo estate's builds by an instance of our own: `python -m tests.demo_attestations` writes them.

The keys live for one run and are forgotten. What is signed is one afternoon's; the root of trust beside it says so.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.trust_lab import ISSUER, Lab, statement

FOLDER = Path(__file__).parent / "data" / "demo"
AT = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)
OWNER = "https://github.com/nordwind-retail"
BUILDER = f"{OWNER}/build/.github/workflows/image.yml@refs/heads/main"
SIGNED_TEAMS = ("storefront", "checkout", "payments", "identity", "engagement", "fulfilment")
FROM_A_BRANCH = ("push-notifier", "review-moderation")
TAMPERED, UNKNOWN, UNSIGNED = ("carrier-labels",), ("warehouse-sync",), ("report-builder", "dashboards")


def main() -> None:
    services = json.loads((FOLDER / "services.json").read_text(encoding="utf-8"))["services"]
    images = json.loads((FOLDER / "images.json").read_text(encoding="utf-8"))
    lab, stranger = Lab(name="demo", at=AT), Lab(name="elsewhere", at=AT)
    lines: dict[str, list[str]] = {}
    for service in services:
        for version in service["versions"][-1:]:
            made = attested(service, images[service["name"]][version["version"]]["manifest"], lab, stranger)
            if made is not None:
                lines.setdefault(service["team"], []).append(json.dumps(made, separators=(",", ":"), sort_keys=True))
    folder = FOLDER / "attestations"
    folder.mkdir(exist_ok=True)
    for team, found in lines.items():
        (folder / f"{team}.jsonl").write_text("\n".join(found) + "\n", encoding="utf-8")
    (folder / "trusted_root.json").write_bytes(lab.trusted_root())


def attested(service: dict[str, Any], digest: str, lab: Lab, stranger: Lab) -> dict[str, Any] | None:
    """Return what is attested of one image, or None of those that nobody attests."""
    name = service["name"]
    claims = claims_of(name, digest, branch="main" if name not in FROM_A_BRANCH else "hotfix")
    payload = stated(name, digest, claims)
    if name in UNSIGNED:
        return dict(json.loads(payload))
    if name in UNKNOWN:
        return stranger.dsse_bundle(payload, claims=claims, identity=BUILDER)
    if service["team"] not in SIGNED_TEAMS:
        return None
    bundle = lab.dsse_bundle(payload, claims=claims, identity=BUILDER)
    if name in TAMPERED:
        other = lab.dsse_bundle(stated(name, digest, {**claims, "13": "f" * 40}), claims=claims, identity=BUILDER)
        bundle["dsseEnvelope"]["payload"] = other["dsseEnvelope"]["payload"]
    return bundle


def claims_of(name: str, digest: str, *, branch: str) -> dict[str, str]:
    repository, ref = f"{OWNER}/{name}", f"refs/heads/{branch}"
    commit = hashlib.sha256(f"{name} {digest}".encode()).hexdigest()[:40]
    return {
        "8": ISSUER,
        "9": BUILDER,
        "11": "github-hosted",
        "12": repository,
        "13": commit,
        "14": ref,
        "15": str(int(commit[:6], 16)),
        "16": OWNER,
        "17": "1142001",
        "18": f"{repository}/.github/workflows/release.yml@{ref}",
        "20": "push" if branch == "main" else "workflow_dispatch",
        "21": f"{repository}/actions/runs/{int(commit[6:14], 16)}/attempts/1",
    }


def stated(name: str, digest: str, claims: dict[str, str]) -> bytes:
    """Write provenance that agrees with the certificate."""
    workflow = {"ref": claims["14"], "repository": claims["12"], "path": ".github/workflows/release.yml"}
    source = {"uri": f"git+{claims['12']}@{claims['14']}", "digest": {"gitCommit": claims["13"]}}
    github = {"event_name": claims["20"], "runner_environment": "github-hosted"}
    predicate = {
        "buildDefinition": {
            "buildType": "https://actions.github.io/buildtypes/workflow/v1",
            "externalParameters": {"workflow": workflow},
            "internalParameters": {"github": github},
            "resolvedDependencies": [source],
        },
        "runDetails": {"builder": {"id": BUILDER}, "metadata": {"invocationId": claims["21"]}},
    }
    subject = [{"name": name, "digest": {"sha256": digest.partition(":")[2]}}]
    return statement(subject=subject, predicate=predicate)


if __name__ == "__main__":
    main()
