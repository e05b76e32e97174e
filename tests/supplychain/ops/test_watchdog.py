"""When a worker has stalled, and when it only has nothing to do."""

from dataclasses import dataclass, field

import pytest
from django.db import OperationalError

from supplychain import celery
from supplychain.ops import watchdog
from supplychain.ops.watchdog import Watch, Watchdog


@dataclass
class World:
    """What the watch sees of a worker."""

    tasks: int = 0
    busy: bool = False
    overdue: bool = True
    broker: bool = True
    asked: list[float] = field(default_factory=list)

    def watch(self) -> Watch:
        return Watch(60.0, lambda: self.tasks, lambda: self.busy, self.is_overdue, lambda: self.broker)

    def is_overdue(self, seconds: float) -> bool:
        self.asked.append(seconds)
        return self.overdue


def test_an_idle_worker_beside_overdue_work_has_stalled_after_the_limit() -> None:
    watch = World().watch()

    assert [watch.has_stalled(now=now) for now in (100.0, 130.0, 159.0, 160.0)] == [False, False, False, True]


@pytest.mark.parametrize("world", [World(busy=True), World(overdue=False), World(broker=False)])
def test_a_worker_that_works_has_nothing_to_do_or_has_no_broker_is_left_alone(world: World) -> None:
    watch = world.watch()

    assert not any(watch.has_stalled(now=now) for now in (100.0, 160.0, 1000.0))


def test_a_task_that_came_begins_the_limit_anew() -> None:
    world = World()
    watch = world.watch()
    watch.has_stalled(now=100.0)
    world.tasks = 1

    assert [watch.has_stalled(now=now) for now in (159.0, 218.0, 219.0)] == [False, False, True]


def test_the_database_is_not_asked_while_the_worker_has_worked_within_the_limit() -> None:
    world = World()
    watch = world.watch()

    for now in (100.0, 130.0, 159.0):
        watch.has_stalled(now=now)

    assert world.asked == []


def test_a_database_that_is_away_is_no_stall(settings) -> None:
    settings.OVERDUE_WORK_PROBE = f"{__name__}.fail"

    assert watchdog._is_work_overdue(60.0) is False


def fail(_seconds: float) -> bool:
    raise OperationalError


def test_every_worker_of_the_application_is_watched_unless_it_is_switched_off(settings) -> None:
    assert Watchdog in celery.app.steps["worker"]
    assert Watchdog(None).enabled
    settings.WORKER_STALL_SECONDS = 0

    assert not Watchdog(None).enabled
