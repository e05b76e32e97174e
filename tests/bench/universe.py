"""All packages there are, and when each had which version: what services choose from.

103,500 packages: 3,500 of an operating system, the rest of eight ecosystems, each with a release rhythm of its own. A
component is a number, `package << VERSION_BITS | version`, so that an estate of a million of them costs no objects.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from itertools import accumulate
from math import log

VERSION_BITS = 10
DAYS = 400.0
"""How long the history is. Time is counted in days from its begin; before it there were versions too."""
_BEFORE = 2 * DAYS
_ZIPF = 0.95
_SYSTEM_COUNT = 3_500
_LINEAGES, _SLIM = 40, 3
_QUICKEST_DAYS = 3.0
_CORE = (
    "libc6", "openssl", "libssl3", "ca-certificates", "zlib1g", "tzdata", "bash", "coreutils", "dpkg", "apt",
    "libgcc-s1", "libstdc++6", "perl-base", "libcrypt1", "libpam0g", "libselinux1", "libsystemd0", "ncurses-base",
    "libtinfo6", "gzip", "tar", "sed", "grep", "findutils", "mount", "util-linux", "login", "passwd", "adduser",
    "debconf", "base-files", "base-passwd", "libacl1", "libattr1", "libaudit1", "libblkid1", "libbz2-1.0", "libcap2",
    "libdb5.3", "libgcrypt20", "libgnutls30", "libgmp10", "liblz4-1", "liblzma5", "libmount1", "libpcre2-8-0",
    "libudev1", "libuuid1", "libxxhash0", "libzstd1", "curl", "libcurl4", "libexpat1", "libsqlite3-0", "libxml2",
    "libkrb5-3", "libldap-2.5-0", "git", "openssh-client",
)  # fmt: skip
_SOURCES = {
    "libc6": "glibc", "libssl3": "openssl", "zlib1g": "zlib", "libgcc-s1": "gcc-12", "libstdc++6": "gcc-12",
    "perl-base": "perl", "libpam0g": "pam", "libselinux1": "libselinux", "libsystemd0": "systemd",
    "libudev1": "systemd", "ncurses-base": "ncurses", "libtinfo6": "ncurses", "mount": "util-linux",
    "libblkid1": "util-linux", "libmount1": "util-linux", "libuuid1": "util-linux", "libgnutls30": "gnutls28",
    "libcurl4": "curl", "libexpat1": "expat", "libsqlite3-0": "sqlite3", "libkrb5-3": "krb5",
    "libldap-2.5-0": "openldap", "openssh-client": "openssh", "liblzma5": "xz-utils", "libzstd1": "libzstd",
}  # fmt: skip
_WORDS = (
    "amber", "atlas", "birch", "brisk", "canvas", "cedar", "cinder", "cobalt", "comet", "coral", "cosmic", "delta",
    "drift", "ember", "falcon", "fern", "fjord", "flint", "forge", "frost", "garnet", "glade", "granite", "harbor",
    "hazel", "indigo", "ivory", "jade", "juniper", "kelp", "lantern", "ledger", "lilac", "linen", "lotus", "lunar",
    "maple", "marble", "meadow", "mesa", "mint", "nectar", "nimbus", "nova", "oak", "ocean", "onyx", "opal", "orbit",
    "orchid", "otter", "pearl", "pebble", "pine", "plume", "prism", "quartz", "quill", "raven", "reef", "ridge",
    "river", "saffron", "sage", "slate", "solar", "spruce", "sterling", "summit", "thistle", "timber", "topaz",
    "tundra", "umber", "velvet", "willow", "zephyr",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ecosystem:
    """A purl type with its share of the packages and of the services. `pattern` writes a package's path."""

    type: str
    count: int
    share: float
    pattern: str
    version: str = "{0}.{1}.{2}"


ECOSYSTEMS = (
    Ecosystem("npm", 36_000, 0.30, "{a}-{b}-{n}"),
    Ecosystem("maven", 18_000, 0.20, "org.{a}.{b}/{b}-{n}"),
    Ecosystem("pypi", 16_000, 0.16, "{a}-{b}-{n}"),
    Ecosystem("golang", 11_000, 0.14, "github.com/{a}-labs/{b}-{n}", "v{0}.{1}.{2}"),
    Ecosystem("nuget", 7_000, 0.08, "{A}.{B}.{n}"),
    Ecosystem("gem", 5_000, 0.05, "{a}_{b}_{n}"),
    Ecosystem("cargo", 4_000, 0.04, "{a}-{b}-{n}"),
    Ecosystem("composer", 3_000, 0.03, "{a}/{b}-{n}"),
)
PACKAGE_COUNT = _SYSTEM_COUNT + sum(each.count for each in ECOSYSTEMS)


