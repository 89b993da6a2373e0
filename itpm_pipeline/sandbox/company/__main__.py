"""``python -m itpm_pipeline.sandbox.company [SIZE] [SEED]`` prints one page about the simulated company."""

import sys

from itpm_pipeline.sandbox.company.profile import profile
from itpm_pipeline.sandbox.company.simulation import SEED, build_company


def main(arguments: list[str]) -> None:
    """Build the company and print its profile."""
    size: str | int = arguments[0] if arguments else "small"
    if isinstance(size, str) and size.isdigit():
        size = int(size)
    seed = int(arguments[1]) if len(arguments) > 1 else SEED
    sys.stdout.write(profile(build_company(size, seed)) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
