"""The far side of object storage: moto's S3 server on a free port, and a way to make it slow or broken."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import boto3
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

BUCKET = "evidence-of-tests"


@dataclass(slots=True)
class ObjectStorage:
    """A running S3 service: what tests may do to it, past the product."""

    url: str
    seconds: float = 0.0
    is_down: bool = False
    request_count: int = 0
    fails_after: int | None = None
    """The number of requests after which it is down."""
    clear_count: int = 0
    cleared: threading.Condition = field(default_factory=threading.Condition)

    @property
    def client(self) -> Any:
        return boto3.client(
            "s3",
            endpoint_url=self.url,
            region_name="us-east-1",
            aws_access_key_id="tests",
            aws_secret_access_key="tests",
        )

    def keys(self) -> list[str]:
        return [entry["Key"] for entry in self.client.list_objects_v2(Bucket=BUCKET).get("Contents", ())]

    def overwrite(self, key: str, data: bytes) -> None:
        self.client.put_object(Bucket=BUCKET, Key=key, Body=data)

    def delete(self, key: str) -> None:
        self.client.delete_object(Bucket=BUCKET, Key=key)

    def sleep(self) -> bool:
        """Let a request be slow; say whether its test has ended meanwhile, which ends the sleep too."""
        with self.cleared:
            count = self.clear_count
            return self.cleared.wait_for(lambda: self.clear_count != count, timeout=self.seconds)

    def clear(self) -> None:
        with self.cleared:
            self.seconds, self.is_down, self.fails_after = 0.0, False, None
            self.clear_count += 1
            self.cleared.notify_all()
        for key in self.keys():
            self.delete(key)


@contextmanager
def object_storage() -> Iterator[ObjectStorage]:
    """Run the service on a free port of this machine for as long as the block lasts."""
    service = DomainDispatcherApplication(create_backend_app)
    storage = ObjectStorage(url="")

    def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        storage.request_count += 1
        # A request that was asleep when its test ended must not write into the next test's bucket.
        if (
            storage.sleep()
            or storage.is_down
            or (storage.fails_after is not None and storage.request_count > storage.fails_after)
        ):
            start_response("503 Slow Down", [("Content-Type", "application/xml")])
            return [b"<Error><Code>SlowDown</Code><Message>later</Message></Error>"]
        answered: Iterable[bytes] = service(environ, start_response)
        return answered

    server = make_server("127.0.0.1", 0, answer, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    storage.url = f"http://127.0.0.1:{server.server_port}"
    storage.client.create_bucket(Bucket=BUCKET)
    try:
        yield storage
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
