"""No suite loses a case that it passed, and every case that fails has a written reason."""

import pytest

from tests.conformance.corpus import absent, corpus
from tests.conformance.counts import committed, count_of, lost
from tests.conformance.frame import Suite, all_suites, run


@pytest.mark.parametrize("suite", all_suites().values(), ids=lambda suite: suite.name)
def test_a_suite_passes_what_it_passed_and_explains_the_rest(suite: Suite) -> None:
    if missing := absent(suite.folders):
        pytest.skip(missing)

    result = run(suite, corpus())

    now = count_of(result, title=suite.title, data="", since="")
    assert lost(committed()[suite.name], now) == []
    assert [(case.name, case.expected, case.got) for case in result.unexplained] == []


def test_every_suite_has_a_committed_count_and_every_count_a_suite() -> None:
    assert committed().keys() == all_suites().keys()
