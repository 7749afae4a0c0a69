"""The collector is left as it was found."""

from __future__ import annotations

import gc

from druqa.models.heap import heap_spared


def test_a_run_spares_what_was_there_and_gives_it_back() -> None:
    before = gc.get_threshold(), gc.get_freeze_count()
    with heap_spared():
        spared = gc.get_threshold(), gc.get_freeze_count()
        assert spared[1] > 10_000
        with heap_spared():
            assert gc.get_threshold() == spared[0]
        assert gc.get_freeze_count() == spared[1]
    assert (gc.get_threshold(), gc.get_freeze_count()) == before


def test_a_cycle_made_meanwhile_is_collected() -> None:
    class Thing:
        gone = 0

        def __del__(self) -> None:
            Thing.gone += 1

    with heap_spared():
        for _ in range(10):
            thing = Thing()
            thing.itself = thing  # type: ignore[attr-defined]
        del thing
        gc.collect()
        assert Thing.gone == 10


def test_who_keeps_objects_from_the_collector_is_left_alone() -> None:
    gc.freeze()
    try:
        count, threshold = gc.get_freeze_count(), gc.get_threshold()
        with heap_spared():
            assert gc.get_threshold() == threshold
        assert gc.get_freeze_count() == count
    finally:
        gc.unfreeze()
