"""Says in one sentence what is missing before a virtual environment can be made. Runs on any Python."""

import sys

if not (3, 11) <= sys.version_info[:2] <= (3, 13):
    sys.exit(
        "Loa needs Python 3.11, 3.12 or 3.13; this is {}.{}. Name another one: make PYTHON=python3.12".format(
            *sys.version_info
        )
    )
try:
    import ensurepip  # noqa: F401 - only to see whether it is there
except ImportError:
    sys.exit("Python cannot make virtual environments here. Run: sudo apt-get install python3-venv")
