"""What templates write of a form that may have been refused ({% load forms %}); see refusals.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import template
from django.utils.html import format_html
from django.utils.safestring import mark_safe

if TYPE_CHECKING:
    from django.utils.safestring import SafeString

    from supplychain.web.refusals import Refusal

register = template.Library()


@register.simple_tag
def typed(refused: Refusal | str | None, form: str, field: str, otherwise: object = "") -> str:
    """Return what was typed into a field of a refused form, else what it begins with."""
    if not _is_of(refused, form):
        return str(otherwise if otherwise is not None else "")
    return str(refused.typed.get(field, ""))  # type: ignore[union-attr]


@register.simple_tag
def wrong(refused: Refusal | str | None, form: str, field: str) -> SafeString:
    """Return the attributes of the field that was refused: it is told so, and the cursor goes there."""
    if not _is_of(refused, form) or refused.field != field:  # type: ignore[union-attr]
        return mark_safe("")
    return format_html(' aria-invalid="true" aria-describedby="problem-{}" autofocus', form)


@register.inclusion_tag("web/_problem.html")
def problem(refused: Refusal | str | None, form: str) -> dict[str, object]:
    """Write what is wrong with a form, beside it; nothing for every other form."""
    return {"refused": refused if _is_of(refused, form) else None, "form": form}


def _is_of(refused: Refusal | str | None, form: str) -> bool:
    # A template that was given no refusal hands over an empty text.
    return bool(refused) and not isinstance(refused, str) and refused.form == form  # type: ignore[union-attr]
