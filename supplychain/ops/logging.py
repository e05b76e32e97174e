"""Log lines: one JSON object a line, with the facts of the work at hand, without secrets, and never two lines in one.

The fields are listed in docs/operations.md.
"""

import json
import logging
import re
from collections.abc import Mapping
from datetime import UTC, datetime

from supplychain.ops import log_context
from supplychain.ops.middleware import request_id

# Keys of ours, bearer tokens, and passwords inside addresses. Nothing should log them; this is the second wall.
_REMOVED = "[removed]"
_SECRETS = (
    (re.compile(r"\bsc_[a-z0-9]+_[A-Za-z0-9_-]{8,}"), f"sc_{_REMOVED}"),
    (re.compile(r"(?i)\b(bearer|token|basic)\s+[A-Za-z0-9._~+/=-]{8,}"), rf"\1 {_REMOVED}"),
    (re.compile(r"(\w+://[^\s:/@]*:)[^\s@/]+@"), rf"\1{_REMOVED}@"),
)
_SECRET_NAMES = re.compile(r"(?i)authorization|cookie|password|secret|token|api_?key|credential")
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "request"}


def without_secrets(text: str) -> str:
    """Return the text with everything that looks like a credential replaced."""
    for pattern, replacement in _SECRETS:
        text = pattern.sub(replacement, text)
    return text


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, message, request_id, the work's fields, and what `extra=` gave.

    Everything but ASCII is escaped: no name in a document can break a line, or turn the text of a terminal around.
    """

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, tz=UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": without_secrets(record.getMessage()),
        }
        if current := request_id.get():
            line["request_id"] = current
        line |= _cleaned(log_context.current())
        line |= _cleaned({name: value for name, value in vars(record).items() if _is_extra(name)})
        if record.exc_info:
            line["exception"] = without_secrets(self.formatException(record.exc_info))
        return json.dumps(line)


class TextFormatter(logging.Formatter):
    """A short line for a terminal."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s: %(message)s", datefmt="%H:%M:%S")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  # the standard library's name
        return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in super().formatMessage(record))

    def format(self, record: logging.LogRecord) -> str:
        return without_secrets(super().format(record))


def _is_extra(name: str) -> bool:
    return name not in _STANDARD and not name.startswith("_")


def _cleaned(fields: Mapping[str, object]) -> dict[str, object]:
    """Return fields as JSON can hold them, those with the name of a secret without their value."""
    return {name: _REMOVED if _SECRET_NAMES.search(name) else _clean(value) for name, value in fields.items()}


def _clean(value: object) -> object:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping):
        return _cleaned({str(name): inner for name, inner in value.items()})
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean(inner) for inner in value]
    return without_secrets(str(value))
