"""`manage.py check --deploy` finds nothing to say about a production."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

CHECKOUT = Path(__file__).resolve().parents[2]
PRODUCTION = {
    "SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyz-0123456789abcdefghijklmnop",
    "KEY_HMAC_SECRET": "another",
    "DATABASE_URL": "postgresql://supplychain_web@database/supplychain",
    "ALLOWED_HOSTS": "supplychain.example",
    "PUBLIC_URL": "https://supplychain.example",
    "TRUST_PROXY": "true",
}


def check(**changes: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], **PRODUCTION, **changes}
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    return subprocess.run(command, cwd=CHECKOUT, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("process", ["web", "worker", "command"])
def test_a_production_passes_every_check_of_a_deployment(process):
    done = check(SUPPLYCHAIN_PROCESS=process)

    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


def test_a_production_without_tls_is_told_so():
    done = check(HTTPS="false")

    assert done.returncode == 1
    assert {"security.W004", "security.W012", "security.W016"} <= set(
        done.stderr.replace("(", " ").replace(")", " ").split()
    )


def test_only_promises_about_a_whole_domain_are_left_to_its_owner():
    assert settings.SILENCED_SYSTEM_CHECKS == ["security.W005", "security.W021"]
