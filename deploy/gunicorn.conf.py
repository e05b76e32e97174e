"""How the web server runs, on one machine and in the image."""

import gc
import os
import sys

worker_class = "gthread"
workers = int(os.environ.get("WEB_WORKERS", "2"))
threads = int(os.environ.get("WEB_THREADS", "8"))
# Import once, then fork: sooner ready, and less memory. Nothing opens a connection while it is imported.
preload_app = True
# A purl in a path may be long, and so may be its percent-encoding.
limit_request_line = 8190
timeout = 60
graceful_timeout = 20
keepalive = 5
# It would be made in the home folder, and nobody uses it.
control_socket_disable = True
accesslog = None  # the request's id is in the application's log; a proxy in front writes access logs
errorlog = "-"
logger_class = "gunicorn.glogging.Logger"


def pre_request(_worker: object, req: object) -> None:
    """Do not answer `100 Continue` to a body that is refused by its length: its sender waits for leave to send it."""
    from django.conf import settings  # noqa: PLC0415  # the application is loaded by now, and not before

    length = next((value for name, value in req.headers if name == "CONTENT-LENGTH"), "")  # type: ignore[attr-defined]
    is_feed = "kind=advisory" in (req.query or "").split("&")  # type: ignore[attr-defined]
    most = settings.MAX_FEED_BYTES if is_feed else settings.MAX_UPLOAD_BYTES
    if length.isdigit() and int(length) > most + (1 << 16):
        # gunicorn has no setting for it; tests/flows/test_s3_transport.py tells when the name changes
        req._expected_100_continue = False  # type: ignore[attr-defined]  # noqa: SLF001


def post_worker_init(_worker: object) -> None:
    """Let each web process say that it lives (docs/operations.md, The operations page), and ask its first questions."""
    from incidents.impact import warming  # noqa: PLC0415  # the application is loaded by now, and not before
    from inventory.policy import warming as gates  # noqa: PLC0415
    from supplychain.ops import reporter  # noqa: PLC0415

    reporter.start("web")
    # What is loaded by now stays: no search for garbage need look at it. An answer to thousands of indicators makes
    # hundreds of thousands of objects, none of them in a circle; searched every 700, that was two fifths of its time.
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 10, 10)
    # A thread that comes back from the database waits so long for one that computes, and a decision comes back six
    # times: beside a long question in the same process it took 60 ms where it takes 36 now.
    sys.setswitchinterval(0.001)
    gates.start()
    warming.start()


def worker_exit(_server: object, _worker: object) -> None:
    from supplychain.ops import reporter  # noqa: PLC0415  # as above

    reporter.stop()
