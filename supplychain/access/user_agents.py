"""A browser's long name for itself, in three words. Pure."""

from __future__ import annotations

# The order counts: each of the later ones also stands in the names of the earlier.
_BROWSERS = (("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)
_MAX_CHARACTERS = 60


def describe_browser(user_agent: str) -> str:
    """Return such as `Firefox on Linux`; what is not known is shown as it was sent, cut."""
    browser = _first(user_agent, names=_BROWSERS)
    system = _first(user_agent, names=_SYSTEMS)
    if browser and system:
        return f"{browser} on {system}"
    return browser or system or user_agent[:_MAX_CHARACTERS] or "a browser without a name"


def _first(text: str, *, names: tuple[tuple[str, str], ...]) -> str:
    return next((name for mark, name in names if mark in text), "")
