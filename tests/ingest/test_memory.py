"""Freed memory is kept for what follows."""

import platform
import subprocess
import sys

import pytest

TAKE_AND_FREE = """
import resource, sys
from itpm_pipeline.ingest.memory import keep_freed_memory
if sys.argv[1] == "keep":
    keep_freed_memory()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(10):
    bytearray(48 * 2**20)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(how: str) -> int:
    done = subprocess.run([sys.executable, "-c", TAKE_AND_FREE, how], capture_output=True, text=True, check=True)
    return int(done.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc can be told")
def test_arrow_takes_its_memory_from_there_as_well():
    told = (
        "import pyarrow as pa; from itpm_pipeline.ingest.memory import keep_freed_memory; keep_freed_memory(); "
        "print(pa.default_memory_pool().backend_name)"
    )
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "system"


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc can be told")
def test_a_block_that_is_freed_serves_the_next():
    assert faults("keep") * 4 < faults("as it is")
