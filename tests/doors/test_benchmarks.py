"""The small versions of the benchmarks keep the promises of the full ones; unfinished runs go on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.skipif(
    not (ROOT / "benchmarks").is_dir(), reason="benchmarks are in the repository only"
)


def benchmark(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "benchmarks", *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def assert_shown(name: str, content: dict) -> None:
    """Check that the page of results has a table and whole sentences for a result."""
    sys.path.insert(0, str(ROOT))
    from benchmarks import catalogue, table

    words = catalogue.benchmark(name).page
    assert "|---|" in table.section(name, words, [content])
    assert words.claim in table.claim(name, words, content)


def small(name: str, folder: Path) -> dict:
    """Return the content that the small version of a benchmark writes."""
    out = folder / "out.json"
    result = benchmark(name, "--small", "--out", out)
    assert result.returncode == 0, result.stderr
    content = json.loads(out.read_text(encoding="utf-8"))
    assert content["benchmark"] == name
    assert content["machine"]["cpus"] == os.cpu_count()
    assert json.loads(result.stdout) == content["summary"]
    assert_shown(name, content)
    return content


def test_they_are_listed():
    listed = {line.split()[0] for line in benchmark().stdout.splitlines()}
    files = (Path(__file__).parents[2] / "benchmarks").rglob("*.py")
    assert listed == {file.stem for file in files if "\nBENCHMARK = " in file.read_text(encoding="utf-8")}


@pytest.mark.slow
def test_good_fits_are_not_accused_and_planted_ones_are_found(tmp_path: Path):
    summary = small("verdicts", tmp_path)["summary"]
    good, planted = summary["truth_started"], summary["planted"]
    assert good["called_bad"] == 0
    assert good["of"] == planted["of"] == planted["survived"] > 0
    assert planted["called_bad"] == planted["blocks_named"] == planted["truth_reached"] == planted["of"]


@pytest.mark.slow
def test_verdicts_agree_with_restarts_and_numbers_are_suggested(tmp_path: Path):
    summary = small("calibration", tmp_path)["summary"]
    assert summary["good_called_bad"] == 0.0
    assert summary["separated_bad_called_bad"] == 1.0
    matrix = summary["matrix"]
    right = {"good": "no better fit found", "bad": "bad optimum"}
    counts = [
        (label, verdict, n)
        for band in matrix.values()
        for label, row in band.items()
        for verdict, n in row.items()
    ]
    assert sum(n for *_, n in counts) == 20
    assert sum(n for label, verdict, n in counts if verdict == right[label]) >= 18
    (tmp_path / "out.json").unlink()
    suggested = small("suggestion", tmp_path)["summary"]
    assert suggested["right"] >= 0.8 * suggested["of"] > 15


@pytest.mark.slow
def test_an_unfinished_run_goes_on_and_a_foreign_file_is_left_alone(tmp_path: Path):
    content = small("speed", tmp_path)
    out = tmp_path / "out.json"
    (case,) = content["cases"]
    content["cases"][case]["scikit-learn"]["fit_seconds"] = 123.0  # recognisable: it is not computed again
    content["summary"] = None
    out.write_text(json.dumps(content), encoding="utf-8")
    assert benchmark("speed", "--small", "--out", out).returncode == 0
    assert json.loads(out.read_text(encoding="utf-8"))["summary"]["scikit-learn"]["median_seconds"] == 123.0
    refused = benchmark("verdicts", "--small", "--out", out)
    assert refused.returncode != 0
    assert "another run" in refused.stderr
    assert json.loads(out.read_text(encoding="utf-8"))["benchmark"] == "speed"


def test_without_data_it_says_what_is_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("GMMSCAPE_DATA", raising=False)
    result = benchmark("nested", "--small", "--out", tmp_path / "out.json")
    assert result.returncode != 0
    assert "GMMSCAPE_DATA" in result.stderr


@pytest.mark.slow
def test_noise_is_the_backgrounds(tmp_path: Path):
    """Each cluster keeps a component of its own; EM from the truth finds nothing that the fit does not."""
    found = small("background", tmp_path)["summary"]["all"]
    assert found["own"] == found["found"] == found["found_by_truth"] == found["of"] == 8
    assert found["found_without"] < 8
    assert found["missed"] == {"found_from_truth": 0, "found_by_truth": 0}


@pytest.mark.slow
@pytest.mark.usefixtures("data_dir")
def test_values_of_mclust_are_reached(tmp_path: Path):
    summary = small("mclust_families", tmp_path)["summary"]
    assert summary["reached"] == summary["same_optimum"] == summary["of"] == 14


@pytest.mark.slow
@pytest.mark.usefixtures("data_dir", "reference_dir")
@pytest.mark.slow
def test_one_random_start_is_enough(tmp_path: Path):
    summary = small("recovery", tmp_path)["summary"]
    assert summary["tied r15"]["good"] == summary["tied r15"]["of"] == 3
    assert summary["full s1"]["good"] == summary["full s1"]["of"] == 1
    assert summary["tied r15"]["sklearn_seconds"] > 0


@pytest.mark.slow
def test_many_components_are_found(tmp_path: Path):
    summary = small("many", tmp_path)["summary"]
    assert len(summary["settings"]) == 6
    for row in summary["settings"].values():
        assert row["recovered"] == row["of"] > 0
        assert 0 < row["most_rounds"] < 15
    assert set(summary["time_per_row_grows_as_k_to_the"]) == {"spherical d 2", "spherical d 8"}


@pytest.mark.slow
def test_overlapping_ones_are_fitted_as_well_as_by_restarts(tmp_path: Path):
    row = small("overlap", tmp_path)["summary"]["small"]
    assert row["good"] == row["of"] == 4


@pytest.mark.slow
@pytest.mark.usefixtures("data_dir")
def test_fits_hold_on_new_rows(tmp_path: Path):
    """On hepta and iris no worse than scikit-learn's ten starts, and the clusters of hepta are found."""
    summary = small("generalise", tmp_path)["summary"]
    assert len(summary) == 4
    for row in summary.values():
        assert row["halves"] == 2
        assert row["against"]["n_init=10"]["gain"] > -0.1
    assert summary["hepta full"]["means"]["ours"]["rand_index"] == 1.0


