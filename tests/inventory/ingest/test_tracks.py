"""Which chain a document joins decides what is stored, never what is read back: pure checks of the step."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from inventory.ingest.tracks import CANDIDATES, MAX_DIFFERENCE, ComponentSet, Head, Step, TrackKey, next_step, unpack

Flags = dict[int, int]
sets = st.dictionaries(st.integers(1, 40), st.integers(0, 31), max_size=30)


def head(track_id: int, flags: Flags, *, last_seq: int = 7) -> Head:
    components = ComponentSet.of(flags)
    return Head(track_id, last_seq, components.set_hash, components.packed)


def stored(step: Step, *, on: Flags) -> Flags:
    """What a chain holds after a step: drop, then add."""
    rest = {component: flags for component, flags in on.items() if component not in step.dropped}
    return rest | dict(zip(step.added, step.added_flags, strict=True))


@given(flags=sets)
def test_a_set_survives_packing(flags: Flags) -> None:
    components = ComponentSet.of(flags)

    assert unpack(components.packed) == flags
    assert components.count == len(flags)
    assert components.set_hash == ComponentSet.of(dict(reversed(flags.items()))).set_hash


@given(wanted=sets, heads=st.lists(sets, max_size=CANDIDATES))
def test_a_step_turns_the_chosen_head_into_the_wanted_set(wanted: Flags, heads: list[Flags]) -> None:
    candidates = [head(number, flags, last_seq=number) for number, flags in enumerate(heads, start=1)]

    step = next_step(ComponentSet.of(wanted), candidates=candidates)

    before = {} if step.track_id is None else heads[step.track_id - 1]
    assert stored(step, on=before) == wanted
    assert step.seq == (1 if step.track_id is None else step.track_id + 1)
    assert set(step.dropped) <= set(before)
    assert len(set(step.added)) == len(step.added)
    assert len(set(step.dropped)) == len(step.dropped)


@given(wanted=sets, heads=st.lists(sets, min_size=1, max_size=CANDIDATES))
def test_the_candidate_that_differs_least_is_chosen_when_any_is_near_enough(wanted: Flags, heads: list[Flags]) -> None:
    step = next_step(
        ComponentSet.of(wanted), candidates=[head(number, flags) for number, flags in enumerate(heads, start=1)]
    )

    differences = [len(wanted.items() ^ flags.items()) for flags in heads]
    if step.track_id is None:
        assert min(differences) > max(len(wanted) * MAX_DIFFERENCE - 1, 1)
    else:
        assert differences[step.track_id - 1] == min(differences)
        assert min(differences) <= max(len(wanted) * MAX_DIFFERENCE, 1)


@given(flags=sets)
def test_an_equal_set_costs_no_rows(flags: Flags) -> None:
    step = next_step(ComponentSet.of(flags), candidates=[head(1, {99: 1, **flags}), head(2, flags)])

    assert (step.track_id, step.dropped, step.added) == (2, (), ())


def test_a_changed_flag_is_dropped_and_added() -> None:
    many = dict.fromkeys(range(1, 21), 0)

    step = next_step(ComponentSet.of(many | {3: 2}), candidates=[head(1, many)])

    assert (step.track_id, step.dropped, step.added, step.added_flags) == (1, (3,), (3,), (2,))


def test_the_lock_depends_on_every_part_of_the_key() -> None:
    keys = [
        TrackKey(1, "a", "b", "c"),
        TrackKey(2, "a", "b", "c"),
        TrackKey(1, "b", "b", "c"),
        TrackKey(1, "a", "", "c"),
        TrackKey(1, "a", "b", ""),
        TrackKey(1, "", "ab", "c"),
    ]

    assert len({key.lock for key in keys}) == len(keys)
    assert all(-(2**63) <= key.lock < 2**63 for key in keys)
