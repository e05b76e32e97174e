"""Make the demo estate's SBOMs and image documents again, with real generators, from services.json.

Run as root on Debian 12 with the generators of ORIGIN.md on the PATH (syft, cyclonedx-npm, cyclonedx-py, trivy, uv,
npm, debootstrap): `python3 make.py [--work /src] [SERVICE …]`. It reads public packages over the network, takes about
15 minutes, and writes sboms/, oci/ and images.json beside itself. Nothing of the product imports it.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
SITE_PACKAGES = "usr/local/lib/python3.11/site-packages"
MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
INDEX_TYPE = "application/vnd.oci.image.index.v1+json"
LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar+gzip"
CONFIG_TYPE = "application/vnd.oci.image.config.v1+json"
REGISTRY_SITE = re.compile(r"https?://[^/]*\b(npmjs|pypi|pythonhosted|yarnpkg)\.")
"""Addresses of package registries: this repository names none of their hosts, so such references are left out."""

Json = dict[str, Any]


@dataclass(slots=True)
class Layer:
    """Files of one image layer, by path inside the image; written in sorted order without times or owners."""

    files: dict[str, bytes] = field(default_factory=dict)

    def add_tree(self, folder: Path, *, pattern: str, into: str) -> None:
        for path in sorted(folder.glob(pattern)):
            if path.is_file():
                self.files[f"{into}/{path.relative_to(folder)}"] = path.read_bytes()

    def tar(self) -> bytes:
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
            for name, content in sorted(self.files.items()):
                entry = tarfile.TarInfo(name)
                entry.size, entry.mode = len(content), 0o644
                archive.addfile(entry, io.BytesIO(content))
        return buffer.getvalue()


@dataclass(frozen=True, slots=True)
class Image:
    """One OCI image layout on disk and the documents whose bytes give its digests."""

    layout: Path
    manifest: bytes
    config: bytes
    index: bytes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=Path("/src"), help="a folder whose name tells nothing")
    parser.add_argument("services", nargs="*", help="only these; images.json keeps the others")
    options = parser.parse_args()
    estate = json.loads((HERE / "services.json").read_text())
    for folder in ("sboms", "oci"):
        (HERE / folder).mkdir(exist_ok=True)
    images_file = HERE / "images.json"
    images: Json = json.loads(images_file.read_text()) if images_file.exists() else {}
    for service in estate["services"]:
        if options.services and service["name"] not in options.services:
            continue
        images[service["name"]] = {
            version["version"]: make_version(estate, service, version, work=options.work)
            for version in service["versions"]
        }
        images_file.write_text(json.dumps(images, indent=1, sort_keys=True) + "\n")


def make_version(estate: Json, service: Json, version: Json, *, work: Path) -> Json:
    """Build one version of one service, describe it by its generators, and return its entry of images.json."""
    sys.stdout.write(f"{service['name']} {version['version']}\n")
    sys.stdout.flush()
    project = work / service["name"]
    shutil.rmtree(project, ignore_errors=True)
    project.mkdir(parents=True)
    base = base_layer(prepare_base(estate["bases"], version["base"], work=work))
    scanned = not service["generator"].startswith("cyclonedx-")
    app = APPLICATIONS[service["kind"]](service, version, project, work, scanned)
    name = f"{estate['registry']}/{service['team']}/{service['name']}"
    image = write_image([base, app], work / name, name=name, version=version["version"])
    entry: Json = {
        "image": f"{name}:{version['version']}",
        "manifest": digest_of(image.manifest),
        "config": digest_of(image.config),
        "sboms": [],
    }
    stem = f"{service['name']}-{version['version']}"
    if service.get("indexed") or service.get("documents"):
        entry["documents"] = [write_oci(f"{stem}.manifest.json", image.manifest)]
    if service.get("indexed"):
        entry["index"] = digest_of(image.index)
        entry["documents"].append(write_oci(f"{stem}.index.json", image.index))
    for generator in filter(None, (service["generator"], service.get("second_generator"))):
        document = run_generator(generator, project, image, name=name)
        entry["sboms"].append(write_sbom(stem, generator, document))
    shutil.rmtree(project)
    shutil.rmtree(image.layout)
    return entry


# Base images: what debootstrap and apt make of a Debian suite.


def prepare_base(bases: Json, name: str, *, work: Path) -> Path:
    """Return the root tree of a base, made on first use."""
    root = work / ".bases" / name
    if root.exists():
        return root
    base = bases[name]
    run(["debootstrap", "--variant=minbase", base["suite"], str(root)])
    policy = root / "usr/sbin/policy-rc.d"
    policy.write_text("#!/bin/sh\nexit 101\n")
    policy.chmod(0o755)
    shutil.copy("/etc/resolv.conf", root / "etc/resolv.conf")
    if base.get("security"):
        sources = root / "etc/apt/sources.list"
        mirror = sources.read_text().split()[1]
        sources.write_text(f"{sources.read_text()}deb {mirror}-security {base['suite']}-security main\n")
    install = f"apt-get -y -qq install --no-install-recommends {' '.join(base['packages'])}"
    script = f"mkdir -p /usr/share/man/man1; apt-get update -qq; apt-get -y -qq upgrade; {install}"
    run(["chroot", str(root), "sh", "-ec", script], env={"DEBIAN_FRONTEND": "noninteractive"})
    return root


def base_layer(root: Path) -> Layer:
    """Keep what a scanner reads of a Debian system: its release, dpkg's own status and the copyright files."""
    layer = Layer()
    layer.files["etc/os-release"] = (root / "usr/lib/os-release").read_bytes()
    layer.files["etc/debian_version"] = (root / "etc/debian_version").read_bytes()
    layer.files["var/lib/dpkg/status"] = (root / "var/lib/dpkg/status").read_bytes()
    layer.add_tree(root / "usr/share/doc", pattern="*/copyright", into="usr/share/doc")
    return layer


