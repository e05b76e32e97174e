"""D12: malformed and slow requests against nginx, by deploy/nginx.conf, with gunicorn behind it."""

from __future__ import annotations

import shutil
import socket
import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass, field

from privileges import privileges

from tests.drills.findings import Findings
from tests.drills.processes import CHECKOUT, Process, free_port, start, wait_until
from tests.drills.site import Site

HEALTH_SECONDS = 1.0
# Slow clients and the one who asks for health are different addresses, as they would be.
_SLOW_ADDRESS, _HEALTH_ADDRESS = "127.0.0.2", "127.0.0.3"
_HEAD = b"POST /api/v1/evidence HTTP/1.1\r\nHost: localhost\r\n"
_CLOSED = 0
# nginx strips an obsolete line fold's header or refuses it, by version; nothing of it may reach the application whole.
MALFORMED = {
    "CL and TE": _HEAD + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "two CL": _HEAD + b"Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcde",
    "+4 as CL": _HEAD + b"Content-Length: +4\r\n\r\nabcd",
    "bare LF in a chunk": _HEAD + b"Transfer-Encoding: chunked\r\n\r\nxyz\nabcd\n0\n\n",
    "NUL in a header": _HEAD + b"X-Name: a\x00b\r\nContent-Length: 0\r\n\r\n",
    "NUL in the path": b"GET /a\x00b HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "folded header": _HEAD + b"X-Name: a\r\n folded: b\r\nContent-Length: 0\r\n\r\n",
    "no host": b"GET /healthz HTTP/1.1\r\n\r\n",
    "blank in a header's name": _HEAD + b"X Name: a\r\nContent-Length: 0\r\n\r\n",
    "unknown encoding": _HEAD + b"Transfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n",
}
REFUSALS = frozenset({400, 408, 411, 413, 501, _CLOSED})
# Bad forms that a server may read: then it is the application that refuses, for want of a key.
_HARMLESS = frozenset({401, 404})
_MUST_BE_REFUSED = ("CL and TE", "two CL", "+4 as CL", "NUL in a header", "NUL in the path")


@dataclass(frozen=True, slots=True)
class Options:
    slow: int = 200
    seconds: float = 14.0


@dataclass(slots=True)
class Health:
    """What someone else sees meanwhile."""

    seconds: list[float] = field(default_factory=list)
    failure_count: int = 0

    def p99(self) -> float:
        return sorted(self.seconds)[min(len(self.seconds) - 1, int(len(self.seconds) * 0.99))]


def run(site: Site, options: Options) -> Findings:
    """Send the malformed set, then hold slow connections open; then the slow ones against gunicorn alone."""
    if shutil.which("nginx") is None:
        return Findings(impossible="nginx is not installed (Debian: apt-get install nginx)")
    findings = Findings()
    web = site.start_web()
    port = free_port()
    proxy = start_proxy(site, port=port)
    _send_malformed(port, findings=findings)
    for name, begin in (("slow headers", b"GET /healthz HTTP/1.1\r\nHost: loc"), ("slow bodies", _slow_body())):
        health, open_count = _hold(port, begin, options=options)
        findings.note(f"{options.slow} {name}: /healthz p99 {health.p99() * 1000:.0f} ms, {open_count} still open")
        findings.require(
            health.p99() < HEALTH_SECONDS and not health.failure_count,
            f"{name}: /healthz p99 {health.p99():.2f} s, {health.failure_count} failures",
        )
        findings.require(open_count == 0, f"{open_count} {name} were still open after {options.seconds:.0f} s")
    alone, open_count = _hold(site.port, _slow_body(), options=options)
    slowest = max(alone.seconds, default=0.0)
    told = f"/healthz up to {slowest:.1f} s, {alone.failure_count} failures, {open_count} held"
    findings.note(f"gunicorn alone, for comparison: {told}")
    proxy.stop()
    web.kill()
    return findings


