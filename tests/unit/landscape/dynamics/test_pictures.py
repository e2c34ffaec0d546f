"""Pictures of trajectories, and frames that replace no file."""

from __future__ import annotations

import numpy as np
import pytest

import gmmscape as gs
from gmmscape import lab
from gmmscape.plot import TrajectoryDisplay


@pytest.fixture(scope="module")
def path():
    land = lab.Landscape(lab.Population(gs.Mixture.location([-3.0, 3.0, 12.0], 1.0)), 3)
    return lab.trajectory(land, [0.0, 11.0, 13.0], max_iter=150)


def test_the_way_so_far_ends_in_the_present(path):
    display = path.plot(until=10)
    for i, line in enumerate(display.lines_):
        assert np.array_equal(line.get_xdata(), np.arange(11))
        assert np.array_equal(line.get_ydata(), path.means[:11, i, 0])
    assert np.array_equal(display.present_.get_offsets()[:, 1], path.means[10, :, 0])
    assert display.ax_.get_title(loc="left") == "EM: iteration 10"
    assert display.ax_.get_xscale() == "symlog"


def test_predicted_decay_lies_on_the_steps(path):
    _, below = path.plot().axes_
    predicted = below.lines[-1]
    at = predicted.get_xdata().astype(int)
    assert predicted.get_ydata() == pytest.approx(path.gradient_norm[at], rel=1e-3)


def test_paths_in_the_plane_over_the_centers():
    truth = gs.Mixture.location([[-3.0, 0.0], [3.0, 0.0]], 1.0)
    path = lab.trajectory(lab.Landscape(lab.Population(truth), 2), [[-1.0, 2.0], [0.0, -1.0]], max_iter=6)
    display = path.plot()
    assert np.array_equal(display.lines_[1].get_xydata(), path.means[:, 1])
    assert len(display.ax_.patches) == 4


def test_frames_are_written_once(path, tmp_path):
    folder = tmp_path / "film"
    written = path.frames(folder, 4, dpi=40)
    assert [file.name for file in written] == [f"frame_000{i}.png" for i in range(4)]
    before = [file.read_bytes() for file in written]
    assert all(content.startswith(b"\x89PNG") for content in before)
    assert len(set(before)) == 4
    with pytest.raises(gs.InvalidParameterError, match="holds frames already"):
        path.frames(folder, 2)
    assert [file.read_bytes() for file in sorted(folder.iterdir())] == before
    file = tmp_path / "a file"
    file.write_text("kept")
    with pytest.raises(gs.InvalidParameterError, match="folder"):
        path.frames(file, 2)
    assert file.read_text() == "kept"


def test_no_more_frames_than_points(path, tmp_path):
    short = lab.trajectory(
        lab.Landscape(lab.Population(gs.Mixture.location([-3.0, 3.0], 1.0)), 2), [-2.0, 2.0], max_iter=2
    )
    assert len(short.frames(tmp_path / "short", 60, dpi=30)) == 3


def test_bad_input_is_named(path):
    with pytest.raises(gs.InvalidParameterError, match="until=999"):
        path.plot(until=999)
    with pytest.raises(gs.InvalidParameterError, match="as long as each other"):
        TrajectoryDisplay([0.0, 1.0], np.zeros((1, 2, 1)), [1.0])
