"""An XPath for each JSON pointer that a reader can give."""

import pytest

from inventory.formats.xml_places import xpath

PLACES = [
    ("", ""),
    ("/components", "/bom/components"),
    ("/components/16/purl", "/bom/components/component[17]/purl"),
    ("/components/0/components/1", "/bom/components/component[1]/components/component[2]"),
    ("/bom/components/component[3]/hashes/0", "/bom/components/component[3]/hashes/hash[1]"),
    ("/bom/components/component[3]/hashes/0/content", "/bom/components/component[3]/hashes/hash[1]"),
    ("/metadata/component/bom-ref", "/bom/metadata/component/@bom-ref"),
    ("/metadata/component/properties/2/value", "/bom/metadata/component/properties/property[3]"),
    ("/dependencies/4/ref", "/bom/dependencies/dependency[5]/@ref"),
    ("/dependencies/4/dependsOn/0", "/bom/dependencies/dependency[5]/dependency[1]/@ref"),
    ("/vulnerabilities/0/affects/1/ref", "/bom/vulnerabilities/vulnerability[1]/affects/target[2]/ref"),
    ("/bom/components/component[1]/purl", "/bom/components/component[1]/purl"),
]


@pytest.mark.parametrize(("pointer", "expected"), PLACES)
def test_a_pointer_becomes_the_xpath_of_the_same_value(pointer: str, expected: str) -> None:
    assert xpath(pointer) == expected
    assert xpath(expected) == expected
