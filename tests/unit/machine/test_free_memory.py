"""How much memory a process may still take: limits of its own, of its control groups, and the machine."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gmmscape.machine import free_memory

GB = 1 << 30


@pytest.fixture
def system(tmp_path: Path):
    """Files of a system: 8 GB free, no groups, until a test writes more of them."""

    def written(**files: str) -> Path:
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return tmp_path

    written(**{"proc/meminfo": f"MemTotal: {16 * GB // 1024} kB\nMemAvailable: {8 * GB // 1024} kB\n"})
    return written


def group(folder: str, limit: int | str, used: int, given_back: int, version: int) -> dict[str, str]:
    names = {
        1: ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
        2: ("memory.max", "memory.current", "inactive_file"),
    }[version]
    base = f"sys/fs/cgroup/{folder}".rstrip("/")
    return {
        f"{base}/{names[0]}": f"{limit}\n",
        f"{base}/{names[1]}": f"{used}\n",
        f"{base}/memory.stat": f"anon 5\n{names[2]} {given_back}\n",
    }


def test_what_the_machine_has_free_counts_with_its_swap(system):
    assert free_memory(system()) == 8 * GB
    more = f"MemAvailable: {8 * GB // 1024} kB\nSwapFree: {GB // 1024} kB\n"
    assert free_memory(system(**{"proc/meminfo": more})) == 9 * GB


@pytest.mark.parametrize(("version", "line", "mounted"), [(1, "4:cpu,memory:", "memory/"), (2, "0::", "")])
def test_the_tightest_group_counts_and_pages_of_files_are_given_back(system, version, line, mounted):
    root = system(
        **{"proc/self/cgroup": f"7:pids:/\n{line}/jobs/one\n"},
        **group(f"{mounted}jobs/one", 6 * GB, 2 * GB, 0, version),
        **group(f"{mounted}jobs", 4 * GB, 3 * GB, GB, version),
        **group(mounted, 9223372036854771712, GB, 0, version),
    )
    assert free_memory(root) == 2 * GB
    system(**group(f"{mounted}jobs", 4 * GB, 5 * GB, 0, version))
    assert free_memory(root) == 0


def test_in_a_container_the_group_stands_at_the_root(system):
    root = system(**{"proc/self/cgroup": "0::/../of/the/host\n"}, **group("", 3 * GB, GB, 0, 2))
    assert free_memory(root) == 2 * GB


def test_a_group_without_a_limit_bounds_nothing(system):
    root = system(**{"proc/self/cgroup": "0::/a\n"}, **group("a", "max", GB, 0, 2))
    assert free_memory(root) == 8 * GB


@pytest.mark.skipif(sys.platform != "linux", reason="limits of addresses are those of Linux")
def test_a_limit_of_the_process_counts_less_what_it_has():
    found = subprocess.run(
        [
            sys.executable,
            "-c",
            "import resource\nfrom pathlib import Path\nfrom gmmscape.machine import free_memory\n"
            "size = int(Path('/proc/self/statm').read_text().split()[0]) * resource.getpagesize()\n"
            "resource.setrlimit(resource.RLIMIT_AS, (size + 100_000_000,) * 2)\n"
            "print(free_memory())",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert 80_000_000 < int(found.stdout) <= 100_000_000


@pytest.mark.skipif(not hasattr(os, "sysconf"), reason="the system does not tell its memory so")
def test_where_the_system_does_not_say_what_is_free_all_memory_counts(tmp_path):
    assert free_memory(tmp_path) <= os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    assert free_memory(tmp_path) > 0
