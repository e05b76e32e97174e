"""From an HTTP request to a document: the raw body as it streams in, or the one file of a multipart form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.http import UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.utils import timezone

from inventory.intake.body import CHUNK_BYTES, BodyLimits, BodyRefusedError
from inventory.intake.receive import Received, Submission, receive
from inventory.models import EvidenceKind
from supplychain.access.actors import actor_of
from supplychain.api.throttling import UploadThrottle
from supplychain.errors import DomainError
from supplychain.ops import log_context

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.http import HttpRequest
    from rest_framework.request import Request

    from inventory.intake.receive import Parameters

MULTIPART = "multipart/form-data"
PART = "file"
_FORM_BYTES = 1 << 16
"""What a form may have around its file; deploy/gunicorn.conf.py knows the same."""
__all__ = ["UploadThrottle", "receive_upload"]


class NoTeamError(DomainError):
    """Somebody who may write for several teams, or for none, sent evidence."""

    def __init__(self) -> None:
        super().__init__("team_required", "Evidence belongs to one team: send it with a key of that team.", status=403)


def receive_upload(request: Request, *, parameters: Parameters) -> Received:
    """Store the document a request carries; raises DomainError for what the transport rules refuse."""
    actor = actor_of(request)
    if actor.team_id is None:
        raise NoTeamError
    http = request._request  # noqa: SLF001  # REST framework would parse the body before it is counted
    media_type = (http.content_type or "").lower()
    limits = _limits(parameters)
    _refuse_by_headers(http, media_type=media_type, limits=limits)
    submission = Submission(
        chunks=_multipart_chunks(http, limits=limits) if media_type == MULTIPART else _body_chunks(http),
        content_encoding=(http.headers.get("Content-Encoding") or "").strip().lower(),
        media_type=media_type,
        parameters=parameters,
    )
    received = receive(submission, actor=actor, team_id=actor.team_id, at=timezone.now(), limits=limits)
    log_context.add(evidence_id=str(received.evidence.public_id), is_repeat=not received.is_new)
    return received


def _limits(parameters: Parameters) -> BodyLimits:
    """Return what a body may have: all advisories of the world in one zip are larger than any other document."""
    is_feed = parameters.kind == EvidenceKind.ADVISORY
    raw_bytes = settings.MAX_FEED_BYTES if is_feed else settings.MAX_UPLOAD_BYTES
    return BodyLimits(raw_bytes=raw_bytes, inflated_bytes=max(raw_bytes, settings.MAX_INFLATED_BYTES))


def _refuse_by_headers(http: HttpRequest, *, media_type: str, limits: BodyLimits) -> None:
    """Refuse before a byte is read: a client that waits for `100 Continue` has sent none then."""
    if media_type == "text/html":
        raise BodyRefusedError(
            "unsupported_media_type", "An HTML page is no document: send the document itself.", status=415
        )
    if _content_length(http) > limits.raw_bytes + (_FORM_BYTES if media_type == MULTIPART else 0):
        raise BodyRefusedError("too_large", f"The body is larger than {limits.raw_bytes} bytes.", status=413)


def _content_length(http: HttpRequest) -> int:
    text = http.META.get("CONTENT_LENGTH") or "0"
    return int(text) if text.isascii() and text.isdigit() else 0


def _body_chunks(http: HttpRequest) -> Iterator[bytes]:
    """Yield the raw body. Without a Content-Length it is chunked, and the server marks where it ends."""
    is_chunked = not http.META.get("CONTENT_LENGTH") and http.META.get("wsgi.input_terminated")
    stream: Any = http.META["wsgi.input"] if is_chunked else http
    total = 0
    try:
        while chunk := stream.read(CHUNK_BYTES):
            total += len(chunk)
            yield chunk
    except (UnreadablePostError, OSError) as error:
        raise _incomplete() from error
    if not is_chunked and total < _content_length(http):
        raise _incomplete()


def _incomplete() -> BodyRefusedError:
    return BodyRefusedError("incomplete_body", "The body ended before it was complete; nothing was stored.", status=400)


class _CappedUpload(TemporaryFileUploadHandler):
    """Spools the file to disk and stops at the limit, while it streams in."""

    def __init__(self, request: HttpRequest, *, most: int) -> None:
        super().__init__(request)
        self._total, self._most = 0, most

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self._total += len(raw_data)
        if self._total > self._most:
            raise BodyRefusedError("too_large", f"The file is larger than {self._most} bytes.", status=413)
        super().receive_data_chunk(raw_data, start)


def _multipart_chunks(http: HttpRequest, *, limits: BodyLimits) -> Iterator[bytes]:
    http.upload_handlers = [_CappedUpload(http, most=limits.raw_bytes)]
    try:
        fields, files = http.POST, http.FILES
    except MultiPartParserError as error:
        raise BodyRefusedError("bad_multipart", "The multipart body cannot be read.", status=400) from error
    except UnreadablePostError as error:
        raise _incomplete() from error
    sent = [file for name in files for file in files.getlist(name)]
    if len(sent) != 1 or PART not in files or set(fields) - {"csrfmiddlewaretoken"}:
        raise BodyRefusedError(
            "one_document_only",
            f"Send one document as the part `{PART}` and nothing else; what is said about it goes into the query.",
            status=400,
        )
    yield from sent[0].chunks(CHUNK_BYTES)
