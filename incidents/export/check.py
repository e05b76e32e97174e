"""Check an unpacked evidence pack: python3 check.py. Needs nothing but Python 3 and changes nothing.

1. Every file has the SHA-256 that SHA256SUMS gives, and no file is missing or added.
2. Each row of audit/segment.jsonl has the hash that follows from its text, its number and the row before it.
3. Each answer has the digest that was stored with it, over its header and its rows.
4. Each document has the digest that evidence/index.json names.
"""

import hashlib
import json
import sys
import zlib
from pathlib import Path

HERE = Path(__file__).resolve().parent
ITSELF = "SHA256SUMS"


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        hasher = hashlib.sha256()
        while chunk := file.read(1 << 20):
            hasher.update(chunk)
        return hasher.hexdigest()


def check_sums() -> list[str]:
    """Step 1."""
    lines = (line.split("  ", 1) for line in (HERE / ITSELF).read_text().splitlines())
    listed = {name: digest for digest, name in lines}
    there = {path.relative_to(HERE).as_posix() for path in HERE.rglob("*") if path.is_file()} - {ITSELF}
    faults = [f"{name}: missing" for name in sorted(set(listed) - there)]
    faults += [f"{name}: not in {ITSELF}" for name in sorted(there - set(listed))]
    faults += [f"{name}: changed" for name in sorted(set(listed) & there) if sha256_of(HERE / name) != listed[name]]
    return faults


def check_audit() -> list[str]:
    """Step 2."""
    path, faults = HERE / "audit" / "segment.jsonl", []
    last: dict[str, object] = {}
    for line in path.read_text().splitlines() if path.is_file() else ():
        row = json.loads(line)
        number = row["sequence"]
        if (
            sha256(bytes.fromhex(row["previous_hash"]) + number.to_bytes(8, "big") + row["body"].encode())
            != row["hash"]
        ):
            faults.append(f"audit row {number}: the hash is not that of the row")
        if last and last["sequence"] == number - 1 and last["hash"] != row["previous_hash"]:
            faults.append(f"audit row {number}: it does not continue row {number - 1}")
        last = row
    return faults


def check_answers() -> list[str]:
    """Step 3."""
    faults = []
    for folder in sorted(HERE.glob("answers/*")):
        if not (folder / "header.json").is_file():
            continue
        asked = json.loads((folder / "asked.json").read_text())
        stored = sorted(folder.glob("rows-*.json.zlib"))
        parts = [(folder / "header.json").read_bytes(), *(path.read_bytes() for path in stored)]
        whole = sha256(b"".join(hashlib.sha256(part).digest() for part in parts))
        if f"sha256:{whole}" != asked["content_digest"]:
            faults.append(f"answer {asked['number']}: it is not what was stored")
        faults += [
            f"answer {asked['number']}: {path.stem} is not what {path.name} holds"
            for path in stored
            if zlib.decompress(path.read_bytes()) != path.with_suffix("").read_bytes()
        ]
    return faults


def check_evidence() -> list[str]:
    """Step 4."""
    documents = json.loads((HERE / "evidence" / "index.json").read_text())
    files = {(one["file"], one["digest"]) for one in documents if one["file"]}
    return [
        f"{digest}: the bytes are not those that were received"
        for name, digest in sorted(files)
        if f"sha256:{sha256_of(HERE / name)}" != digest
    ]


def main() -> int:
    faults = [fault for check in (check_sums, check_audit, check_answers, check_evidence) for fault in check()]
    sys.stdout.write("".join(f"{fault}\n" for fault in faults) or "All files are what they say.\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
