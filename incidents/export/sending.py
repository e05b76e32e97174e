"""The answer that carries a pack: the same from the API and from the page."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from django.http import StreamingHttpResponse

if TYPE_CHECKING:
    from incidents.export.pack import Pack


def send_pack(pack: Pack) -> StreamingHttpResponse:
    """Answer with a pack: its length and digest go ahead, so that a download that broke off is seen."""
    digest = base64.b64encode(bytes.fromhex(pack.digest.removeprefix("sha256:"))).decode()
    return StreamingHttpResponse(
        pack.stream(),
        content_type="application/zip",
        headers={
            "Content-Length": str(pack.size_bytes),
            "Content-Disposition": f'attachment; filename="{pack.name}"',
            "Repr-Digest": f"sha-256=:{digest}:",
            "X-Content-Type-Options": "nosniff",
        },
    )
