"""The table of settings in docs/operations.md names each variable that the code reads, and no other."""

import re
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent.parent
_READ_BY_SETTINGS = re.compile(
    r'(?:env\.(?:text|flag|number|choice|pattern|words|secret|signing_keys?|issuer|team_grants|role_grants)|_secret)\(\s*"([A-Z_]+)"'
)
_READ_BY_LAUNCHER = re.compile(r'os\.environ(?:\.get\(|\[)"([A-Z_]+)"|"([A-Z_]+)" (?:not )?in os\.environ')
_DOCUMENTED = re.compile(r"^\| `([A-Z_]+)`", re.MULTILINE)
# Not settings: who reads them is the tool itself, or this project's own launcher, for itself.
_INTERNAL = {"PATH", "SUPPLYCHAIN_BOOTSTRAPPED", "DJANGO_SETTINGS_MODULE"}


def read_by_the_code() -> set[str]:
    parts = [
        CHECKOUT / "supplychain" / name
        for name in ("settings.py", "sign_in_settings.py", "notify_settings.py", "database/addresses.py")
    ]
    names = {name for part in parts for name in _READ_BY_SETTINGS.findall(part.read_text())}
    sources = [*(CHECKOUT / "supplychain" / "local").glob("*.py"), CHECKOUT / "deploy" / "gunicorn.conf.py"]
    for source in sources:
        names |= {first or second for first, second in _READ_BY_LAUNCHER.findall(source.read_text())}
    return names - _INTERNAL


def test_every_setting_is_documented_and_every_documented_one_exists():
    documented = set(_DOCUMENTED.findall((CHECKOUT / "docs" / "operations.md").read_text()))

    assert documented == read_by_the_code()