@pytest.mark.slow
def test_planted_blocks_are_labelled(tmp_path: Path):
    found = small("planted", tmp_path)["summary"]
    assert len(found["by_family_and_defect"]) == 12
    assert found["all"]["planted"] == found["all"]["planted_of"] >= 12
    assert found["all"]["exact"] == found["all"]["exact_of"] > 12


@pytest.mark.slow
def test_intervals_are_counted_by_method_and_kind(tmp_path: Path):
    (cell,) = small("intervals", tmp_path)["summary"]["cells"].values()
    assert set(cell["methods"]) == {"profile", "observed", "sandwich"}
    for found in cell["methods"].values():
        assert found["verdicts"] == {"trustworthy": cell["draws"]}
        assert all(0.0 < found[kind]["coverage"] <= 1.0 for kind in ("weight", "mean", "sd"))
        # All are called trustworthy: those that miss mislead.
        assert all(found[kind]["misled"] == pytest.approx(1.0 - found[kind]["coverage"])
                   for kind in ("weight", "mean", "sd"))  # fmt: skip


@pytest.mark.slow
@pytest.mark.usefixtures("data_dir")
def test_the_cost_of_proposals_is_counted_in_iterations(tmp_path: Path):
    content = small("ranking", tmp_path)
    assert all(case["iterations"] > 0 for case in content["cases"].values() if "iterations" in case)
    s1 = content["cases"]["diagnose s1"]
    assert (s1["good"]["verdict"], s1["bad"]["verdict"]) == ("no better fit found", "bad optimum")
    assert s1["bad"]["moves"] > 0


@pytest.mark.slow
def test_hostile_data_end_in_an_answer(tmp_path: Path):
    summary = small("hostile", tmp_path)["summary"]
    for row in summary.values():
        assert row["found"] == row["of"] == 1
    assert any("rows set aside" in said for said in summary["one row at 1e12"]["said"])


@pytest.mark.slow
@pytest.mark.usefixtures("data_dir")
def test_models_of_scikit_learn_come_back_better(tmp_path: Path):
    summary = small("repair_sklearn", tmp_path)["summary"]
    promises = ("never_lower", "gain_as_stated", "class_kept", "input_untouched", "consistent")
    assert {summary[promise] for promise in promises} == {summary["of"]}
    assert summary["means_had_run_together"] > 0
    assert summary["centroid_index_0_after"] > summary["centroid_index_0_before"]


@pytest.mark.slow
@pytest.mark.usefixtures("data_dir")
def test_cores_and_halos_are_offered_and_taken(tmp_path: Path):
    summary = small("nested", tmp_path)["summary"]
    assert summary["take_is_higher"] == len(summary["take"]) > 0
    assert all(gains and min(gains) > 0 for gains in summary["offered_gains"])
    assert summary["offer_centroid_index"] == [0] * len(summary["offer"])
    assert all(count > 0 for count in summary["take_nested_components"])


