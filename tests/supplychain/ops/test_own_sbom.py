"""Our own SBOM: every locked package, who wants it, and the same bytes each time."""

import json

from django.conf import settings

from supplychain.ops.own_sbom import read_npm_lock, read_requirements, write_own_sbom

LOCK = """\
celery==5.7.0 \\
    --hash=sha256:00
    # via -r requirements/runtime.in
click==8.5.1 ; python_full_version < '3.12' \\
    --hash=sha256:00
    # via
    #   -r requirements/runtime.in
    #   celery
psycopg[binary]==3.3.9 \\
    --hash=sha256:00
    # via celery
"""


def test_a_python_lock_says_who_wants_what():
    celery, click, psycopg = read_requirements(LOCK)

    assert (str(celery.purl), celery.wanted_by, celery.is_conditional) == (
        "pkg:pypi/celery@5.7.0",
        frozenset[str](),
        False,
    )
    assert (str(click.purl), click.wanted_by, click.is_conditional) == (
        "pkg:pypi/click@8.5.1",
        frozenset({"celery"}),
        True,
    )
    assert (str(psycopg.purl), psycopg.wanted_by) == ("pkg:pypi/psycopg@3.3.9", frozenset({"celery"}))


def test_an_npm_lock_gives_hashes_and_leaves_out_what_only_tests_need():
    lock = {
        "packages": {
            "": {"dependencies": {"@a/b": "1"}},
            "node_modules/@a/b": {"version": "1.0.0", "integrity": "sha512-AAE=", "dependencies": {"c": "2"}},
            "node_modules/c": {"version": "2.0.0", "integrity": "sha512-AAE="},
            "node_modules/d": {"version": "3.0.0", "integrity": "sha512-AAE=", "dev": True},
        }
    }

    first, second = read_npm_lock(lock)

    assert (str(first.purl), first.sha512) == ("pkg:npm/%40a/b@1.0.0", "0001")
    assert (str(second.purl), second.wanted_by) == ("pkg:npm/c@2.0.0", frozenset({"@a/b"}))


def test_it_names_every_package_of_the_runtime_lock_and_reaches_each_from_the_root():
    document = json.loads(write_own_sbom(settings.BASE_DIR))
    locked = {str(one.purl) for one in read_requirements((settings.BASE_DIR / "requirements.txt").read_text())}
    wants = {edge["ref"]: edge.get("dependsOn", []) for edge in document["dependencies"]}
    reached, waiting = set(), [document["metadata"]["component"]["bom-ref"]]
    while waiting:
        reached.add(ref := waiting.pop())
        waiting += [target for target in wants[ref] if target not in reached]

    purls = {component["purl"] for component in document["components"]}
    assert locked < purls
    assert purls < reached


def test_the_same_locks_give_the_same_bytes():
    assert write_own_sbom(settings.BASE_DIR) == write_own_sbom(settings.BASE_DIR)
