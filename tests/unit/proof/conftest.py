"""Proofs need python-flint; without it their tests are skipped."""

import pytest

pytest.importorskip("flint")
