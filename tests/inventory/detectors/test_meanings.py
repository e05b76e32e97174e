"""Every finding says what is wrong and what to do."""

from __future__ import annotations

from inventory.detectors.meanings import FIXES, TITLES, WRONG
from inventory.detectors.records import Detector, Rule


def test_every_detector_and_rule_has_words() -> None:
    assert set(TITLES) == set(Detector)
    assert set(WRONG) == set(FIXES) == set(Rule)


def test_a_fix_is_one_sentence() -> None:
    assert [text for text in FIXES.values() if not text.endswith(".") or ". " in text] == []
