"""Go: documents list modules or packages, advisories name either; what lies below or above is never passed over."""

import pytest

from incidents.impact.assess import assess
from incidents.impact.question import Question
from incidents.pasted import read_text
from tests.factories import SEES_ALL, START, advisory, cyclonedx, deployment, digest, report, submit
from tests.inventory.formats.advisory_files import ranged

pytestmark = pytest.mark.django_db(transaction=True)

MODULE, INSIDE, BESIDE, FIXED = digest("module"), digest("inside"), digest("beside"), digest("fixed")
STATUSES = ("affected", "possible", "cleared")


def run(purl: str, *, subject: str) -> None:
    submit("shop", cyclonedx(purl, subject=subject))
    report("shop", deployment(digest=subject, container=subject[-8:]))


def statuses(text: str) -> dict[str | None, str]:
    question = Question(read_text(text).indicators, statuses=STATUSES)  # type: ignore[arg-type]
    return {row.artifact.digest: row.status.value for row in assess(question, actor=SEES_ALL, at=START).rows}


def send_advisory(*imports: str, name: str = "golang.org/x/crypto") -> None:
    entry = ranged({"introduced": "0"}, {"fixed": "0.17.0"}, kind="SEMVER", ecosystem="Go", name=name)
    entry["ecosystem_specific"] = {"imports": [{"path": path, "symbols": ["New"]} for path in imports]}
    submit("shop", advisory("GO-2026-1001", name=name, affected=[entry]))


def test_a_package_that_the_advisory_names_is_affected_where_it_is_listed_instead_of_its_module():
    send_advisory("golang.org/x/crypto/ssh")
    run("pkg:golang/golang.org/x/crypto@v0.16.0", subject=MODULE)
    run("pkg:golang/golang.org/x/crypto/ssh@v0.16.0", subject=INSIDE)
    run("pkg:golang/golang.org/x/crypto/ssh@v0.17.0", subject=FIXED)
    run("pkg:golang/golang.org/x/crypto/openpgp@v0.16.0", subject=BESIDE)

    assert statuses("GO-2026-1001") == {MODULE: "affected", INSIDE: "affected", FIXED: "cleared"}


def test_what_lies_below_a_module_is_possible_where_nobody_says_which_packages_are_meant():
    run("pkg:golang/golang.org/x/crypto/ssh@v0.16.0", subject=INSIDE)
    run("pkg:golang/golang.org/x/crypto/ssh@v0.17.0", subject=FIXED)
    run("pkg:golang/golang.org/x/cryptobyte/ssh@v0.16.0", subject=BESIDE)

    assert statuses("pkg:golang/golang.org/x/crypto vers:golang/<0.17.0") == {INSIDE: "possible", FIXED: "cleared"}


def test_the_module_above_a_package_asked_for_is_possible():
    run("pkg:golang/github.com/acme/tools@v1.2.0", subject=MODULE)
    run("pkg:golang/github.com/acme@v1.2.0", subject=BESIDE)

    assert statuses("pkg:golang/github.com/acme/tools/pkg/exec@v1.2.0") == {MODULE: "possible"}


def test_another_major_version_is_another_module():
    run("pkg:golang/github.com/acme/tools/v2@v2.1.0", subject=BESIDE)
    run("pkg:golang/github.com/acme/tools@v1.2.0", subject=MODULE)

    assert statuses("pkg:golang/github.com/acme/tools") == {MODULE: "affected"}
    assert statuses("pkg:golang/github.com/acme/tools/v2") == {BESIDE: "affected"}


def test_the_standard_library_is_found_under_both_of_its_names():
    send_advisory("crypto/tls", name="stdlib")
    run("pkg:golang/stdlib@0.16.0", subject=MODULE)
    run("pkg:golang/std@v0.16.0", subject=INSIDE)

    assert statuses("GO-2026-1001") == {MODULE: "affected", INSIDE: "affected"}
