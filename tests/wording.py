"""What no page, message or document of ours may say: that somebody is safe. What is not known may still be there."""

from __future__ import annotations

import html
import re
from typing import Final

_FORBIDDEN: Final = re.compile(
    r"all[ -]clear"
    r"|(?:not|n't|nothing|nobody|none|never)\s+(?:\w+\s+){0,2}?(?:affected|impacted|vulnerable|compromised|exposed)\b"
    r"|\bno (?:\w+ ){0,2}?(?:is|are|was|were) (?:affected|impacted|vulnerable|compromised)\b"
    r"|unaffected|uncompromised"
    r"|\b(?:you|we|they|everything|everyone|it|this) (?:is|are|'re|'s) (?:safe|clean|secure|fine|ok)\b"
    r"|\bno (?:impact|exposure|risk|threats?|danger|vulnerabilit(?:y|ies)|action (?:is )?(?:needed|required))\b"
    r"|\b(?:good|safe) to go\b|nothing to (?:worry|fear|do here)|\bin the clear\b",
    re.IGNORECASE,
)
_HONEST: Final = (
    # It is said what an answer is not.
    "not the same as not affected",
    'never says "not affected"',
    'never "not affected"',
    "does not say that it is not affected",
    # What was declared, and a rehearsal.
    "nothing was declared compromised",
    "a rehearsal. nothing is compromised",
    # Nothing was written or taken: to send it again does no harm.
    "it is safe to try again",
)


def wordings_of_safety(text: str) -> list[str]:
    """Return what a text says of anybody's safety, each with what stands around it."""
    plain = re.sub(r"\s+", " ", html.unescape(re.sub(r"</?(?:strong|em|b|i|a|code)\b[^>]*>", "", text)))
    for honest in _HONEST:
        plain = re.sub(re.escape(honest), "…", plain, flags=re.IGNORECASE)
    return [plain[max(0, found.start() - 40) : found.end() + 40] for found in _FORBIDDEN.finditer(plain)]
