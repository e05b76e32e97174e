"""The stack of docker-compose.yml, started once for its tests."""

from __future__ import annotations

import shutil
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.deploy import image
from tests.deploy.stack import Stack, missing

if TYPE_CHECKING:
    from collections.abc import Iterator

sys.path.append(str(Path(__file__).resolve().parents[2] / "supplychain" / "local"))


@pytest.fixture(scope="package")
def stack() -> Iterator[Stack]:
    """Start everything in the order that `depends_on` gives."""
    if lacking := missing():
        pytest.skip(f"the stack needs {lacking} (.ci/run installs them)")
    from privileges import privileges

    rights = privileges()
    folder = Path(tempfile.mkdtemp(prefix="supplychain-stack-"))
    folder.chmod(0o755)
    stack = Stack(folder, rights)
    try:
        with ThreadPoolExecutor(1) as pool:
            built = pool.submit(image.build, stack.app)
            stack.make_secrets()
            stack.start("postgres")
            stack.start("valkey")
            built.result()
        stack.run("migrate")
        for name in ("web", "worker", "beat", "proxy"):
            stack.start(name)
        stack.keep_running()
        stack.wait_until_healthy("web", "worker", "beat", "proxy")
        yield stack
    finally:
        stack.stop_all()
        shutil.rmtree(stack.database_folder, ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)
