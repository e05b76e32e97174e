"""The products of a CSAF document: its tree, its relationships and its groups. Source: CSAF 2.0 section 3.2.2."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from inventory.formats.json_fields import Object, list_of, object_of, objects_of, text_of, texts_of
from inventory.formats.pointers import join
from inventory.formats.records import FormatError
from inventory.formats.vex_products import make_product

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from inventory.formats.defects import Defects
    from inventory.formats.limits import Limits
    from inventory.formats.vex_records import VexProductRecord

_RANGE: Final = "product_version_range"


class ProductTree:
    """The products of a document by id, and its groups of them."""

    def __init__(self, document: Object, *, limits: Limits, defects: Defects) -> None:
        self._defects = defects
        self._limit = limits.components
        self._products: dict[str, VexProductRecord] = {}
        self._groups: dict[str, tuple[str, ...]] = {}
        tree = object_of(document, "product_tree")
        for pointer, product in objects_of(tree, "full_product_names", pointer="/product_tree", defects=defects):
            self._define(product, pointer=pointer)
        self._walk(tree)
        for pointer, relation in objects_of(tree, "relationships", pointer="/product_tree", defects=defects):
            self._relate(relation, pointer=pointer)
        for pointer, group in objects_of(tree, "product_groups", pointer="/product_tree", defects=defects):
            self._group(group, pointer=pointer)

    def find(self, product_id: str, *, pointer: str) -> VexProductRecord:
        """Return a product; one that the tree does not define has its id alone, and is told."""
        found = self._products.get(product_id)
        if found is None:
            self._defects.add("csaf_undefined_product", pointer, f"{product_id[:100]!r} is not in the product tree.")
            return make_product(product_id, pointer=pointer, defects=self._defects)
        return found

    def members(self, owner: Object, *, pointer: str) -> Iterator[str]:
        """Yield the ids that a flag, threat or remediation names, those of its groups included."""
        yield from texts_of(owner, "product_ids")
        for group in texts_of(owner, "group_ids"):
            if group not in self._groups:
                place = join(pointer, "group_ids")
                self._defects.add("csaf_undefined_product", place, f"{group[:100]!r} is no group of products.")
            yield from self._groups.get(group, ())

    def _walk(self, tree: Object) -> None:
        """Go down the branches; the parser has limited their depth."""
        pending: list[tuple[str, Object]] = [("/product_tree", tree)]
        while pending:
            pointer, branch = pending.pop()
            if "product" in branch:
                in_range = text_of(branch, "name") if text_of(branch, "category") == _RANGE else ""
                product = object_of(branch, "product")
                self._define(product, pointer=join(pointer, "product"), version_range=in_range)
            pending.extend(objects_of(branch, "branches", pointer=pointer, defects=self._defects))

    def _define(self, product: Object, *, pointer: str, version_range: str = "") -> None:
        product_id = text_of(product, "product_id")
        helper = object_of(product, "product_identification_helper")
        purls = texts_of(helper, "purls") or tuple(filter(None, [text_of(helper, "purl")]))
        record = make_product(
            text_of(product, "name") or product_id,
            pointer=pointer,
            defects=self._defects,
            purl_text=purls[0] if purls else "",
            version_range=version_range,
            cpe=text_of(helper, "cpe"),
            hashes=_hashes(helper),
        )
        # A product may be known by several purls (2.1): each finds it.
        others = [make_product(purl, pointer=pointer, defects=self._defects) for purl in purls[1:]]
        self._add(product_id, replace(record, subcomponents=tuple(others)), pointer=pointer)

    def _relate(self, relation: Object, *, pointer: str) -> None:
        """A relationship makes a product of two: what is part of, installed on or with the other."""
        full = object_of(relation, "full_product_name")
        helper = object_of(full, "product_identification_helper")
        part_id = text_of(relation, "product_reference")
        whole_id = text_of(relation, "relates_to_product_reference")
        part = self.find(part_id, pointer=join(pointer, "product_reference"))
        whole = self.find(whole_id, pointer=join(pointer, "relates_to_product_reference"))
        record = make_product(
            text_of(full, "name") or part_id,
            pointer=pointer,
            defects=self._defects,
            purl_text=text_of(helper, "purl"),
            cpe=text_of(helper, "cpe") or whole.cpe,
            hashes=_hashes(helper),
            subcomponents=(replace(part, subcomponents=()), *part.subcomponents),
        )
        if record.digest is None and record.purl is None:
            record = replace(record, digest=whole.digest, purl=whole.purl)
        record = replace(record, platform=whole.platform or whole.cpe or whole.given)
        self._add(text_of(full, "product_id"), record, pointer=join(pointer, "full_product_name"))

    def _add(self, product_id: str, record: VexProductRecord, *, pointer: str) -> None:
        if product_id in self._products:
            message = f"{product_id[:100]!r} is defined twice; the first definition counts."
            self._defects.add("csaf_rule", pointer, f"6.1.2: {message}")
            return
        if len(self._products) >= self._limit:
            raise FormatError("too_many_products", f"The product tree has more than {self._limit} products.")
        self._products[product_id] = record

    def _group(self, group: Object, *, pointer: str) -> None:
        group_id = text_of(group, "group_id")
        if group_id in self._groups:
            self._defects.add("csaf_rule", pointer, f"6.1.5: the group {group_id[:100]!r} is defined twice.")
        self._groups.setdefault(group_id, texts_of(group, "product_ids"))


def _hashes(helper: Object) -> Iterable[tuple[str, str]]:
    for item in list_of(helper, "hashes"):
        for one in list_of(item, "file_hashes") if isinstance(item, dict) else ():
            if isinstance(one, dict):
                yield text_of(one, "algorithm"), text_of(one, "value")