@pytest.mark.slow
def test_an_iteration_is_timed_beside_others(tmp_path: Path):
    content = small("engine", tmp_path)
    case = content["cases"]["full n=3000 d=2 k=3"]
    assert case["milliseconds"]["ours"] > 0
    assert case["times_ours"]["scikit-learn"] > 1.0
    if case["engine"]["engine"] == "native":
        assert 0.0 < case["share_of_bound"] < 1.0
    assert set(content["summary"]["batched"]) == {"batched starts, spherical", "batched starts, full"}
    assert len(content["summary"]["table"]) == 4


def test_a_pass_is_timed_on_a_device_and_is_right(tmp_path: Path):
    pytest.importorskip("torch", reason="PyTorch is not installed")
    content = small("gpu", tmp_path)
    assert len(content["summary"]["passes"]) == 2
    for name, case in content["cases"].items():
        if "share_of_bound" in case:
            assert case["same_bits_again"]
            assert 0.0 < case["share_of_bound"] < 1.0
            assert case["log_likelihood_difference"] < (1e-12 if "float64" in name else 1e-6)
            assert case["milliseconds"]["torch"] > 0
    assert content["cases"]["derivatives"]["milliseconds"]["torch"]["product"] > 0


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="peak memory is read from /proc")
@pytest.mark.slow
def test_a_fit_makes_next_to_nothing_of_the_size_of_the_data(tmp_path: Path):
    for case in small("memory", tmp_path)["cases"].values():
        assert 0.0 < case["extra_MiB"] < case["allowed_MiB"]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="peak memory is read from /proc")
def test_all_readers_read_the_same_numbers(tmp_path: Path):
    """Of 20,000 rows; longer than pandas' Python reader would be no fast path."""
    for row in small("reading", tmp_path)["summary"].values():
        assert row["same_numbers"]
        assert 0.0 < row["of pandas Python"] < 1.0


@pytest.mark.slow
def test_integrals_are_those_of_monte_carlo_and_errors_as_stated(tmp_path: Path):
    summary = small("integrals", tmp_path)["summary"]
    (embedded,) = summary["embedded"].values()
    assert embedded["minima"] == embedded["wanted"] == 2
    assert embedded["kl_difference"] < 1e-9
    assert embedded["eigenvalue_difference"] < 1e-9
    assert summary["monte_carlo"]["numbers"] > 1000
    assert summary["monte_carlo"]["beyond_4_standard_errors"] == 0
    for kind in ("trapezoid", "sobol"):
        assert summary["honest"][kind]["cases"] == 3
        assert min(summary["honest"][kind]["covered"]) == 1.0


@pytest.mark.slow
def test_births_are_folds_with_the_minimum_on_one_side(tmp_path: Path):
    summary = small("births", tmp_path)["summary"]
    assert summary["folds"] == summary["exist_above"] == summary["of"] == 3
    assert summary["exist_below"] == 0
    assert summary["largest_error"] < 1e-10


@pytest.mark.slow
def test_no_candidate_stays_undecided(tmp_path: Path):
    summary = small("candidates", tmp_path)["summary"]
    assert summary["flat_in_float64"] > 0
    assert summary["still_flat"] == 0
    assert summary["decided_by"]["law 1"] > 0


@pytest.mark.slow
@pytest.mark.usefixtures("data_dir")
def test_local_optima_are_those_of_plain_restarts(tmp_path: Path):
    summary = small("optima", tmp_path)["summary"]
    assert summary["s1"]["structured"] > 1
    assert any(">" in one["blocks"] for one in summary["s1"]["listed"])
    (found,) = summary["sets"].values()
    assert found["restarts"] == 1000
    assert found["of_these_found"] == found["above_1_percent"] == found["shares_inside"] > 1
    assert found["unknown_that_are_none"] == found["not_converged"] == 0
    assert found["degenerate_inside"]


@pytest.mark.slow
def test_thresholds_of_structure(tmp_path: Path):
    summary = small("thresholds", tmp_path)["summary"]
    found = summary["thresholds"]
    assert found["pitchfork"]["kind"] == found["middle center cut"]["kind"] == "pitchfork"
    assert abs(found["pitchfork"]["parameter"] - 5.402619502) < 1e-8
    assert abs(found["middle center cut"]["parameter"] - 15.4305) < 1e-4
    assert abs(found["crossing 0.25"]["parameter"] - 5.7296) < 1e-4
    assert found["crossing 0.25"]["searched_above"] >= 4
    assert summary["lost"] == 0


