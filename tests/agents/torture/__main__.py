"""All of it: thousands of kills on a real disk, then thousands of power cuts.

python -m tests.agents.torture [--kills 5000] [--cuts 5000] [--seconds 3600] [--seed N] [--directory .]
"""

import argparse
import random
import sys
import tempfile

from tests.agents.torture import kills, torn

CUTS_A_RECORD = 1_000


def main() -> int:
    """The exit status: 0 where nothing was lost."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=5_000)
    parser.add_argument("--cuts", type=int, default=5_000)
    parser.add_argument("--seconds", type=float, default=3_600.0, help="begin no new kill after so long")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    parser.add_argument("--directory", default=".", help="on the disk that is to be tried")
    chosen = parser.parse_args()
    seed = str(chosen.seed)
    with tempfile.TemporaryDirectory(dir=chosen.directory, prefix=".torture-") as folder:
        killed = kills.main([folder, "--count", str(chosen.kills), "--seconds", str(chosen.seconds), "--seed", seed])
        if killed:
            return killed
    for number, start in enumerate(range(0, chosen.cuts, CUTS_A_RECORD)):
        cuts = str(min(CUTS_A_RECORD, chosen.cuts - start))
        with tempfile.TemporaryDirectory(dir=torn.quick_folder()) as folder:
            cut = torn.main([folder, "--cuts", cuts, "--seed", str(chosen.seed + number)])
        if cut:
            return cut
    return 0


if __name__ == "__main__":
    sys.exit(main())
