"""Whether there is a GPU: solvers that need one do not always say so in an orderly way."""

from __future__ import annotations

import ctypes


def gpu_is_there() -> bool:
    """Whether NVIDIA's driver finds a GPU."""
    try:
        driver = ctypes.CDLL("libcuda.so.1")
    except OSError:
        return False
    count = ctypes.c_int(0)
    return driver.cuInit(0) == 0 and driver.cuDeviceGetCount(ctypes.byref(count)) == 0 and count.value > 0