# Applications: what the language's own package manager makes of the direct dependencies.


def npm_application(service: Json, version: Json, project: Path, _work: Path, scanned: bool) -> Layer:
    package: Json = {"name": f"@nordwind/{service['name']}", "version": version["version"], "private": True}
    package["license"] = "UNLICENSED"
    package["dependencies"] = version["dependencies"]
    for key, ours in (("devDependencies", "dev_dependencies"), ("overrides", "overrides")):
        if ours in version:
            package[key] = version[ours]
    (project / "package.json").write_text(json.dumps(package, indent=2))
    quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--omit-lockfile-registry-resolved", "--legacy-peer-deps"]
    run(["npm", "install", "--package-lock-only", *quiet], cwd=project)
    layer = Layer()
    layer.add_tree(project, pattern="package*.json", into="app")
    if scanned:
        run(["npm", "install", "--omit=dev", *quiet], cwd=project)
        layer.add_tree(project, pattern="node_modules/**/package.json", into="app")
    return layer


def pypi_application(_service: Json, version: Json, project: Path, work: Path, _scanned: bool) -> Layer:
    """Install what was newest on `as_of` (uv's --exclude-newer), and keep the installed metadata."""
    environment = {"UV_CACHE_DIR": str(work / ".uv")}
    run(["uv", "venv", "-q", "--python", "3.11", str(project / ".venv")], env=environment)
    install = ["uv", "pip", "install", "-q", "--python", str(project / ".venv/bin/python")]
    run([*install, "--exclude-newer", version["as_of"], *version["requirements"]], env=environment)
    layer = Layer()
    site = project / ".venv/lib/python3.11/site-packages"
    for name in ("METADATA", "WHEEL", "top_level.txt"):
        layer.add_tree(site, pattern=f"*.dist-info/{name}", into=SITE_PACKAGES)
    return layer


def jar_application(_service: Json, version: Json, _project: Path, work: Path, _scanned: bool) -> Layer:
    layer = Layer()
    java = work / ".bases" / version["base"] / "usr/share/java"
    for pattern in version["jars"]:
        for path in sorted(java.glob(f"{pattern}.jar")):
            if re.search(r"-\d[^/]*\.jar$", path.name):
                layer.files[f"app/lib/{path.name}"] = (java / path).resolve().read_bytes()
    return layer


def os_application(_service: Json, _version: Json, _project: Path, _work: Path, _scanned: bool) -> Layer:
    return Layer({"app/README": b"Configuration is mounted at run time.\n"})


APPLICATIONS = {"npm": npm_application, "pypi": pypi_application, "jar": jar_application, "os": os_application}


# Images: real OCI documents, so that every digest is the digest of real bytes.