@pytest.mark.slow
def test_centers_far_apart_have_no_unstructured_minima_and_controls_have(tmp_path: Path):
    summary = small("falsify", tmp_path)["summary"]
    for d in (1, 2):
        assert summary[f"apart d={d}"]["unstructured"] == 0 < summary[f"apart d={d}"]["minima"]
    assert summary["close d=1"]["suspects"]["confirmed"] > 0
    assert [row["confirmed"] for row in summary["controls"].values()] == [1, 1, 0]
    assert abs(summary["plane end"]["parameter"] - 15.4305) < 1e-4
    assert summary["cuts"]["agree"] == summary["cuts"]["converged"] == 4


@pytest.mark.slow
def test_phase_diagrams_agree_with_births_and_explorations(tmp_path: Path):
    for row in small("phase", tmp_path)["summary"].values():
        assert row["cells"] == 36
        assert row["explored_disagreed"] == row["disagreed"] == row["lost"] == 0
        assert row["births"] > 0
        assert row["largest_difference_from_birth"] < 1e-9
        assert row["other_processes_agree"]


@pytest.mark.slow
def test_laws_hold(tmp_path: Path):
    summary = small("laws", tmp_path)["summary"]
    assert summary["1"] < 1e-10
    assert summary["2"]["16"] < 1e-4
    assert summary["2"]["20"] < 1e-6
    assert summary["3"]["16"] < 1e-2
    assert summary["3"]["20"] < 1e-3
    assert summary["4"] < 1e-2
    assert summary["4_pairs"] > 3
    assert max(summary["5"].values()) < 1e-2
    assert summary["8"] < 2e-4


@pytest.mark.slow
@pytest.mark.usefixtures("data_dir", "reference_dir")
@pytest.mark.slow
def test_landscapes_of_real_data_reach_what_is_known(tmp_path: Path):
    content = small("sample_landscapes", tmp_path)
    summary, cases = content["summary"], content["cases"]
    assert summary["at_least_best_known"] == summary["of"] == 1
    assert summary["longest_seconds"] < 100
    galaxies, waiting = cases["galaxies k=3 free"], cases["waiting k=2 free"]
    assert galaxies["value_of_reference"] == 26690.0
    assert galaxies["value_in_file"] > 26000.0
    assert galaxies["best_total"] < galaxies["best_known_total"] + 1.0  # not another normalisation
    assert cases["galaxies k=3 equal"]["count_law"] == cases["waiting k=2 equal"]["count_law"] == 1
    for name, case in cases.items():
        assert case["stop_reason"] == "completed"
        totals = [rung["total"] for rung in case["minima"]]
        assert totals == sorted(totals, reverse=True)
        assert case["minima"][0]["structure"].count(">") == int(name.split("k=")[1][0])
        assert case["minima"][0]["barrier_total"] is None
    assert cases["galaxies k=3 equal"]["minima"][1]["barrier_total"] > 0
    assert waiting["best_total"] > cases["waiting k=2 equal"]["best_total"]


@pytest.mark.slow
def test_edges_are_those_of_an_independent_descent(tmp_path: Path):
    summary = small("graph", tmp_path)["summary"]
    assert {kind: row["truths"] for kind, row in summary["by_kind"].items()} == {
        "line": 2,
        "plane": 1,
        "space": 1,
        "symmetric": 1,
    }
    assert summary["wrong"] == 0
    assert summary["barriers_agree"] == summary["truths"]
    assert summary["by_kind"]["symmetric"]["closed"] == 1
    assert all(row["edges"] == row["passes"] > 0 for row in summary["by_kind"].values())


@pytest.mark.slow
def test_an_exploration_finds_what_others_find(tmp_path: Path):
    summary = small("searches", tmp_path)["summary"]
    assert summary["missing"] == {}
    assert {kind: row["truths"] for kind, row in summary["by_kind"].items()} == {"line": 2, "plane": 1}
    assert all(row["orbits"] > row["truths"] for row in summary["by_kind"].values())


@pytest.mark.slow
@pytest.mark.usefixtures("data_dir")
def test_what_is_unseen_of_real_data_is_told(tmp_path: Path):
    summary = small("unseen", tmp_path)["summary"]
    assert summary["covered"] == summary["explorations"] == 2
    assert summary["unlisted"] == 0.0
    assert [row["own"] for row in summary["by_case"].values()] == [3, 1]


