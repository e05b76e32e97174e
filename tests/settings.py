"""Settings of the tests: the product's own, with fixed secrets and a cheap password hash."""

import os

os.environ.setdefault("SUPPLYCHAIN_LOCAL", "1")
os.environ.setdefault("SECRET_KEY", "tests-only-" + "0" * 50)
os.environ.setdefault("KEY_HMAC_SECRET", "tests-only-" + "1" * 50)
os.environ.setdefault("LOG_FORMAT", "text")
# Pure tests and mypy need settings and no server; `./run test` sets the address of one. Nothing listens here.
os.environ.setdefault("DATABASE_URL", "postgresql://supplychain@/supplychain?host=/nonexistent")

# Tests that run side by side (`./run test`) have a state folder and a database of the broker each; pytest-django gives
# each its own database.
if _worker := os.environ.get("PYTEST_XDIST_WORKER"):
    os.environ["SUPPLYCHAIN_HOME"] = os.path.join(os.environ.get("SUPPLYCHAIN_HOME", "var"), _worker)  # noqa: PTH118
    os.environ["REDIS_URL"] = os.environ.get("REDIS_URL", "").replace(
        "virtual_host=0", f"virtual_host={8 + int(_worker.removeprefix('gw')) % 8}"
    )
    os.environ.pop("PYTEST_XDIST_WORKER")

from supplychain.settings import *  # noqa: F403  (the environment comes first)

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
for _database in DATABASES.values():  # noqa: F405
    _database["ENGINE"] = "tests.postgresql"