class Universe:
    """The packages, the same for one seed. Packages are numbers: the system's first, then those of each ecosystem."""

    def __init__(self, *, seed: int = 1) -> None:
        pick = random.Random(f"{seed}/universe")
        rhythm, system_rhythm = log(24), log(330)
        self._every = [pick.lognormvariate(system_rhythm, 0.7) for _ in range(_SYSTEM_COUNT)]
        self._every[: len(_CORE)] = [max(45.0, days / 2) for days in self._every[: len(_CORE)]]
        self._every += [pick.lognormvariate(rhythm, 1.0) for _ in range(PACKAGE_COUNT - _SYSTEM_COUNT)]
        self._every = [max(_QUICKEST_DAYS, days) for days in self._every]
        self._phase = [_BEFORE + pick.random() * days for days in self._every]
        self._starts = list(accumulate((each.count for each in ECOSYSTEMS), initial=_SYSTEM_COUNT))
        most = max(each.count for each in ECOSYSTEMS)
        self._weights = list(accumulate(1 / (rank + 1) ** _ZIPF for rank in range(most)))
        self.lineages = [self._lineage(number, pick) for number in range(_LINEAGES)]

    def latest(self, package: int, at: float) -> int:
        """Return the component that is newest of a package at a time."""
        return package << VERSION_BITS | int((at + self._phase[package]) / self._every[package])

    def base(self, lineage: int, *, week: int) -> list[int]:
        """Return the system packages of a lineage's base image as it was built in a week."""
        return [self.latest(package, week * 7) for package in self.lineages[lineage]]

    def choose(self, ecosystem: int, count: int, *, pick: random.Random) -> list[int]:
        """Return packages of an ecosystem by popularity; the same one may come twice."""
        size, start = ECOSYSTEMS[ecosystem].count, self._starts[ecosystem]
        return [start + rank for rank in pick.choices(range(size), cum_weights=self._weights[:size], k=count)]

    def purl(self, component: int) -> str:
        """Return the purl as a generator writes it into a document."""
        package, version = component >> VERSION_BITS, component & (1 << VERSION_BITS) - 1
        if package < _SYSTEM_COUNT:
            return _system_purl(package, version)
        place = next(i for i in range(len(ECOSYSTEMS)) if package < self._starts[i + 1])
        each, number = ECOSYSTEMS[place], package - self._starts[place]
        path = _path(each, number)
        return f"pkg:{each.type}/{path}@{each.version.format(version // 20, version // 4 % 5, version % 4)}"

    def _lineage(self, number: int, pick: random.Random) -> list[int]:
        """Return the system packages of one base image; the slim ones have no openssl."""
        size = pick.randint(15, 20) if number < _SLIM else pick.randint(30, 450)
        core = list(range(min(size, len(_CORE))))
        if number < _SLIM:
            core.remove(_CORE.index("openssl"))
        rest = pick.sample(range(len(_CORE), _SYSTEM_COUNT // 2), max(0, size - len(core)))
        return core + sorted(rest)


def _system_purl(package: int, version: int) -> str:
    name, source = _system_name(package)
    upstream = f"&upstream={source}" if source else ""
    return f"pkg:deb/debian/{name}@2.{package % 40}-1%2Bdeb12u{version}?arch=amd64&distro=debian-12{upstream}"


def _system_name(package: int) -> tuple[str, str]:
    """Return a system package's name, and its source package's where that differs."""
    if package < len(_CORE):
        name = _CORE[package]
        return name.replace("+", "%2B"), _SOURCES.get(name, "")
    word = f"{_WORDS[package % len(_WORDS)]}{package}"
    return (f"lib{word}", word) if package % 3 == 0 else (word, "")


def _path(each: Ecosystem, number: int) -> str:
    first, second = _WORDS[number % len(_WORDS)], _WORDS[number * 7 // len(_WORDS) % len(_WORDS)]
    if each.type == "npm" and number % 4 == 0:
        return f"%40{first}/{second}-{number}"
    return each.pattern.format(a=first, b=second, A=first.title(), B=second.title(), n=number)
