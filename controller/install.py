"""The controller as a service of its machine."""

import sys
from pathlib import Path
from typing import Final

from agents.protocol.installing import Installation, Say, install, program
from agents.protocol.systemd import Unit

NAME: Final = "loa"
SETTINGS_PATH: Final = Path("/etc/loa/controller.toml")
_WATCHDOG_S: Final = 60
_OPEN_FILES: Final = 65_536

_SETTINGS_TEXT: Final = """\
# Settings of this station's controller; `loa settings` lists them all. After a change: systemctl restart loa

# What the station is called.
#name = "Đài truyền thanh xã"

# Where it listens. 0.0.0.0 is every network of this machine.
host = "0.0.0.0"
#port = 8080

# The address under which speakers behind another network, or behind a SIM card, reach it.
#public_urls = ["https://loa.example.vn"]
"""


def unit(command: Path) -> Unit:
    """The unit of the controller; ``command`` is the whole path of ``loa``."""
    return Unit(
        name=NAME,
        description="Loa: the controller of this station",
        command=f"{command} serve --config {SETTINGS_PATH} --log-format json",
        watchdog_s=_WATCHDOG_S,
        service={
            "LimitNOFILE": str(_OPEN_FILES),
            "OOMScoreAdjust": "-300",
            "PrivateDevices": "yes",
            "DevicePolicy": "closed",
            "PrivateUsers": "yes",
            "RestrictRealtime": "yes",
            "ProcSubset": "pid",
        },
    )


def install_controller(root: Path, say: Say, *, start: bool) -> None:
    """Raises `CannotInstall`."""
    what = Installation(
        unit=unit(program(NAME, Path(sys.executable))),
        groups=(),
        settings=_SETTINGS_TEXT,
        settings_path=SETTINGS_PATH,
    )
    install(what, root, say, start=start)
