"""PostgreSQL refuses to run as root. For root this finds a way that changes nothing on the machine.

First choice: a user namespace in which root is shown as `nobody`; files stay root's. Where the kernel or a container
forbids it: drop to the user `postgres` or `nobody`, with data in a folder that this user owns.
"""

import functools
import hashlib
import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from terminal import stop_with

# initdb wants a name for the user id it sees, so it must be one that every passwd file has.
_NOBODY = 65534
_USER_NAMESPACE = ("unshare", "--user", f"--map-user={_NOBODY}", f"--map-group={_NOBODY}")
_DROPPED_PARENT = Path("/var/lib/supplychain-embedded")


@dataclass(frozen=True)
class Privileges:
    """How PostgreSQL's programs are run: a prefix of the command, or another user."""

    prefix: tuple[str, ...] = ()
    user: pwd.struct_passwd | None = None

    @property
    def uid(self) -> int | None:
        return None if self.user is None else self.user.pw_uid

    @property
    def gid(self) -> int | None:
        return None if self.user is None else self.user.pw_gid

    @property
    def groups(self) -> list[int] | None:
        """No further groups for another user; None leaves ours as they are."""
        return None if self.user is None else []

    def run(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        """Run a program to its end, in the root folder (ours may be closed to the other user)."""
        return subprocess.run(
            [*self.prefix, *command],
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
            user=self.uid,
            group=self.gid,
            extra_groups=self.groups,
        )

    def folder(self, wanted: Path, *, name: str) -> Path:
        """Return where data is kept: the wanted folder, or for another user one that it owns."""
        if self.user is None:
            return wanted
        folder = _DROPPED_PARENT / name
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
        os.chown(folder, self.user.pw_uid, self.user.pw_gid)
        return folder

    def programs(self, folder: Path) -> Path:
        """Return the programs' folder, or a copy of it when the other user cannot enter it."""
        if self.user is None or self._can_run(folder / "initdb"):
            return folder
        package = folder.parent.parent
        facts = (folder / "postgres").stat()
        name = hashlib.sha256(f"{folder} {facts.st_size} {facts.st_mtime_ns}".encode()).hexdigest()[:16]
        copy = _DROPPED_PARENT / "programs" / name / package.name / folder.parent.name
        if not self._can_run(copy / "bin" / "initdb"):
            shutil.copytree(folder.parent, copy, dirs_exist_ok=True)
            # The wheel keeps the libraries that the programs load beside the package.
            libraries = package.with_name(f"{package.name}.libs")
            if libraries.is_dir():
                shutil.copytree(libraries, copy.parent.with_name(libraries.name), dirs_exist_ok=True)
        return copy / "bin"

    def _can_run(self, program: Path) -> bool:
        try:
            return self.run([str(program), "--version"]).returncode == 0
        except OSError:
            return False


@functools.cache
def privileges() -> Privileges:
    """Find out how PostgreSQL can be run here. SUPPLYCHAIN_PG_ROOT_MODE=drop skips the user namespace."""
    if os.geteuid() != 0:
        return Privileges()
    if os.environ.get("SUPPLYCHAIN_PG_ROOT_MODE") != "drop" and _has_user_namespaces():
        return Privileges(prefix=_USER_NAMESPACE)
    for name in ("postgres", "nobody"):
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            continue
        return Privileges(user=user)
    stop_with("PostgreSQL does not run as root here; start as an ordinary user, or set DATABASE_URL.")


def _has_user_namespaces() -> bool:
    if shutil.which("unshare") is None:
        return False
    return subprocess.run([*_USER_NAMESPACE, "true"], capture_output=True, check=False).returncode == 0
