"""What reading costs, in processor time: how it grows with the size, not how long it takes."""

import time
from collections.abc import Callable

_NOTHING = 0.02  #: seconds; below them a clock says little, and so does their multiple


def assert_linear(read: Callable[[int], object], size: int) -> None:
    """``read(n)`` does the work for ``n`` bytes, letters or rows; of four times as many it may take eight times as long.

    What costs the square takes sixteen times as long. Others share the machine: three tries.
    """
    for is_last in (False, False, True):
        small, large = _seconds(read, size), _seconds(read, 4 * size)
        if large <= 8 * max(small, _NOTHING):
            return
        assert not is_last, f"{small:.3f} s for {size}, {large:.3f} s for four times as many"


def _seconds(read: Callable[[int], object], n: int) -> float:
    started = time.process_time()
    read(n)
    return time.process_time() - started
