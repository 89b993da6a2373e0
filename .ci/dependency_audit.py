"""Asks PyPI's advisories about every locked library; fails when one has a known weakness.

Where the advisory service does not answer, it says so, and does not fail: what cannot be known is not a finding.
"""

import json
import subprocess
import sys
from pathlib import Path

LOCK = Path(__file__).resolve().parents[1] / "requirements.lock"
ACCEPTED: dict[str, str] = {}
"""Advisory: why it does not concern us."""


def main() -> int:
    """0: nothing known, or nobody to ask; 1: a weakness is known."""
    audit = subprocess.run(
        [sys.executable, "-m", "pip_audit", "-r", LOCK, "--require-hashes", "--disable-pip", "-f", "json",
         "--progress-spinner", "off", "--timeout", "20"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    try:
        libraries = json.loads(audit.stdout)["dependencies"]
    except (ValueError, KeyError):
        words = audit.stderr.strip().splitlines() or ["no answer"]
        sys.stdout.write(f"dependency audit: NOT DONE, the advisory service did not answer ({words[-1][:200]})\n")
        return 0
    asked = [library for library in libraries if "skip_reason" not in library]
    found = [(one, weakness) for one in asked for weakness in one["vulns"] if weakness["id"] not in ACCEPTED]
    for library, weakness in found:
        fixed = ", ".join(weakness["fix_versions"]) or "no version yet"
        sys.stdout.write(f"{library['name']} {library['version']}: {weakness['id']}, fixed in {fixed}\n")
    if not asked:
        sys.stdout.write(f"dependency audit: NOT DONE, the service here knows none of {len(libraries)} libraries\n")
    else:
        sys.stdout.write(f"dependency audit: {len(asked)} of {len(libraries)} libraries, {len(found)} weaknesses\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
