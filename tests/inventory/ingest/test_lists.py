"""Lists as rows: every line accounted for, every version kept, each team's own sightings."""

import json

import pytest
from django.db import IntegrityError, transaction

from inventory.models import (
    Advisory,
    AdvisorySighting,
    AdvisoryVersion,
    Evidence,
    EvidenceState,
    ListedIndicator,
    State,
)
from tests.factories import START, apply_waiting, store, submit

pytestmark = pytest.mark.django_db

WIZ = b"Package,Version\n@ctrl/tinycolor,= 4.1.1 || = 4.1.2\nngx-color,= 10.0.1\n"


def send(data: bytes, *, team: str = "shop", name: str = "wiz", version: str = "") -> EvidenceState:
    evidence = submit(team, data, declared_kind="list", name=name, version=version)
    return EvidenceState.objects.get(pk=evidence.pk)


def refusal(evidence: Evidence) -> str:
    state = EvidenceState.objects.get(pk=evidence.pk)
    assert state.state == State.REJECTED
    assert state.error is not None
    return str(state.error["code"])


def test_a_list_is_a_version_of_its_feed_and_each_line_a_row():
    state = send(WIZ, version="5")

    assert (state.state, state.kind, state.format) == (State.APPLIED, "list", "list")
    assert state.understood == {"list": "list:wiz", "version": "5"}
    advisory = Advisory.objects.get()
    assert (advisory.source, advisory.identifier_key) == ("list", "LIST:WIZ")
    version = AdvisoryVersion.objects.get()
    assert (version.identifier, version.feed_version, version.affected_count) == ("list:wiz", "5", 2)
    first, second = ListedIndicator.objects.order_by("position")
    assert (first.line, first.type, first.namespace_key, first.name_key) == (2, "npm", "@ctrl", "tinycolor")
    assert first.versions == ["4.1.1", "4.1.2"]
    assert (second.type, second.any_namespace, second.name_key) == ("", True, "ngx-color")


def test_lines_and_indicators_add_up_and_what_nobody_can_read_is_told_and_kept():
    state = send(b"# from a vendor\nleft-pad@1.3.0\nleft-pad@1.3.0\n???\n\nuses: tj-actions/changed-files@v45\n")

    counts = state.counts
    assert counts == {
        "lines": 6, "lines_used": 3, "lines_rejected": 1, "lines_ignored": 2,
        "indicators": 4, "indicators_stored": 2, "indicators_repeated": 1, "indicators_rejected": 1,
        "packages": 1, "package_versions": 1, "other_indicators": 1,
    }  # fmt: skip
    assert [(warning["code"], warning["pointer"]) for warning in state.warnings] == [("unreadable_line", "line 4")]
    assert list(ListedIndicator.objects.order_by("position").values_list("line", "kind")) == [
        (2, "package"), (4, "unreadable"), (6, "action"),
    ]  # fmt: skip


def test_a_newer_version_stands_beside_the_older_and_the_same_sent_under_another_version_is_another():
    send(WIZ, version="5")
    send(WIZ.replace(b"4.1.1 || = ", b""), version="6")
    send(WIZ, version="7")

    assert Advisory.objects.count() == 1
    assert list(AdvisoryVersion.objects.order_by("pk").values_list("feed_version", flat=True)) == ["5", "6", "7"]


def test_two_teams_share_what_a_list_says_and_each_sees_its_own_sighting():
    send(WIZ)
    send(WIZ, team="other")

    assert AdvisoryVersion.objects.count() == 1
    assert ListedIndicator.objects.count() == 2
    assert set(AdvisorySighting.objects.values_list("team__slug", flat=True)) == {"shop", "other"}


def test_a_document_of_another_kind_is_never_a_list_and_leaves_nothing():
    bom = json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.6", "components": []}).encode()
    evidence = store("shop", bom, declared_kind="list", name="wiz")
    apply_waiting()

    assert refusal(evidence) == "kind_mismatch"
    assert not Advisory.objects.exists()


def test_a_list_without_a_name_could_not_be_asked_for():
    evidence = store("shop", WIZ, declared_kind="list")
    apply_waiting()

    assert refusal(evidence) == "name_required"


def test_the_receipt_says_which_document_and_when():
    send(WIZ)

    sighting = AdvisorySighting.objects.get()
    assert (sighting.evidence, sighting.seen_at) == (Evidence.objects.get(), START)


@pytest.mark.parametrize("wrong", [{"kind": ""}, {"kind": "package", "name_key": ""}])
def test_the_database_refuses_a_row_without_kind_and_a_package_without_name(wrong: dict[str, str]):
    send(WIZ)

    with pytest.raises(IntegrityError), transaction.atomic():
        ListedIndicator.objects.filter(position=1).update(**wrong)
