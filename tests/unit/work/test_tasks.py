"""Tasks in several processes are those of the moment at which they were asked for."""

from __future__ import annotations

import gmmscape as gs
from gmmscape import lab
from gmmscape.landscape.atlas import explore
from gmmscape.progress import Budget
from gmmscape.work.journal import Journal
from gmmscape.work.tasks import Task, Tasks


class Growing:
    """Keeps what it is asked for, as objects with lazy attributes do."""

    def __init__(self) -> None:
        self.kept: list[int] = []

    def size(self) -> int:
        return len(self.kept)


def test_what_grows_meanwhile_is_sent_as_it_was():
    shared = Growing()
    work = Tasks(Journal(None, "test", {}), 2, Budget("test", None, None))
    found = []
    for result in work.run("count", [Task(str(i), shared.size, ()) for i in range(40)]):
        found.append(result)
        shared.kept.append(result)
    assert found == [0] * 40


def test_an_exploration_sends_no_object_that_it_goes_on_with(monkeypatch):
    sent = []

    def copied(work):
        sent.append(work)
        return snapshot(work)

    snapshot = explore.snapshot
    monkeypatch.setattr(explore, "snapshot", copied)
    land = lab.Landscape(lab.Population(gs.Mixture.location([0.0, 9.0], 2.0)), 3)
    atlas = land.explore(9, n_starts=3, n_jobs=2)
    assert len(sent) == 1
    assert atlas.to_dict() == land.explore(9, n_starts=3).to_dict()
