"""Write HTML: the one place where text becomes markup.

Plain strings are text and get escaped; only `Markup` passes as it is. No template engine sees the result.
"""

from __future__ import annotations

import json
from html import escape
from typing import Any

VOID = frozenset({"meta", "link", "input", "br", "hr", "img"})


class Markup(str):
    """A string that is HTML already."""

    __slots__ = ()


def text(value: str) -> Markup:
    """Return ``value`` as escaped text."""
    return value if isinstance(value, Markup) else Markup(escape(value, quote=True))


def element(tag: str, *children: str, **attributes: str | bool | None) -> Markup:
    """Return one element.

    Attribute names lose a trailing underscore (``class_``) and turn inner ones into hyphens
    (``aria_label``); True writes the bare name, None and False leave the attribute out.
    """
    written = "".join(_attribute(name, value) for name, value in attributes.items())
    if tag in VOID:
        return Markup(f"<{tag}{written}>")
    return Markup(f"<{tag}{written}>{''.join(text(child) for child in children)}</{tag}>")


def _attribute(name: str, value: str | bool | None) -> str:
    if value is None or value is False:
        return ""
    label = name.rstrip("_").replace("_", "-")
    return f" {label}" if value is True else f' {label}="{escape(value, quote=True)}"'


def json_block(value: Any, id: str) -> Markup:  # noqa: A002
    """Return ``value`` as a JSON data block that no character in it can leave.

    ``<``, ``>`` and ``&`` are written as JSON escapes, so that ``</script>`` and ``<!--`` cannot occur.
    """
    return Markup(f'<script type="application/json" id="{escape(id)}">{safe_json(value)}</script>')


def safe_json(value: Any) -> str:
    """Return ``value`` as JSON without ``<``, ``>``, ``&`` and the two JavaScript line separators."""
    written = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for char in "<>&\u2028\u2029":
        written = written.replace(char, f"\\u{ord(char):04x}")
    return written
