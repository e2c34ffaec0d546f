"""Certificates to be checked are made with python-flint; without it these tests are skipped."""

import pytest

pytest.importorskip("flint")
