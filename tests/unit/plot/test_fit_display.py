"""Pictures of fits: what is drawn is what was fitted, and what is not drawn is said."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from matplotlib import _pylab_helpers
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from scipy.stats import norm

import gmmscape as gs
from gmmscape.mixture.background import Background
from gmmscape.plot import FitDisplay, OverlapDisplay
from gmmscape.plot.fits.rows import thinned, tints
from gmmscape.plot.fits.views import Components, separating
from gmmscape.plot.sizes import SIZES
from gmmscape.plot.style import plain_text
from gmmscape.results.records import read


class Table:
    """As much of a data frame as is asked for."""

    def __init__(self, values, columns):
        self.values, self.columns = np.asarray(values, dtype=float), list(columns)

    def __getitem__(self, names):
        return Table(self.values[:, [self.columns.index(name) for name in names]], names)

    def __array__(self, dtype=None, copy=None):
        return self.values if dtype is None else self.values.astype(dtype)

    @property
    def shape(self):
        return self.values.shape

    def __len__(self):
        return len(self.values)


def rows(d: int, n: int = 120, far: float = 8.0) -> np.ndarray:
    rng = np.random.default_rng(d)
    return np.concatenate([rng.normal(far * i, 1.0, (n, d)) for i in range(3)])


@pytest.fixture(scope="module")
def plane() -> tuple[gs.GaussianMixture, np.ndarray]:
    X = rows(2)
    return gs.GaussianMixture(3, random_state=0).fit(X), X


def note(picture: FitDisplay) -> str:
    return " ".join(picture.legend_.get_title().get_text().split())


@pytest.mark.parametrize("level", [0.5, 0.9, 0.99])
def test_an_ellipse_holds_the_share_that_is_said(plane, level):
    model, _ = plane
    picture = model.plot(level=level)
    draws = np.random.default_rng(0).multivariate_normal(model.means_[0], model.covariances_[0], 20_000)
    circle = picture.panels_[0].ellipses[0].get_patch_transform().inverted().transform(draws)
    inside = np.linalg.norm(circle, axis=1) <= 1.0
    assert inside.mean() == pytest.approx(level, abs=4 * np.sqrt(level * (1 - level) / 20_000))
    assert f"{100 * level:g} % of a component's mass" in note(picture)


def test_marks_stand_at_means_and_rows_where_they_are(plane):
    model, X = plane
    panel = model.plot(X).panels_[0]
    found = [(mark.get_xdata()[0], mark.get_ydata()[0]) for mark in panel.marks]
    np.testing.assert_allclose(found, model.means_)
    np.testing.assert_array_equal(np.asarray(panel.rows.get_offsets()), X)
    shown = [tuple(face) for face in panel.rows.get_facecolors()]
    for i in range(3):  # one tint for each component
        assert len({shown[n] for n in np.flatnonzero(model.predict(X) == i)}) == 1
    assert len(set(shown)) == 3


def test_densities_are_those_of_the_fit():
    X = rows(1)
    model = gs.GaussianMixture(3, random_state=0).fit(X)
    panel = model.plot(X).panels_[0]
    x, y = panel.density.get_data()
    np.testing.assert_allclose(y, np.exp(model.score_samples(x[:, None])), rtol=1e-9, atol=1e-12)
    x, y = panel.curves[1].get_data()
    own = model.weights_[1] * norm.pdf(x, model.means_[1, 0], np.sqrt(model.covariances_[1, 0, 0]))
    np.testing.assert_allclose(y, own, rtol=1e-9)
    assert not panel.ellipses


def test_no_figure_is_registered(plane):
    before = list(_pylab_helpers.Gcf.figs)
    plane[0].plot(plane[1])
    assert list(_pylab_helpers.Gcf.figs) == before


def test_every_result_of_a_fit_draws_it(plane, tmp_path):
    model, X = plane
    diagnosis = gs.diagnose(model, X, rng=0)
    model.to_json(tmp_path / "fit.json")
    again = gs.GaussianMixture.from_json(tmp_path / "fit.json")
    pictures = [
        model.plot(X), model.document().plot(X), model.diagnosis_.plot(X), model.em_diagnosis_.plot(X),
        diagnosis.plot(), again.plot(X), read(tmp_path / "fit.json").plot(X),
        gs.Mixture(model.weights_, model.means_, model.covariances_).plot(X),
    ]  # fmt: skip
    for picture in pictures:
        assert len(picture.panels_[0].rows.get_offsets()) == len(X)
        assert len(picture.panels_[0].ellipses) == 3


def test_an_estimator_keeps_no_rows_and_draws_without(plane):
    model, _ = plane
    picture = model.plot()
    assert picture.panels_[0].rows is None
    assert len(picture.panels_[0].ellipses) == 3
    assert model.diagnosis_.data is None


def test_a_diagnosis_from_a_file_says_what_it_lacks(plane, tmp_path):
    gs.diagnose(*plane, rng=0).to_json(tmp_path / "d.json")
    with pytest.raises(gs.InvalidParameterError, match="comes from a file"):
        gs.Diagnosis.from_json(tmp_path / "d.json").plot(plane[1])


def test_changed_parameters_have_no_verdict(plane):
    from copy import deepcopy

    model = deepcopy(plane[0])
    model.means_ = model.means_ + 1.0
    picture = model.plot()
    assert picture.title == ""
    assert picture.parts.kinds == [None] * 3


@pytest.mark.slow
def test_names_of_columns_are_on_the_axes():
    X = rows(4)
    table = Table(X, ["age", "height", "weight", "pulse"])
    diagnosis = gs.diagnose(gs.GaussianMixture(3, random_state=0).fit(X), table, rng=0)
    picture = diagnosis.plot(columns=["weight", "age"])
    assert (picture.ax_.get_xlabel(), picture.ax_.get_ylabel()) == ("weight", "age")
    np.testing.assert_array_equal(np.asarray(picture.panels_[0].rows.get_offsets()), X[:, [2, 0]])
    assert {"age", "pulse"} <= set(diagnosis.plot().ax_.get_xlabel().split())
    pairs = diagnosis.plot(columns="pairs")
    assert len(pairs.axes_) == 10
    assert [ax.get_xlabel() for ax in pairs.axes_[-4:]] == ["age", "height", "weight", "pulse"]
    assert diagnosis.plot(columns="pulse").panels_[0].density is not None
    told = gs.diagnose(gs.GaussianMixture(2, random_state=0).fit(X), X, rng=0).told(list("abcd"))
    assert told.plot(columns="b").ax_.get_xlabel() == "b"


def test_a_diagnosis_takes_columns_of_a_table_by_name():
    X = rows(2) * [1.0, 3.0]
    model = gs.GaussianMixture(3, random_state=0).fit(Table(X, ["a", "b"]))
    picture = gs.diagnose(model, Table(X, ["a", "b"]), rng=0).plot(Table(X[:, ::-1], ["b", "a"]))
    np.testing.assert_array_equal(np.asarray(picture.panels_[0].rows.get_offsets()), X)


def test_hostile_names_are_text():
    assert plain_text("a\n$x_1$\u202e") == r"a \$x_1\$"
    assert len(plain_text("n" * 10_000)) <= 24
    assert plain_text("") == "(no name)"
    names = ["$\\frac{", "<script>", "\u202ert\x00l", "n" * 10_000]
    picture = FitDisplay(None, np.eye(4), [np.eye(4)] * 4, names=names).plot()
    assert picture._repr_png_().startswith(b"\x89PNG")


def test_the_plane_separates_and_does_not_depend_on_units():
    rng = np.random.default_rng(0)
    means = np.zeros((3, 5))
    means[1, 3], means[2, 1] = 8.0, 8.0
    parts = Components(np.full(3, 1 / 3), means, np.stack([np.eye(5)] * 3), [None] * 3)
    view = separating(parts, np.eye(5), list("abcde"))
    seen = view.seen(means)
    apart = np.linalg.norm(seen[:, None] - seen[None], axis=2)
    np.testing.assert_allclose(apart[0, 1:], 8.0, rtol=1e-6)  # in standard deviations within components
    assert "d" in view.names[0] + view.names[1]
    scale = rng.uniform(0.01, 100.0, 5)
    other = parts._replace(means=means * scale, covariances=parts.covariances * np.outer(scale, scale))
    rescaled = separating(other, np.diag(scale**2), list("abcde")).seen(other.means)
    np.testing.assert_allclose(np.linalg.norm(rescaled[:, None] - rescaled[None], axis=2), apart, rtol=1e-6)


@pytest.mark.parametrize("k", [1, 2])
def test_few_components_have_a_plane_too(k):
    picture = FitDisplay(None, 5.0 * np.eye(6)[:k], [np.diag([1.0, 1, 1, 1, 1, 9])] * k).plot()
    width, height = (picture.parts.seen(_view(picture)).covariances[0][i, i] for i in (0, 1))
    assert width > 0
    assert height > 0
    assert "column 5" in picture.ax_.get_xlabel() + picture.ax_.get_ylabel()  # the widest one


def _view(picture: FitDisplay):
    from gmmscape.plot.fits.fit import view_of

    return view_of(picture.parts, None, picture.labels, None)


def test_what_is_left_out_is_said():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(20_000, 2))
    X[:5] = 500.0
    picture = FitDisplay([0.9, 0.1], [[0.0, 0.0], [500.0, 500.0]], [np.eye(2)] * 2, X).plot()
    assert f"{SIZES.most_rows:,} of 20,000 rows are drawn." in note(picture)
    assert "Outside the picture: component 1." in note(picture)
    assert picture.ax_.get_xlim()[1] < 20.0
    spike = FitDisplay([0.5, 0.5], [[0.0], [0.1]], [[[1.0]], [[1e-10]]], rng.normal(size=(500, 1))).plot()
    assert "Densities are cut" in note(spike)
    whole = FitDisplay(None, [[0.0, 0.0]], [np.eye(2)], X[5:1000]).plot()
    assert "utside" not in note(whole)
    assert "rows are drawn" not in note(whole)


def test_rows_far_off_are_counted():
    X = np.concatenate([np.random.default_rng(0).normal(size=(3000, 1)), [[1e6]]])
    picture = FitDisplay(None, [[0.0]], [[[1.0]]], X).plot()
    assert "1 of the drawn rows lies outside the picture." in note(picture)
    assert sum(bar.get_width() * bar.get_height() for bar in picture.panels_[0].rows) < 1.0


def test_of_very_many_components_those_that_matter_are_numbered():
    k = SIZES.most_labels + 5
    kinds = ["one-fits-many", "collapsed"] + ["exact"] * (k - 2)
    picture = FitDisplay(None, [(i, i % 9) for i in range(k)], [0.01 * np.eye(2)] * k, kinds=kinds).plot()
    assert [text.get_text() for text in picture.panels_[0].labels.texts] == ["0", "1"]
    assert "those that are not exact are numbered" in note(picture)


def test_axes_are_equal_where_the_columns_are_alike(plane):
    assert plane[0].plot().ax_.get_aspect() == 1.0
    wide = FitDisplay(None, [[0.0, 0.0], [1.0, 900.0]], [np.diag([1.0, 1e4])] * 2).plot()
    assert wide.ax_.get_aspect() == "auto"


def test_thinning_takes_rows_that_are_there_and_tints_tell_neighbours_apart():
    points = np.arange(30_000.0).reshape(-1, 2)
    some = thinned(points)
    assert len(some) == SIZES.most_rows
    assert np.isin(some[:, 0], points[:, 0]).all()
    places = np.random.default_rng(0).uniform(size=(40, 2))
    given = np.array(tints(places))
    apart = np.linalg.norm(places[:, None] - places[None], axis=2) + 9.0 * np.eye(40)
    assert (given[apart.argmin(axis=1)] != given).mean() > 0.95


def test_own_axes_are_used_and_kept(plane):
    ax = Figure().subplots()
    assert plane[0].plot(plane[1], ax=ax).ax_ is ax
    ax = Figure().subplots()
    assert plane[0].plot(plane[1], columns=[0, 1], ax=ax).ax_ is ax
    figure = Figure()
    assert plane[0].plot(plane[1], columns="pairs", ax=figure.subplots()).figure_ is figure


def before_a_box() -> gs.Mixture:
    """Two components before a background over a box, of a fifth of the rows."""
    box = Background("box", 20.0, 0.2, np.array([-10.0, 0.0]), np.array([10.0, 1.0]))
    return gs.Mixture([0.25, 0.75], [[0.0, 0.5], [4.0, 0.5]], [1.0, 1.0], "spherical").beside(box)


def test_the_density_in_one_column_has_the_background_in_it():
    panel = FitDisplay.from_fit(before_a_box(), columns=0).plot().panels_[0]
    x, y = panel.density.get_data()
    wanted = 0.8 * (0.25 * norm.pdf(x) + 0.75 * norm.pdf(x, 4.0)) + np.where(np.abs(x) <= 10.0, 0.01, 0.0)
    np.testing.assert_allclose(y, wanted, rtol=1e-9, atol=1e-12)


def test_rows_of_the_background_have_their_key_and_no_share_in_an_overlap():
    X = np.array([[0.0, 0.5], [4.0, 0.5], [-9.0, 0.5]])
    picture = FitDisplay.from_fit(before_a_box(), X).plot(Figure().subplots())
    assert "row of the background" in [text.get_text() for text in picture.legend_.get_texts()]
    overlap = OverlapDisplay.from_fit(before_a_box(), X).overlap
    np.testing.assert_allclose(overlap.sum(axis=1), 1.0)
    np.testing.assert_allclose(np.diag(overlap), 1.0, atol=0.01)


def test_bare_centers_without_rows_are_drawn_where_they_are():
    line = FitDisplay(None, [[0.0], [4.0]], names=["a"], columns="a").plot(Figure().subplots()).panels_[0]
    assert [mark.get_xydata().tolist() for mark in line.marks] == [[[0.0, 0.0]], [[4.0, 0.0]]]
    assert (line.density, line.ax.get_ylim()[0]) == (None, 0.0)
    assert line.ax.get_xlim()[0] < 0.0 < 4.0 < line.ax.get_xlim()[1]
    plane = FitDisplay(None, np.eye(3)).plot(Figure().subplots()).panels_[0]
    corners = np.array([mark.get_xydata()[0] for mark in plane.marks])
    sides = np.linalg.norm(corners - np.roll(corners, 1, axis=0), axis=1)
    np.testing.assert_allclose(sides, sides[0])


def test_of_too_many_that_are_not_exact_none_is_numbered():
    means = np.arange(SIZES.most_labels + 1.0)[:, None] * [1.0, 0.0]
    picture = FitDisplay(None, means, kinds=["mixed"] * len(means)).plot(Figure().subplots())
    assert f"Of {len(means)} components none are numbered." in note(picture)
    labels = picture.panels_[0].labels
    assert [text for text in labels.texts if text.get_text()] == []
    labels.draw(FigureCanvasAgg(picture.figure_).get_renderer())  # and there is nothing to find a place for


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: FitDisplay(None, [[0.0, 1.0]], columns="x"), "columns='x'"),
        (lambda: FitDisplay(None, [[0.0, 1.0]], columns=[0, 0]), "each once"),
        (lambda: FitDisplay(None, [[0.0, 1.0]], columns=[]), "one column or more"),
        (lambda: FitDisplay(None, [[0.0, 1.0]], columns=2), "0 to 1"),
        (lambda: FitDisplay(None, [[0.0, 1.0]], names=["a"]), "names has 1"),
        (lambda: FitDisplay(None, [[0.0, 1.0]], kinds=["good"]), "kinds='good'"),
        (lambda: FitDisplay(None, [[0.0, 1.0]], kinds=["exact"] * 2), "kinds has 2"),
        (lambda: FitDisplay(None, [[0.0, 1.0]], level=1.0), "level=1.0"),
        (lambda: FitDisplay(None, [[0.0, 1.0]], level=0.0), "level=0.0"),
        (lambda: FitDisplay([0.5, 0.5], [[0.0, 1.0]]), "weights must be 1"),
        (lambda: FitDisplay(None, [[0.0, 1.0]], [np.eye(3)]), "covariances has shape"),
        (lambda: FitDisplay(None, [[0.0, 1.0]], None, np.zeros((3, 3))), "shape \\(3, 3\\)"),
        (lambda: FitDisplay(None, np.eye(7), columns=list(range(6))).plot(), "at most 5"),
    ],
)
def test_wrong_input_is_named(call, message):
    with pytest.raises(gs.GmmscapeError, match=message):
        call()


def test_missing_matplotlib_is_a_typed_error(plane, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(gs.NotAvailableError, match="gmmscape\\[plot\\]"):
        plane[0].plot()