def start_proxy(site: Site, *, port: int) -> Process:
    """Start nginx with the file of the compose file; only ports and paths are others."""
    rights = privileges()
    cache = rights.folder(site.home.path / "proxy", name=f"drill-{site.home.path.name}/proxy")
    cache.mkdir(parents=True, exist_ok=True)
    places = {
        "/var/cache/nginx": str(cache),
        "/tmp/nginx.pid": f"{cache}/pid",
        "listen 8080": f"listen 127.0.0.1:{port}",
        "web:8000": f"127.0.0.1:{site.port}",
    }
    text = (CHECKOUT / "deploy" / "nginx.conf").read_text(encoding="utf-8")
    for old, new in places.items():
        text = text.replace(old, new)
    configuration = cache / "nginx.conf"
    configuration.write_text(text)
    configuration.chmod(0o644)
    command = [*rights.prefix, str(shutil.which("nginx")), "-g", "daemon off;", "-c", str(configuration)]
    proxy = start("proxy", [_absolute(command[0]), *command[1:]], log=site.home.logs / "proxy.log", environment={})
    site.adopt(proxy)
    wait_until(lambda: _answers(port) or not proxy.is_alive, seconds=20, what="the proxy")
    return proxy


def _absolute(program: str) -> str:
    return shutil.which(program) or program


def _answers(port: int) -> bool:
    return _exchange(port, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n") == 200


def _send_malformed(port: int, *, findings: Findings) -> None:
    answers = {name: _exchange(port, data) for name, data in MALFORMED.items()}
    wrong = {name: status for name, status in answers.items() if status not in REFUSALS | _HARMLESS}
    refused = sum(status in REFUSALS for status in answers.values())
    passed = ", ".join(name for name, status in answers.items() if status in _HARMLESS)
    findings.note(f"{refused} of {len(answers)} malformed requests refused" + (f" (read: {passed})" if passed else ""))
    findings.require(not wrong, f"malformed requests answered {wrong}")
    read = [name for name in _MUST_BE_REFUSED if answers[name] not in REFUSALS]
    findings.require(not read, f"was read, and should be refused: {', '.join(read)}")


def _exchange(port: int, data: bytes) -> int:
    """Return the status of the answer; 0 when the connection was closed without one."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
            connection.sendall(data)
            line = connection.recv(4096).partition(b"\r\n")[0].split(b" ")
    except OSError:
        return _CLOSED
    return int(line[1]) if len(line) > 1 else _CLOSED


def _slow_body() -> bytes:
    return _HEAD + b"Content-Length: 1000\r\n\r\n{"


def _hold(port: int, begin: bytes, *, options: Options) -> tuple[Health, int]:
    """Open connections that send the beginning of a request and no more; ask for health; count those left open."""
    health, over = Health(), threading.Event()
    asking = threading.Thread(target=_ask_for_health, args=(port, health, over))
    with ExitStack() as stack:
        held = [stack.enter_context(_open(port)) for _ in range(options.slow)]
        for connection in held:
            _send(connection, begin)
        asking.start()
        time.sleep(options.seconds)
        over.set()
        asking.join()
        return health, sum(_is_open(connection) for connection in held)


def _open(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=20, source_address=(_SLOW_ADDRESS, 0))


def _send(connection: socket.socket, data: bytes) -> None:
    try:
        connection.sendall(data)
    except OSError:
        connection.close()  # refused already


def _is_open(connection: socket.socket) -> bool:
    """Read what came; the end of the stream, or an error, is a closed connection."""
    connection.setblocking(False)
    try:
        while connection.recv(65536):
            pass
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _ask_for_health(port: int, health: Health, over: threading.Event) -> None:
    request = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    while not over.is_set():
        began = time.monotonic()
        try:
            with socket.create_connection(
                ("127.0.0.1", port), timeout=10, source_address=(_HEALTH_ADDRESS, 0)
            ) as connection:
                connection.sendall(request)
                is_well = b" 200 " in connection.recv(4096)
        except OSError:
            is_well = False
        health.seconds.append(time.monotonic() - began)
        health.failure_count += not is_well
        over.wait(0.05)
