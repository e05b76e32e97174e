"""Which stage may follow which."""

from itertools import pairwise

import pytest

from incidents.models import Stage
from incidents.response.lifecycle import ORDER, StageRefusedError, allowed_from, check_move


def test_an_incident_goes_forward_one_stage_at_a_time():
    for before, after in pairwise(ORDER):
        check_move(before, after)

    with pytest.raises(StageRefusedError, match="can become scoping"):
        check_move(Stage.OPEN, Stage.CONTAINING)


def test_what_was_believed_done_may_be_done_again():
    assert allowed_from(Stage.RECOVERING) == (Stage.SCOPING, Stage.CONTAINING, Stage.ERADICATING, Stage.CLOSED)


@pytest.mark.parametrize("stage", [stage for stage in Stage if stage is not Stage.RECOVERING])
def test_only_what_recovers_is_closed(stage: Stage):
    with pytest.raises(StageRefusedError):
        check_move(stage, Stage.CLOSED)


def test_a_closed_incident_begins_again_with_scoping():
    assert allowed_from(Stage.CLOSED) == (Stage.SCOPING,)


def test_no_stage_follows_itself():
    assert all(stage not in allowed_from(stage) for stage in Stage)
