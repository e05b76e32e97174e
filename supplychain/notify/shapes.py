"""How an event looks to each kind of channel. Pure. Nothing of an event can become markup of the far side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_SHOWN = 2_500


def slack(event: Mapping[str, Any]) -> dict[str, object]:
    """Return what an incoming webhook of Slack takes."""
    lines = [f"*{_slack_text(event['title'])}*", _slack_text(event["text"])]
    text = "\n".join(line for line in lines if line.strip("*"))
    section = {"type": "section", "text": {"type": "mrkdwn", "text": text[:MAX_SHOWN]}}
    link = {"type": "button", "text": {"type": "plain_text", "text": "Open"}, "url": event["url"]}
    return {
        "text": _slack_text(event["title"]),
        "blocks": [section, {"type": "actions", "elements": [link]}, _slack_context(event)],
        "unfurl_links": False,
    }


def teams(event: Mapping[str, Any]) -> dict[str, object]:
    """Return what a Workflows webhook of Microsoft Teams takes: one adaptive card."""
    facts = [{"title": name, "value": value} for name, value in _facts(event)]
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [
            # RichTextBlock takes its text as it is; a TextBlock would read Markdown in it.
            {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": event["title"], "weight": "Bolder"}]},
            {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": event["text"][:MAX_SHOWN] or " "}]},
            {"type": "FactSet", "facts": facts},
        ],
        "actions": [{"type": "Action.OpenUrl", "title": "Open", "url": event["url"]}],
    }
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [attachment]}


def mail(event: Mapping[str, Any]) -> tuple[str, str]:
    """Return subject and plain text of a mail."""
    subject = " ".join(str(event["title"]).split())
    facts = [f"{name}: {value}" for name, value in _facts(event)]
    parts = [event["title"], event["text"], "\n".join(facts), event["url"], f"Event {event['id']}"]
    return subject[:200], "\n\n".join(part for part in parts if part) + "\n"


def _facts(event: Mapping[str, Any]) -> list[tuple[str, str]]:
    production = {True: "yes", False: "no", None: "not known"}[event["in_production"]]
    found = [("What", str(event["type"])), ("When", str(event["occurred_at"]))]
    if event["severity"]:
        found.append(("Severity", str(event["severity"])))
    return [*found, ("In production", production)]


def _slack_context(event: Mapping[str, Any]) -> dict[str, object]:
    text = " · ".join(f"{name.lower()} {_slack_text(value)}" for name, value in _facts(event))
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": text}]}


def _slack_text(text: str) -> str:
    """Escape what would begin a link, a mention or a channel."""
    return str(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
