"""What templates write with: icons, digests, times, counts and states, each in one way on every page.

Loaded by name (`{% load web %}`, settings.TEMPLATES). Nothing here asks the database.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, lru_cache
from urllib.parse import quote

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()

_SHORT_HEX = 12
_ABSENT = "unknown"
_SPELLED: Mapping[str, str] = {
    "sbom": "SBOM",
    "sboms": "SBOMs",
    "sbom_clean": "SBOM clean",
    "cyclonedx": "CycloneDX",
    "spdx": "SPDX",
    "openvex": "OpenVEX",
    "scai": "SCAI",
    "npm_publish": "npm publish",
    "pypi_publish": "PyPI publish",
    "deployment": "Deployment report",
    "snapshot": "Cluster snapshot",
    "image": "Image manifest or index",
    "propose": "Proposed",
    "accept": "Accepted",
    "reject": "Rejected",
    "revoke": "Revoked",
    "vex": "VEX statements",
    "advisory": "Advisories",
    "list": "List of indicators",
    "posture": "Posture report",
    "registry": "Registry record",
    "oci_index": "Image index",
    "oci_manifest": "Image manifest",
    "oci_config": "Image config",
    "named": "Name only",
    "init": "Init container",
    "ephemeral": "Ephemeral container",
    "source_to_ci": "Source to CI",
    "ci_to_artifact": "CI to artifact",
    "artifact_to_registry": "Artifact to registry",
    "registry_to_runtime": "Registry to runtime",
}
_UNITS = ("kB", "MB", "GB", "TB")
_SPANS = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))


@dataclass(frozen=True, slots=True)
class Badge:
    """How a state is told: in a word, by a shape, and by a tone of colour which adds nothing to the two."""

    word: str
    icon: str
    tone: str
    meaning: str


# Tones are classes of app.css: danger, warning, good, unknown, busy, plain.
BADGES: Mapping[str, Badge] = {
    # an answer's classes (docs/api.md, The incident query)
    "affected": Badge("Affected", "alert-octagon", "danger", "Contains what was asked for"),
    "possible": Badge("Possible", "alert-triangle", "warning", "May contain it: what is known does not decide"),
    "cleared": Badge("Cleared", "circle-check", "good", "Holds the package, and a rule excludes this version"),
    "unknown": Badge("Unknown", "circle-dashed", "unknown", "Runs, and nothing readable says what is inside"),
    "build_exposure": Badge("Build exposure", "hammer", "busy", "Met at build time; counted again among the rows"),
    # a drill's result
    "drill_passed": Badge("Passed", "circle-check", "good", "All that a count by hand found was listed in time"),
    "drill_failed": Badge("Not passed", "alert-octagon", "danger", "Something was missing, late, or could not be done"),
    "drill_waiting": Badge("Waiting", "clock", "busy", "A worker has not finished it"),
    # a receipt's states (docs/api.md, Evidence)
    "received": Badge("Received", "clock", "busy", "Stored, and waiting for a worker"),
    "processing": Badge("Processing", "loader-2", "busy", "A worker reads it now"),
    "applied": Badge("Applied", "circle-check", "good", "Search and answers count it"),
    "applied_with_warnings": Badge(
        "Applied with warnings", "alert-triangle", "warning", "Counted, as far as it could be read"
    ),
    "rejected": Badge("Rejected", "circle-x", "danger", "Cannot be read, or is about nothing; kept as evidence"),
    "quarantined": Badge("Quarantined", "lock", "danger", "Set aside after three failed tries"),
    # what runs
    "running": Badge("Running", "player-play", "good", "Seen running and not seen to end"),
    "ran": Badge("Ran", "player-play", "busy", "Ran at the time asked for"),
    "did_not_run": Badge("Did not run", "player-stop", "plain", "Not known to have run at the time asked for"),
    "ended": Badge("Ended", "player-stop", "plain", "Seen to end"),
    "not_running": Badge("Not running", "player-stop", "plain", "Not known to run at this instant"),
    # what was told before and is no longer so
    "withdrawn": Badge("Withdrawn", "x", "plain", "Its source has taken it back"),
    "moved": Badge("Moved", "arrow-right", "warning", "The tag pointed at something else before"),
    "stale": Badge("Stale", "clock-exclamation", "warning", "Silent for more than three report intervals"),
    # verdicts of where an artifact comes from (docs/trust.md)
    "verified_expected": Badge(
        "Verified", "rosette-discount-check", "good", "Signed by a signer who is trusted for exactly this"
    ),
    "verified_unexpected": Badge(
        "Unexpected", "alert-triangle", "danger", "A good signature, and not what a trusted signer is expected to sign"
    ),
    "failed": Badge("Failed", "circle-x", "danger", "Something that was signed or said is not so"),
    "unsupported": Badge(
        "Not judged", "zoom-question", "unknown", "Signed, and nobody here can tell whether it is good"
    ),
    "reported": Badge(
        "Reported", "message-report", "warning", "Another tool says that it verified it; not verified here"
    ),
    "unsigned_claim": Badge("Claimed", "quote", "warning", "Whoever sent it says so: nobody signed it"),
    "none": Badge("No provenance", "circle-dashed", "unknown", "Nothing says where it comes from"),
    # links of a trace
    "verified": Badge(
        "Verified", "rosette-discount-check", "good", "Proven by a signature of a signer who is trusted for it"
    ),
    "claimed": Badge("Claimed", "quote", "warning", "Somebody says so; nothing proves it"),
    "missing": Badge("Missing", "circle-dashed", "unknown", "No evidence of it has arrived"),
    "broken": Badge("Broken", "link-off", "danger", "Evidence contradicts it"),
    "overwritten": Badge("Overwritten", "alert-octagon", "danger", "Seen at two images that nothing joins"),
    # classes of what runs, by where it comes from (docs/trust.md)
    "expected": Badge("Expected", "rosette-discount-check", "good", "Verified, and as a trusted signer is expected to"),
    "unexpected": Badge("Unexpected", "alert-triangle", "danger", "Verified as something else, or a signature failed"),
    "unverifiable": Badge(
        "Unverifiable", "zoom-question", "warning", "Something is said of it that nothing here proves"
    ),
    # an incident: where the response stands, and how bad it is
    "open": Badge("Open", "alert-octagon", "danger", "Nobody has looked further yet"),
    "scoping": Badge("Scoping", "search", "warning", "Finding out how far it goes"),
    "containing": Badge("Containing", "hand-stop", "warning", "Stopping the spread"),
    "eradicating": Badge("Eradicating", "hammer", "busy", "Taking it out of what is built and run"),
    "recovering": Badge("Recovering", "refresh", "busy", "Bringing back what is clean, and proving it"),
    "closed": Badge("Closed", "circle-check", "good", "Over, with a reason"),
    "finding_open": Badge("Open", "alert-triangle", "warning", "The newest version of the file shows it"),
    "finding_closed": Badge("Closed", "circle-check", "good", "The newest version of the file does not show it"),
    "critical": Badge("Critical", "alert-octagon", "danger", "Wake people up"),
    "high": Badge("High", "alert-triangle", "warning", "Today"),
    "medium": Badge("Medium", "info-circle", "busy", "This week"),
    "low": Badge("Low", "info-circle", "plain", "When there is time"),
    # what is done about an incident, and what is proven of a service
    "to_do": Badge("To do", "clock", "warning", "Nobody has said yet that it is done"),
    "done": Badge("Done", "circle-check", "good", "Somebody said so, with what came in after"),
    "binding": Badge("In force", "hand-stop", "danger", "Binds now; two people lift it"),
    "reverted": Badge("Lifted", "x", "plain", "Two people have ended it"),
    "proven": Badge("Proven", "rosette-discount-check", "good", "Evidence shows it"),
    "cannot_tell": Badge("Cannot tell", "zoom-question", "unknown", "What came in does not decide it yet"),
    "recovered": Badge("Recovered", "circle-check", "good", "All seven proofs held"),
    "lost": Badge("Lost again", "alert-octagon", "danger", "Recovered once, and evidence says otherwise since"),
    # a trusted signer
    "proposed": Badge("Proposed", "clock", "warning", "Seen or stated; nobody trusts it yet"),
    "accepted": Badge("Accepted", "circle-check", "good", "What it signs as expected is verified"),
    "revoked": Badge("Revoked", "hand-stop", "danger", "Trusted once, and no more"),
    # a version of a root of trust; a compromise
    "active": Badge("Active", "circle-check", "good", "Whom it names is believed"),
    "retired": Badge("Retired", "player-stop", "plain", "Believed once, and no more"),
    "in_force": Badge("In force", "alert-octagon", "danger", "It binds until two people end it"),
    "lifted": Badge("Lifted", "circle-check", "plain", "Two people ended it"),
    # a block, and what was decided at a gate
    "lift_asked": Badge("End asked for", "clock", "warning", "In force until a second person agrees"),
    "allowed": Badge("Allowed", "circle-check", "good", "It was let through"),
    "refused": Badge("Refused", "circle-x", "danger", "It was not let through"),
    # notifications (docs/notifications.md)
    "waiting": Badge("Waiting", "clock", "busy", "Not delivered yet; it is tried by itself"),
    "delivered": Badge("Delivered", "circle-check", "good", "The far side took it"),
    "given_up": Badge("Given up", "alert-octagon", "danger", "Tried for long enough, or the channel was ended"),
    "in_use": Badge("Active", "circle-check", "good", "It does what it is for"),
    "failing": Badge("Failing", "alert-triangle", "warning", "The last try failed; what it was to be told waits"),
    "paused": Badge("Paused", "player-pause", "plain", "Nothing is told there until it goes on"),
    # operations
    "good": Badge("Well", "circle-check", "good", "As it should be"),
    "warning": Badge("Look", "alert-triangle", "warning", "Not as it should be; nothing is lost"),
    "danger": Badge("Bad", "alert-octagon", "danger", "Needs somebody now"),
    "alive": Badge("Alive", "circle-check", "good", "Told of itself within a minute"),
    "silent": Badge("Silent", "clock-exclamation", "warning", "No sign of life for a minute"),
    "fresh": Badge("Reporting", "circle-check", "good", "Heard from within three report intervals"),
}


@register.simple_tag
@cache
def icon(name: str, css: str = "") -> SafeString:
    """Draw an icon of static/icons.txt. It is decoration: the word stands beside it."""
    return format_html(
        '<svg class="icon {}" aria-hidden="true" focusable="false"><use href="{}#{}"/></svg>',
        css,
        static("icons/sprite.svg"),
        name,
    )


@register.simple_tag
def state(value: object) -> SafeString:
    """Write a state as a word with its shape; a value that nobody knows here is written as it is."""
    text = str(value)
    known = BADGES.get(text)
    return _badge(Badge(words(text), "info-circle", "plain", "") if known is None else known)


@lru_cache(maxsize=1_000)
def _badge(badge: Badge) -> SafeString:
    return format_html(
        '<span class="state state-{}" title="{}">{}<span>{}</span></span>',
        badge.tone,
        badge.meaning,
        icon(badge.icon),
        badge.word,
    )


@register.simple_tag
def digest(value: object, link: str = "") -> SafeString:
    """Write a digest short, with its whole value for the mouse, the screen reader, the printer and the clipboard."""
    text = str(value or "")
    if not text:
        return format_html('<span class="text-secondary">{}</span>', "no digest")
    short = format_html(
        '<code class="digest" title="{0}"><span class="digest-short" aria-hidden="true">{1}</span>'
        '<span class="digest-full">{0}</span></code>',
        text,
        short_digest(text),
    )
    shown = format_html('<a href="{}">{}</a>', link, short) if link else short
    return format_html('<span class="copyable">{}{}</span>', shown, copy_button(text, "digest"))


@register.simple_tag
def copy_button(text: object, what: str) -> SafeString:
    """Draw a button that copies `text`; app.js shows it, since without script it could do nothing."""
    return format_html(
        '<button type="button" class="copy" data-copy="{}" data-needs-script hidden title="Copy {}">{}'
        '<span class="visually-hidden">Copy {}</span></button>',
        text,
        what,
        icon("copy"),
        what,
    )


@register.filter
def short_digest(value: object) -> str:
    """Return `sha256:` and the first twelve digits, the length that tells digests apart by eye."""
    algorithm, separator, digits = str(value or "").partition(":")
    return f"{algorithm}:{digits[:_SHORT_HEX]}…" if separator and len(digits) > _SHORT_HEX else str(value or "")


@register.simple_tag
def moment(value: datetime | None, absent: str = "never") -> SafeString:
    """Write an instant in UTC, to the second, as a `<time>` that machines read too."""
    if value is None:
        return format_html('<span class="text-secondary">{}</span>', absent)
    at = value.astimezone(UTC)
    return format_html(
        '<time datetime="{}" class="moment">{} <span class="moment-zone">UTC</span></time>',
        _rfc3339(at),
        at.strftime("%Y-%m-%d %H:%M:%S"),
    )


@register.simple_tag
def ago(value: datetime | None, at: datetime | None, absent: str = "never") -> SafeString:
    """Write how long before `at` something was, in its largest whole unit; the instant itself is in the title."""
    if value is None or at is None:
        return moment(value, absent)
    instant = value.astimezone(UTC)
    return format_html(
        '<time datetime="{}" title="{} UTC" class="moment">{}</time>',
        _rfc3339(instant),
        instant.strftime("%Y-%m-%d %H:%M:%S"),
        _span_words((at - value).total_seconds()),
    )


@register.filter
def number(value: object) -> str:
    """Write a whole number with its thousands apart."""
    return f"{value:,}" if isinstance(value, int) else str(value if value is not None else _ABSENT)


@register.filter
def count(value: int | None, unit: str) -> str:
    """Write a number with its unit: `{{ n|count:"component" }}`, or `"entry,entries"` where an s is not enough."""
    one, _, many = unit.partition(",")
    return f"{number(value)} {one if value == 1 else many or one + 's'}"


@register.filter
def noun(value: int | None, unit: str) -> str:
    """Write the unit alone, in the number that fits: `{{ n|noun:"workload" }}`."""
    one, _, many = unit.partition(",")
    return one if value == 1 else many or one + "s"


@register.filter
def words(value: object) -> str:
    """Write a stored word for people: `applied_with_warnings` becomes "Applied with warnings"."""
    text = str(value)
    if badge := BADGES.get(text):
        return badge.word
    return _SPELLED.get(text) or text.replace("_", " ").capitalize()


@register.filter
def prose(value: object) -> str:
    """Write a message of the API for people: without the backticks that mark names in plain text."""
    return str(value).replace("`", "")


@register.filter
def size(value: int | None) -> str:
    """Write a size in bytes in decimal units, three digits at most."""
    if value is None:
        return _ABSENT
    if value < 1000:
        return count(value, "byte")
    power = next((n for n in range(1, len(_UNITS)) if value / 1000**n < 999.5), len(_UNITS))
    amount = value / 1000**power
    return f"{amount:.0f} {_UNITS[power - 1]}" if amount >= 100 else f"{amount:.3g} {_UNITS[power - 1]}"


@register.filter
def seconds(value: float | None) -> str:
    """Write a duration: milliseconds below a second, else seconds, else in words."""
    if value is None:
        return _ABSENT
    if value < 1:
        return f"{value * 1000:.0f} ms"
    return f"{value:.1f} s" if value < 60 else _span_words(value, tail="")


@register.filter
def span(start: datetime, end: datetime) -> str:
    """Write how long it took from one instant to another."""
    return seconds(max(0.0, (end - start).total_seconds()))


@register.filter
def package_url(purl: object) -> str:
    """Return the page of a package: its purl without version, percent-encoded whole (docs/api.md, Inventory)."""
    text = str(purl).split("#", 1)[0].split("?", 1)[0]
    head, separator, tail = text.rpartition("@")
    # An @ that begins a scope (`pkg:npm/@scope/name`) is no version separator: a version holds no slash.
    return "/packages/" + quote(head if separator and "/" not in tail else text, safe="")


@register.filter
def artifact_url(value: object) -> str:
    return f"/artifacts/{value}"


@register.filter
def advisory_url(name: object) -> str:
    return "/advisories/" + quote(str(name), safe="")


@register.filter
def tags_url(repository: object, tag: str = "") -> str:
    """Return the page of a repository's tags, or of one of them."""
    address = "/tags?repository=" + quote(str(repository), safe="")
    return f"{address}&tag={quote(tag, safe='')}" if tag else address


@register.filter
def cluster_url(name: object) -> str:
    return "/clusters/" + quote(str(name), safe="")


@register.filter
def impact_url(question: object) -> str:
    return "/impact?q=" + quote(str(question), safe="")


def _rfc3339(at: datetime) -> str:
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")


def _span_words(span: float, *, tail: str = " ago") -> str:
    if span < 1:
        return "just now" if tail else "0 seconds"
    for length, name in _SPANS:
        if span >= length:
            return f"{count(int(span // length), name)}{tail}"
    raise AssertionError(span)  # the last span is a second
