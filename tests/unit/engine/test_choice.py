"""Which engine computes: environment variables, thread limits, a missing extension."""

from __future__ import annotations

import re
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator

import numpy as np
import pytest

import gmmscape as gs
from gmmscape import engine
from gmmscape.engine import choice, extension
from gmmscape.exceptions import InvalidParameterError, NotAvailableError
from gmmscape.threads import limited, machine_threads, thread_count

built = pytest.mark.skipif(not extension.instruction_sets(), reason="the extension is not built")


@built
@pytest.mark.parametrize("isa", extension.instruction_sets())
def test_the_variable_chooses_the_instructions(isa: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("GMMSCAPE_ENGINE", raising=False)
    monkeypatch.setenv("GMMSCAPE_ISA", isa)
    assert engine.info() == ("native", isa, extension.instruction_sets(), thread_count(), "cpu")


@built
def test_the_best_instructions_are_the_default(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("GMMSCAPE_ENGINE", raising=False)
    monkeypatch.delenv("GMMSCAPE_ISA", raising=False)
    assert engine.info().isa == extension.instruction_sets()[-1]
    assert extension.instruction_sets()[0] == "baseline"


def test_the_reference_engine_can_be_chosen(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GMMSCAPE_ENGINE", "reference")
    assert engine.info()[:2] == ("reference", None)


@pytest.mark.parametrize(("variable", "value"), [("GMMSCAPE_ENGINE", "fast"), ("GMMSCAPE_ISA", "sse9")])
def test_other_values_are_refused(variable: str, value: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(variable, value)
    with pytest.raises(InvalidParameterError, match=f"{variable}='{value}': choose one of"):
        engine.info()


def test_only_an_engine_with_devices_has_one_to_choose():
    with (
        pytest.raises(InvalidParameterError, match="device='cuda': leave it out: reference has none"),
        engine.using("reference", "cuda"),
    ):
        pass


@pytest.fixture
def missing(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The extension cannot be imported."""
    monkeypatch.delenv("GMMSCAPE_ENGINE", raising=False)
    monkeypatch.delenv("GMMSCAPE_ISA", raising=False)
    monkeypatch.setattr(extension, "_native", None)
    monkeypatch.setattr(extension, "MISSING", "no module of that name")
    extension.instruction_sets.cache_clear()
    choice._chosen.cache_clear()
    yield
    extension.instruction_sets.cache_clear()
    choice._chosen.cache_clear()


@pytest.mark.usefixtures("missing")
def test_without_the_extension_one_warning_is_given():
    X = np.array([[0.0], [1.0], [5.0]])
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        fitted = gs.GaussianMixture(1).fit(X)
        gs.GaussianMixture(1).fit(X)
    assert [warning.category for warning in said] == [RuntimeWarning]
    assert re.search("computes with NumPy.*no module of that name.*compiler", str(said[0].message))
    assert fitted.means_[0, 0] == pytest.approx(2.0)


@pytest.mark.usefixtures("missing")
def test_asked_for_the_extension_is_needed(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GMMSCAPE_ENGINE", "native")
    with pytest.raises(
        NotAvailableError, match=r"GMMSCAPE_ENGINE='native': the compiled extension is missing"
    ):
        engine.info()


@built
def test_instructions_that_the_machine_has_not_are_refused(monkeypatch: pytest.MonkeyPatch):
    choice._chosen.cache_clear()
    monkeypatch.setattr(extension, "instruction_sets", lambda: ("baseline",))
    monkeypatch.setenv("GMMSCAPE_ISA", "avx512")
    with pytest.raises(NotAvailableError, match=r"GMMSCAPE_ISA='avx512': this machine.*only baseline"):
        engine.info()
    choice._chosen.cache_clear()


def test_threads_are_bounded(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("gmmscape.threads.machine_threads", lambda: 8)
    assert thread_count() == 8
    with limited(3):
        assert thread_count() == 3
        with limited(5):
            assert thread_count() == 3
        with limited(None), limited(-1):
            assert thread_count() == 3
    assert thread_count() == 8


@pytest.mark.parametrize(("value", "expected"), [("1", 1), ("1,4", 1), ("", None), ("no", None), ("0", None)])
def test_the_environment_bounds_threads(value: str, expected: int | None, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    cores = machine_threads()
    monkeypatch.setenv("OMP_NUM_THREADS", value)
    assert machine_threads() == (cores if expected is None else expected)


@built
def test_the_extension_alone_imports_at_once():
    path = extension.native().__file__
    probe = (
        "import time, sys, importlib.util; began = time.perf_counter();"
        f"spec = importlib.util.spec_from_file_location('_native', {path!r});"
        "module = importlib.util.module_from_spec(spec); spec.loader.exec_module(module);"
        "print(time.perf_counter() - began)"
    )
    seconds = []
    for _ in range(5):
        began = time.perf_counter()
        result = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
        seconds.append(float(result.stdout))
        assert seconds[-1] < time.perf_counter() - began
    assert min(seconds) < 0.02


@pytest.fixture
def no_torch(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """PyTorch cannot be imported."""
    for name in [name for name in sys.modules if name.startswith("gmmscape.engine.torch_")]:
        monkeypatch.delitem(sys.modules, name)
        monkeypatch.delattr(engine, name.rpartition(".")[2])
    monkeypatch.setitem(sys.modules, "torch", None)
    choice._chosen.cache_clear()
    yield
    choice._chosen.cache_clear()


@pytest.mark.usefixtures("no_torch")
def test_without_pytorch_its_engine_says_what_to_install(monkeypatch: pytest.MonkeyPatch):
    said = r"GMMSCAPE_ENGINE='torch': PyTorch is missing.*pip install 'gmmscape\[gpu\]'"
    with pytest.raises(NotAvailableError, match=said):
        engine.using("torch").__enter__()
    monkeypatch.setenv("GMMSCAPE_ENGINE", "torch")
    with pytest.raises(NotAvailableError, match=said):
        engine.info()
