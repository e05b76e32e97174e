"""What registries tell and what lies in them, as rows of the team that sent it."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from inventory.models import (
    ArtifactClaim,
    ArtifactName,
    Attestation,
    EvidenceState,
    ImageLayer,
    IndexMember,
    Referrer,
    TagEvent,
)
from tests.attested import encode, text
from tests.factories import START, digest, digest_of, image_manifest, later, submit

pytestmark = pytest.mark.django_db

FIRST, SECOND = digest("first"), digest("second")
SIMPLE_SIGNING = "application/vnd.dev.cosign.simplesigning.v1+json"


def notification(*events: dict[str, Any]) -> bytes:
    return encode({"events": list(events)})


def event(to: str, *, tag: str = "1.0", action: str = "push", at: str = "10:00:00", **members: Any) -> dict[str, Any]:
    target = {"digest": to, "tag": tag, "repository": "shop/api", "url": "https://registry.example/v2/"}
    return {"id": f"{action} {at}", "action": action, "timestamp": f"2026-03-01T{at}Z", "target": target, **members}


def history() -> list[tuple[str, str | None]]:
    return list(TagEvent.objects.order_by("observed_at").values_list("action", "artifact__digest"))


def test_a_tag_that_moves_leaves_both_places_in_its_history():
    evidence = submit("shop", notification(event(FIRST), event(SECOND, at="11:00:00")))

    assert history() == [("push", FIRST), ("push", SECOND)]
    state = EvidenceState.objects.get(pk=evidence.pk)
    assert (state.kind, state.counts["events"], state.counts["events_stored"]) == ("registry", 2, 2)
    assert set(ArtifactName.objects.values_list("name", "tag")) == {("registry.example/shop/api", "1.0")}


def test_an_event_told_twice_is_kept_once():
    submit("shop", notification(event(FIRST)))
    again = submit("shop", notification(event(FIRST), event(SECOND, at="11:00:00")))
    submit("other", notification(event(FIRST)))

    assert TagEvent.objects.filter(team__slug="shop").count() == 2
    assert TagEvent.objects.filter(team__slug="other").count() == 1
    counts = EvidenceState.objects.get(pk=again.pk).counts
    assert (counts["events_stored"], counts["events_known"]) == (1, 1)


def test_a_deletion_is_one_more_event_and_removes_nothing():
    submit("shop", notification(event(FIRST)))
    gone = event("", action="delete", at="12:00:00")
    submit("shop", notification(gone))
    submit("shop", notification(gone))

    assert history() == [("push", FIRST), ("delete", None)]


def test_an_event_later_than_its_receipt_counts_as_of_its_receipt():
    evidence = submit("shop", notification(event(FIRST, at="13:00:00")))

    assert TagEvent.objects.get().observed_at == START
    assert [warning["code"] for warning in EvidenceState.objects.get(pk=evidence.pk).warnings] == ["clock_skew"]


def test_the_database_refuses_a_push_of_nothing():
    submit("shop", notification(event(FIRST)))

    with pytest.raises(IntegrityError), transaction.atomic():
        TagEvent.objects.update(artifact=None)


def test_a_config_states_claims_and_unpacked_layers_of_itself():
    config = encode(
        {
            "architecture": "amd64",
            "os": "linux",
            "config": {"Labels": {"org.opencontainers.image.base.digest": FIRST}},
            "rootfs": {"diff_ids": [SECOND]},
        }
    )
    submit("shop", config)
    submit("shop", config, cluster="again")

    assert list(ArtifactClaim.objects.values_list("artifact__digest", "claim", "value")) == [
        (digest_of(config), "base_digest", FIRST)
    ]
    assert list(ImageLayer.objects.values_list("artifact__digest", "digest", "is_diff_id")) == [
        (digest_of(config), SECOND, True)
    ]


def test_cosigns_manifest_refers_to_the_image_its_tag_names_and_keeps_the_signature():
    image = digest_of(image_manifest(FIRST))
    signature = {"dev.cosignproject.cosign/signature": text("signature")}
    manifest = encode(
        {
            "schemaVersion": 2,
            "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": FIRST},
            "layers": [{"mediaType": SIMPLE_SIGNING, "digest": SECOND, "annotations": signature}],
        }
    )
    sent = submit("shop", manifest, name=f"registry.example/shop/api:{image.replace(':', '-')}.sig")

    assert list(Referrer.objects.values_list("subject__digest", "referrer__digest", "artifact_type")) == [
        (image, digest_of(manifest), "cosign sig")
    ]
    assert EvidenceState.objects.get(evidence=sent).counts["referrers"] == 1
    row = Attestation.objects.get()
    assert (row.envelope, row.payload_digest, row.subject_count) == ("cosign-layer", SECOND, 0)


def test_the_fallback_for_referrers_has_no_members():
    listed = {"digest": FIRST, "artifactType": "application/vnd.dev.sigstore.bundle.v0.3+json"}
    index = encode({"schemaVersion": 2, "manifests": [listed]})
    submit("shop", index, name=f"registry.example/shop/api:{SECOND.replace(':', '-')}", at=later(1))

    assert not IndexMember.objects.exists()
    assert list(Referrer.objects.values_list("subject__digest", "referrer__digest")) == [(SECOND, FIRST)]
