"""Where things are: the checkout, the state folder, and a folder for sockets whose path is short enough."""

import hashlib
import os
import stat
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from terminal import stop_with

CHECKOUT = Path(__file__).resolve().parent.parent.parent
VENV = CHECKOUT / ".venv"
PYTHON = VENV / "bin" / "python"

# A unix socket's path may have 107 bytes (macOS: 103); the longest name in the folder is `.s.PGSQL.5432.lock`.
_MAX_SOCKET_FOLDER = 80


@dataclass(frozen=True)
class Home:
    """The state folder of one instance. Two instances side by side have two of them."""

    path: Path

    @property
    def logs(self) -> Path:
        return self._folder("logs")

    @property
    def postgres(self) -> Path:
        return self._folder("postgres")

    @property
    def valkey(self) -> Path:
        return self._folder("valkey")

    @property
    def sockets(self) -> Path:
        """The folder of the sockets; only its owner may enter it, for the servers behind them trust whoever does."""
        folder = self.path / "sockets"
        if len(os.fsencode(folder)) > _MAX_SOCKET_FOLDER:
            name = hashlib.sha256(os.fsencode(self.path)).hexdigest()[:16]
            folder = Path(tempfile.gettempdir()) / f"supplychain-{os.getuid()}-{name}"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        facts = folder.lstat()
        if not stat.S_ISDIR(facts.st_mode) or facts.st_uid != os.getuid():
            stop_with(f"{folder} belongs to someone else; remove it or set SUPPLYCHAIN_HOME to a shorter path.")
        folder.chmod(0o700)
        return folder

    def file(self, name: str) -> Path:
        """Return the path of a file directly in the state folder, which is made when it is not there."""
        return self._folder("") / name

    def _folder(self, name: str) -> Path:
        folder = self.path / name
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder


def home() -> Home:
    """Return the state folder: SUPPLYCHAIN_HOME, or `var` in the checkout."""
    return Home(Path(os.environ.get("SUPPLYCHAIN_HOME") or CHECKOUT / "var").expanduser().resolve())


def package_folder(package: str) -> Path | None:
    """Return where the environment keeps a package, without importing it (its code is none of our business)."""
    for parent in {Path(entry) for entry in sys.path if entry.endswith("site-packages")}:
        if (parent / package).is_dir():
            return parent / package
    return None
