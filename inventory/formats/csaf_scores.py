"""The mandatory tests of CSAF about scores and languages (6.1.8 to 6.1.10, 6.1.12).

Source: CSAF 2.0 section 6.1; CVSS 2.0, 3.0 and 3.1 of FIRST, their base equations; ISO 639-1 for two-letter languages.
They say how much care a document was made with, and nothing about which product is affected.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from inventory.formats.json_fields import Object, list_of, object_of, text_of
from inventory.formats.pointers import join

_LEVELS: Final = {"N": 0.0, "L": 0.22, "H": 0.56}
_V3: Final[Mapping[str, Mapping[str, float]]] = {
    "AV": {"N": 0.85, "A": 0.62, "L": 0.55, "P": 0.2}, "AC": {"L": 0.77, "H": 0.44},
    "PR": {"N": 0.85, "L": 0.62, "H": 0.27}, "UI": {"N": 0.85, "R": 0.62}, "S": {"U": 0, "C": 0},
    "C": _LEVELS, "I": _LEVELS, "A": _LEVELS,
}  # fmt: skip
_PRIVILEGES_CHANGED: Final = {"N": 0.85, "L": 0.68, "H": 0.5}
_PARTS: Final = {"N": 0.0, "P": 0.275, "C": 0.66}
_V2: Final[Mapping[str, Mapping[str, float]]] = {
    "AV": {"L": 0.395, "A": 0.646, "N": 1.0}, "AC": {"H": 0.35, "M": 0.61, "L": 0.71},
    "Au": {"M": 0.45, "S": 0.56, "N": 0.704}, "C": _PARTS, "I": _PARTS, "A": _PARTS,
}  # fmt: skip
_V3_NAMES: Final = {
    "AV": "attackVector", "AC": "attackComplexity", "PR": "privilegesRequired", "UI": "userInteraction", "S": "scope",
    "C": "confidentialityImpact", "I": "integrityImpact", "A": "availabilityImpact",
}  # fmt: skip
_V2_NAMES: Final = {
    "AV": "accessVector", "AC": "accessComplexity", "Au": "authentication",
    "C": "confidentialityImpact", "I": "integrityImpact", "A": "availabilityImpact",
}  # fmt: skip
_REQUIRED: Final = {
    "cvss_v2": ("version", "vectorString", "baseScore"),
    "cvss_v3": ("version", "vectorString", "baseScore", "baseSeverity"),
}
_SEVERITIES: Final = ((9.0, "CRITICAL"), (7.0, "HIGH"), (4.0, "MEDIUM"), (0.1, "LOW"), (0.0, "NONE"))
_LANGUAGES: Final = (
    " aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee "
    "el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is "
    "it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms "
    "mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk "
    "sl sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi "
    "yo za zh zu "
)
"""Those of two letters, each between blanks."""


@dataclass(frozen=True, slots=True)
class Flaw:
    """A mandatory test that a score or a language fails; the message begins with its number."""

    pointer: str
    message: str


def flawed_scores(vulnerability: Object, pointer: str) -> Iterator[Flaw]:
    """Yield what is wrong with the CVSS scores of a vulnerability, where 2.0 and where 2.1 keep them."""
    for member in ("scores", "metrics"):
        for index, item in enumerate(list_of(vulnerability, member)):
            if isinstance(item, dict):
                place = join(pointer, member, index)
                is_new = member == "metrics"
                holder = object_of(item, "content") if is_new else item
                for name in _REQUIRED:
                    if name in holder:
                        yield from _score(object_of(holder, name), name, join(place, "content") if is_new else place)


def flawed_languages(head: Object) -> Iterator[Flaw]:
    """Yield the languages of a document that no registry has."""
    for name in ("lang", "source_lang"):
        first = text_of(head, name).partition("-")[0].lower()
        if len(first) == 2 and f" {first} " not in _LANGUAGES:
            yield Flaw(join("/document", name), f"6.1.12: {first!r} is no registered language.")


def _score(score: Object, name: str, pointer: str) -> Iterator[Flaw]:
    place = join(pointer, name)
    missing = [member for member in _REQUIRED[name] if member not in score]
    if missing:
        yield Flaw(place, f"6.1.8: a {name} has {missing[0]}.")
        return
    is_v3 = name == "cvss_v3"
    metrics = _metrics(text_of(score, "vectorString"), _V3 if is_v3 else _V2)
    if metrics is None:
        yield Flaw(join(place, "vectorString"), "6.1.8: the vector is not one of its version.")
        return
    expected = _base_v3(metrics) if is_v3 else _base_v2(metrics)
    given = score.get("baseScore")
    if not isinstance(given, int | float) or not math.isclose(given, expected, abs_tol=0.01):
        yield Flaw(join(place, "baseScore"), f"6.1.9: the vector comes to {expected}.")
    elif is_v3 and text_of(score, "baseSeverity") != _severity(expected):
        yield Flaw(join(place, "baseSeverity"), f"6.1.9: {expected} is {_severity(expected)}.")
    for metric, member in (_V3_NAMES if is_v3 else _V2_NAMES).items():
        said = text_of(score, member)
        if said and said[:1] != metrics[metric]:
            yield Flaw(join(place, member), f"6.1.10: the vector says {metric}:{metrics[metric]}.")


def _metrics(vector: str, known: Mapping[str, Mapping[str, float]]) -> dict[str, str] | None:
    parts = vector.split("/")
    found = dict(part.split(":", 1) for part in parts if part.count(":") == 1)
    is_whole = all(found.get(metric) in values for metric, values in known.items())
    return {metric: found[metric] for metric in known} if is_whole else None


def _base_v3(metrics: Mapping[str, str]) -> float:
    value = {metric: _V3[metric][letter] for metric, letter in metrics.items()}
    is_changed = metrics["S"] == "C"
    privileges = _PRIVILEGES_CHANGED[metrics["PR"]] if is_changed else value["PR"]
    open_to = 1 - (1 - value["C"]) * (1 - value["I"]) * (1 - value["A"])
    impact = 7.52 * (open_to - 0.029) - 3.25 * (open_to - 0.02) ** 15 if is_changed else 6.42 * open_to
    if impact <= 0:
        return 0.0
    ease = 8.22 * value["AV"] * value["AC"] * privileges * value["UI"]
    return _rounded_up(min((1.08 if is_changed else 1.0) * (impact + ease), 10))


def _base_v2(metrics: Mapping[str, str]) -> float:
    value = {metric: _V2[metric][letter] for metric, letter in metrics.items()}
    impact = 10.41 * (1 - (1 - value["C"]) * (1 - value["I"]) * (1 - value["A"]))
    ease = 20 * value["AV"] * value["AC"] * value["Au"]
    return round((0.6 * impact + 0.4 * ease - 1.5) * (1.176 if impact else 0), 1)


def _rounded_up(score: float) -> float:
    """Round up to one digit as CVSS 3.1 does, untroubled by what a binary fraction leaves behind the fifth."""
    whole = round(score * 100_000)
    return whole / 100_000 if whole % 10_000 == 0 else (whole // 10_000 + 1) / 10


def _severity(score: float) -> str:
    return next(word for least, word in _SEVERITIES if score >= least)
