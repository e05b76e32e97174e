"""What a CSAF document lets be asked for: packages below their fixes, digests, and names that are a guess."""

import json

from inventory.formats.advisory import AdvisoryRecord, AffectedRecord
from inventory.formats.csaf_affected import BETWEEN_FIXES, BY_NAME_ALONE, NO_RELEASE, UNDER_INVESTIGATION
from inventory.formats.limits import Limits
from inventory.formats.read import read_document
from inventory.formats.records import VexRecord
from tests.factories import digest
from tests.inventory.formats.csaf_files import EL8, EL9, csaf, part_of, product

ON_BOTH = (product("el8", cpe=EL8), product("el9", cpe=EL9))


def vex_of(data: bytes) -> VexRecord:
    record = read_document(data, limits=Limits(), kind="vex")
    assert isinstance(record, VexRecord)
    return record


def advisory_of(data: bytes) -> AdvisoryRecord:
    found = vex_of(data).advisory
    assert found is not None
    return found


def shape(entry: AffectedRecord) -> tuple[str, str, list[str]]:
    events = [f"{one.get('range') or one['events'][1:]}" for one in json.loads(entry.ranges or "[]")]
    return entry.name, entry.release, events


def test_what_a_release_fixes_is_affected_below_and_its_cve_leads_to_it():
    tomcat = product("tomcat", purl="pkg:rpm/redhat/tomcat@9.0.87-1.el8_10.1?arch=noarch&epoch=1")
    found = advisory_of(csaf(tomcat, *ON_BOTH, relationships=(part_of("tomcat", "el8"),), fixed=["el8:tomcat"]))

    assert (found.source, found.identifier) == ("csaf:security.shop.example", "RHSA-2026:1001")
    assert (found.aliases, found.upstream) == ((), ("CVE-2026-4001",))
    [entry] = found.affected
    assert entry.key is not None
    assert (entry.key.type, entry.key.namespace, entry.key.name) == ("rpm", "redhat", "tomcat")
    assert shape(entry) == ("redhat/tomcat", "rhel-8", ["[{'fixed': '1:9.0.87-1.el8_10.1'}]"])
    assert entry.doubt == ""


def test_the_architectures_of_a_package_are_one_entry():
    kinds = [product(arch, purl=f"pkg:rpm/redhat/cri-o@1.2-3.el9?arch={arch}") for arch in ("src", "x86_64", "aarch64")]
    relations = tuple(part_of(one["product_id"], "el9") for one in kinds)
    fixed = [f"el9:{one['product_id']}" for one in kinds]

    assert len(advisory_of(csaf(*kinds, *ON_BOTH, relationships=relations, fixed=fixed)).affected) == 1


def test_between_two_fixes_of_one_release_a_version_is_only_possible():
    old = product("old", purl="pkg:rpm/redhat/kernel@5.14-1.el9_0")
    new = product("new", purl="pkg:rpm/redhat/kernel@5.14-9.el9_2")
    relations = (part_of("old", "el9"), part_of("new", "el9"))
    found = advisory_of(csaf(new, old, *ON_BOTH, relationships=relations, fixed=["el9:new", "el9:old"]))

    assert [(shape(entry)[2], entry.doubt) for entry in found.affected] == [
        (["[{'fixed': '5.14-1.el9_0'}]"], ""),
        ([">5.14-1.el9_0, <5.14-9.el9_2"], BETWEEN_FIXES),
    ]


def test_listed_versions_ranges_and_whole_packages_are_kept_apart():
    found = advisory_of(
        csaf(
            product("one", purl="pkg:npm/cart@1.0.0"),
            product("all", purl="pkg:npm/basket"),
            product("lab", purl="pkg:npm/lab@2.0.0"),
            known_affected=["one", "all"],
            under_investigation=["lab"],
            known_not_affected=["other"],
        )
    )

    cart, basket, lab = found.affected
    assert (cart.versions, cart.ranges) == (("1.0.0",), "")
    assert (basket.versions, json.loads(basket.ranges)) == (
        (),
        [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}]}],
    )
    assert (lab.versions, lab.doubt) == (("2.0.0",), UNDER_INVESTIGATION)


def test_a_distribution_s_package_of_no_stated_release_is_doubtful():
    found = advisory_of(csaf(product("xz", purl="pkg:rpm/suse/xz@5.4"), known_affected=["xz"]))

    assert [entry.doubt for entry in found.affected] == [NO_RELEASE]


def test_a_product_without_package_is_looked_for_by_digest_by_the_product_of_its_cpe_or_by_its_name():
    image = digest("image")
    found = advisory_of(
        csaf(
            product("image", purl=f"pkg:oci/shop@{image}?repository_url=registry.example/shop"),
            product("openssl 3", cpe="cpe:2.3:a:openssl:openssl:3.0.1:*:*:*:*:*:*:*"),
            product("libcart"),
            product("Shop Cart, the old one"),
            known_affected=["image", "openssl 3", "libcart", "Shop Cart, the old one"],
        )
    )

    assert [(entry.ecosystem, entry.name, entry.versions, entry.doubt) for entry in found.affected] == [
        ("digest", "image", (image,), ""),
        ("cpe", "cpe:2.3:a:openssl:openssl:3.0.1:*:*:*:*:*:*:*", ("3.0.1",), BY_NAME_ALONE),
        ("name", "libcart", (), BY_NAME_ALONE),
        ("", "Shop Cart, the old one", (), ""),
    ]


def test_a_fixed_image_leaves_its_predecessors_unnamed_and_is_counted():
    found = advisory_of(csaf(product("image", purl=f"pkg:oci/shop@{digest('image')}"), fixed=["image"]))

    assert (found.affected_count, [entry.ecosystem for entry in found.affected]) == (1, [""])


def test_a_withdrawn_document_names_nothing_any_more():
    found = advisory_of(
        csaf(product("one", purl="pkg:npm/cart@1.0.0"), category="csaf_withdrawn", known_affected=["one"])
    )

    assert found.withdrawn_at is not None


def test_an_id_that_nobody_can_ask_by_is_told_and_the_statements_stay():
    record = vex_of(csaf(product("one", purl="pkg:npm/cart@1.0.0"), identifier="two words", known_affected=["one"]))

    assert record.advisory is None
    assert "bad_identifier" in [warning.code for warning in record.warnings]
    assert len(record.statements) == 1
