"""Certificates attached to points: text, files, report and picture say what is proved."""

import pytest

import gmmscape as gs
from gmmscape import lab
from gmmscape.exceptions import InvalidParameterError
from gmmscape.plot import MinimaDisplay


@pytest.fixture(scope="module")
def land():
    return lab.Landscape(lab.Population(gs.Mixture.location([-2.0, 2.0], 1.0)), 2)


@pytest.fixture(scope="module")
def atlas(land):
    return land.explore(0, n_starts=2, saddles=True)


@pytest.fixture(scope="module")
def proved(atlas, land):
    return lab.certify_atlas(atlas, land)


def test_all_points_are_proved(atlas, proved):
    assert [point.proved for point in (*proved.minima, *proved.saddles)] == [True, True]
    assert not any(point.proved for point in atlas.minima)
    assert [point.certificate.index for point in proved.saddles] == [1]


def test_text_says_so(atlas, proved):
    assert "proved" not in str(atlas)
    assert "proved" in str(proved).splitlines()[2]
    assert "1, proved" in str(proved)
    assert str(proved.minima[0]).startswith("minimum (proved): ")


def test_report_and_picture_say_so(atlas, proved):
    assert "0 (proved)" in proved.to_html()
    assert "0 (proved)" not in atlas.to_html()
    assert "proved" in MinimaDisplay.from_atlas(proved).plot().titles_[0].get_text()


def test_files_keep_certificates(proved, tmp_path):
    proved.to_json(tmp_path / "atlas.json")
    read = lab.Atlas.from_json(tmp_path / "atlas.json")
    assert read == proved
    assert read.minima[0].certificate == proved.minima[0].certificate


def test_flat_points_stay_as_they_were():
    pair = lab.Landscape(lab.Population(gs.Mixture.location([0.0], 1.0)), 2)
    atlas = lab.certify_atlas(pair.explore(0, n_starts=2), pair)
    assert atlas.minima[0].flat
    assert not atlas.minima[0].proved


def test_what_does_not_belong_together_is_refused(atlas, proved, land):
    other = lab.Landscape(lab.Population(gs.Mixture.location([-2.0, 2.5], 1.0)), 2)
    with pytest.raises(InvalidParameterError, match="truth"):
        lab.certify_atlas(atlas, other)
    with pytest.raises(InvalidParameterError, match="atlas"):
        lab.certify_atlas(land, land)
    with pytest.raises(InvalidParameterError, match="pass that of this point"):
        atlas.minima[0].with_certificate(proved.saddles[0].certificate)


def test_work_can_be_stopped(atlas, land):
    half = lab.certify_atlas(atlas, land, callback=lambda event: True)
    assert [point.proved for point in (*half.minima, *half.saddles)] == [True, False]