@pytest.mark.slow
def test_the_count_is_one_on_random_truths(tmp_path: Path):
    summary = small("count_law", tmp_path)["summary"]
    assert {k: row["truths"] for k, row in summary["by_k"].items()} == {"2": 2, "3": 1}
    assert summary["share_count_is_one"] == 1.0
    assert summary["not_silent"] == {}


@pytest.mark.slow
@pytest.mark.usefixtures("data_dir", "reference_dir")
@pytest.mark.slow
def test_numbers_of_components_are_chosen_by_the_best_likelihoods(tmp_path: Path):
    summary = small("select", tmp_path)["summary"]
    assert summary["references"] == 3
    assert summary["missed"] == []
    assert summary["sound_and_better_than_ours"] == []
    assert summary["largest_fall"] < 1e-6
    assert summary["chosen"]["r15"] == [15, "full"]
    assert summary["fooled"]["r15 full n_init=1"]["worse_than_ours_at"] != []
    assert summary["draws"]["right"] == summary["draws"]["of"] == 2


@pytest.mark.slow
def test_starts_find_the_global_minimum_as_often_as_independent_copies_would(tmp_path: Path):
    summary = small("basins", tmp_path)["summary"]
    assert abs(summary["standard_errors_from_known"]) <= 4
    assert sum(summary["gradient_descent"]) == pytest.approx(1.0)
    assert all(row["agrees"] for row in summary["copies"].values())
    assert summary["copies"]["6"]["failure"] > summary["copies"]["3"]["failure"]
    assert summary["copies"]["6"]["unbalanced_that_found_it"] == 0


@pytest.mark.slow
def test_default_fits_find_every_cluster(tmp_path: Path):
    for name, row in small("defaults", tmp_path)["summary"].items():
        assert row["right"] == row["of"] > 0, name
        assert row["at_best"] in (None, row["of"]), name


@pytest.mark.slow
def test_default_fits_are_timed_beside_scikit_learns(tmp_path: Path):
    for row in small("fits", tmp_path)["summary"].values():
        assert row["ratio"] == pytest.approx(row["fit_seconds"] / row["their_seconds"])


@pytest.mark.slow
def test_messy_data_have_their_groups(tmp_path: Path):
    summary = small("messy", tmp_path)["summary"]
    assert len(summary) == 6
    assert sum(row["right"] for row in summary.values()) >= sum(row["of"] for row in summary.values()) - 1


@pytest.mark.slow
def test_extremes_are_fitted_and_repaired(tmp_path: Path):
    groups = small("extremes", tmp_path)["summary"]["groups"]
    assert len(groups) == 3
    assert all(row["right"] == row["of"] for row in groups.values())


@pytest.mark.slow
def test_fits_converge_in_some_dozen_passes(tmp_path: Path):
    summary = small("second_order", tmp_path)["summary"]
    assert summary["most_passes"] < 250
    assert summary["max_iter"] == 0
    for row in summary["problems"].values():
        assert row["second"]["passes"] < 0.5 * row["em"]["passes"]
        assert row["product_passes"] < 3.0


@pytest.mark.slow
def test_samples_are_compared_with_their_population(tmp_path: Path):
    summary = small("compare", tmp_path)["summary"]
    assert list(summary["sizes"]) == ["10", "100", "1000"]
    assert summary["sizes"]["1000"]["share"] == 1.0
    assert summary["smallest"]["0.9"] in (100, 1000)
    truth = summary["law"]["0>0  1>1  2>2"]
    assert abs(truth["slopes"]["100"]["value"] + 0.5) <= 4 * truth["slopes"]["100"]["error"]
    assert truth["slopes"]["1000"] is None


@pytest.mark.slow
def test_parameters_are_right_where_values_are_missing(tmp_path: Path):
    summary = small("missing", tmp_path)["summary"]
    methods = summary["methods"]
    for design in ("10 % at random", "30 % at random", "30 % by the first column"):
        assert methods[f"{design}, all rows"]["within"] > 0.98
        assert methods[f"{design}, all rows"]["worst_bias"] < 3.0
    for poor in ("30 % by the first column, complete rows only", "30 % at random, means filled in"):
        assert methods[poor]["worst_bias"] > 5.0
    assert all(ratio > 0.0 for ratio in summary["ratios"].values())