def write_image(layers: list[Layer], layout: Path, *, name: str, version: str) -> Image:
    shutil.rmtree(layout, ignore_errors=True)
    (layout / "blobs/sha256").mkdir(parents=True)
    tars = [layer.tar() for layer in layers]
    blobs = [gzip.compress(tar, mtime=0) for tar in tars]
    config = to_json(
        {
            "architecture": "amd64",
            "config": {"Labels": {"org.opencontainers.image.title": name, "org.opencontainers.image.version": version}},
            "os": "linux",
            "rootfs": {"diff_ids": [digest_of(tar) for tar in tars], "type": "layers"},
        }
    )
    manifest = to_json(
        {
            "config": descriptor(CONFIG_TYPE, config),
            "layers": [descriptor(LAYER_TYPE, blob) for blob in blobs],
            "mediaType": MANIFEST_TYPE,
            "schemaVersion": 2,
        }
    )
    for blob in (*blobs, config, manifest):
        (layout / "blobs/sha256" / digest_of(blob).removeprefix("sha256:")).write_bytes(blob)
    (layout / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    entry = {**descriptor(MANIFEST_TYPE, manifest), "platform": {"architecture": "amd64", "os": "linux"}}
    (layout / "index.json").write_bytes(to_json({"manifests": [entry], "mediaType": INDEX_TYPE, "schemaVersion": 2}))
    return Image(layout=layout, manifest=manifest, config=config, index=index_of(entry, name=name, version=version))


def index_of(amd64: Json, *, name: str, version: str) -> bytes:
    """List the real amd64 manifest beside an arm64 twin and an attestation manifest; these two are only stated."""
    arm64 = {**stated(f"{name} {version} linux/arm64"), "platform": {"architecture": "arm64", "os": "linux"}}
    annotations = {"vnd.docker.reference.digest": amd64["digest"], "vnd.docker.reference.type": "attestation-manifest"}
    attestation = {
        **stated(f"{name} {version} attestation"),
        "annotations": annotations,
        "platform": {"architecture": "unknown", "os": "unknown"},
    }
    return to_json({"manifests": [amd64, arm64, attestation], "mediaType": INDEX_TYPE, "schemaVersion": 2})


def stated(text: str) -> Json:
    return descriptor(MANIFEST_TYPE, text.encode())


def descriptor(media_type: str, content: bytes) -> Json:
    return {"digest": digest_of(content), "mediaType": media_type, "size": len(content)}


# Generators.


def run_generator(generator: str, project: Path, image: Image, *, name: str) -> Json:
    tool, _, output = generator.partition(" ")
    target = project / "bom.json"
    if tool == "cyclonedx-npm":
        command = [tool, "--package-lock-only", "--spec-version", output, "--output-file", str(target)]
        run(command, cwd=project)
    elif tool == "cyclonedx-py":
        command = [tool, "environment", "--no-validate", "--sv", output, "-o", str(target), str(project / ".venv")]
        run(command, cwd=project)
    elif tool == "syft":
        source = [f"oci-dir:{image.layout}", "--source-name", name]
        run([tool, "scan", "-q", *source, "-o", f"{output}={target}"], cwd=project)
    else:
        options = ["--offline-scan", "--skip-db-update", "--skip-java-db-update", "--skip-version-check", "--quiet"]
        # Trivy calls the image what the path says, so the path is the image's name, below the folder of work.
        command = [tool, "image", "--input", name, "--format", output, "--output", str(target), *options]
        run(command, cwd=project.parent)
    document: Json = json.loads(target.read_bytes())
    return document


def write_sbom(stem: str, generator: str, document: Json) -> Json:
    """Keep the document as the generator wrote it, less references to package registries' sites."""
    suffix = "" if not generator.startswith("trivy") else ".trivy"
    name = f"{stem}{suffix}.json.gz"
    content = json.dumps(without_registries(document), ensure_ascii=False, separators=(",", ":")).encode()
    (HERE / "sboms" / name).write_bytes(gzip.compress(content, 9, mtime=0))
    return {"file": name, "generator": generator}


def without_registries(value: Any) -> Any:
    """Drop external references that point at a registry's site; say NOASSERTION where an address is a field."""
    if isinstance(value, dict):
        return {key: without_registries(item) for key, item in value.items()}
    if isinstance(value, list):
        return [without_registries(item) for item in value if not is_registry_reference(item)]
    if isinstance(value, str) and REGISTRY_SITE.search(value):
        return "NOASSERTION"
    return value


def is_registry_reference(item: Any) -> bool:
    return isinstance(item, dict) and "type" in item and bool(REGISTRY_SITE.search(str(item.get("url", ""))))


def write_oci(name: str, content: bytes) -> str:
    (HERE / "oci" / name).write_bytes(content)
    return name


def to_json(document: Json) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()


def digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def run(command: list[str], *, cwd: Path | None = None, env: dict[str, str] | None = None) -> None:
    subprocess.run(command, cwd=cwd, env={**os.environ, **(env or {})}, check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
