"""Chance that repeats: random numbers of simulations by the rule of METRICS.md section 3.3."""

from collections.abc import Iterator
from datetime import date
from zlib import crc32

import numpy as np

TRIALS_PER_BLOCK = 1000
"""Trials are drawn in blocks of this many, each from a stream of its own, so that blocks may be computed apart."""


def seed_sequence(base_seed: int, scope_key: str, as_of: date, kind: str) -> np.random.SeedSequence:
    """The same scope, day, kind of simulation and base seed always give the same numbers."""
    return np.random.SeedSequence([base_seed, crc32(scope_key.encode()), as_of.toordinal(), crc32(kind.encode())])


def generators(seed: np.random.SeedSequence, trials: int) -> Iterator[np.random.Generator]:
    """One generator per block of 1000 trials."""
    for child in seed.spawn(trials // TRIALS_PER_BLOCK):
        yield np.random.Generator(np.random.PCG64(child))


def seed_text(seed: np.random.SeedSequence) -> str:
    """The entropy as it is stored beside a result."""
    entropy = seed.entropy
    return ",".join(map(str, entropy)) if isinstance(entropy, list | tuple) else str(entropy)
