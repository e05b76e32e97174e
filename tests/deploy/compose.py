"""docker-compose.yml as Compose reads it: anchors merged, `${NAME:-default}` replaced by the default."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

CHECKOUT = Path(__file__).resolve().parents[2]
FILE = CHECKOUT / "docker-compose.yml"
VARIABLE = re.compile(r"\$\{(?P<name>[A-Z_]+):-(?P<default>[^}]*)\}")

Json = dict[str, Any]


def load() -> Json:
    """Return the file with every variable at its default."""
    text = VARIABLE.sub(lambda match: match["default"], FILE.read_text(encoding="utf-8"))
    content: Json = yaml.safe_load(text)
    return content


def services() -> dict[str, Json]:
    """Return the services by name."""
    found: dict[str, Json] = load()["services"]
    return found


def image_variables() -> dict[str, str]:
    """Return {variable: image} of every image that is fetched, those that the Dockerfile builds on included."""
    found = {match["name"]: match["default"] for match in VARIABLE.finditer(FILE.read_text(encoding="utf-8"))}
    return {name: image for name, image in found.items() if name.endswith("_IMAGE") and name != "SUPPLYCHAIN_IMAGE"}
