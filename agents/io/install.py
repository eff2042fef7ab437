"""The speaker's agent as a service of its box: what it needs of the machine, and no more.

Sound needs the group ``audio`` and real-time priority for one thread; a relay, a light or a button need ``gpio``; what
the runs before this one logged is read by ``systemd-journal``. The devices are named one by one, so that nothing else
of the machine is open to it.
"""

import sys
from pathlib import Path
from typing import Final

from agents.protocol.installing import Installation, Say, install, program
from agents.protocol.systemd import Unit

NAME: Final = "loa-agent"
SETTINGS_PATH: Final = Path("/etc/loa/agent.toml")
_WATCHDOG_S: Final = 30
_DEVICES: Final = ("char-alsa", "char-gpiochip", "/dev/gpiomem", "/dev/vcio")

_SETTINGS_TEXT: Final = """\
# Settings of the speaker in this box; `loa-agent settings` lists them all. After a change: systemctl restart loa-agent

# What this device is called until it is adopted.
#name = "Cụm loa 1"

# The controller's address, where mDNS does not reach it (another network, a SIM card).
#controller_url = "https://loa.example.vn"

# From `loa admin token`: the device is adopted without a code.
#enrolment_token = "..."

# A box on a pole plays to its sound card, or says that it cannot. "auto" plays into files where there is no card.
output = "alsa"

# The sound device, as `aplay -L` lists them.
#alsa_device = "default"
"""


def unit(command: Path) -> Unit:
    """The unit of the agent; ``command`` is the whole path of ``loa-agent``."""
    return Unit(
        name=NAME,
        description="Loa: the speaker on this pole",
        command=f"{command} run --config {SETTINGS_PATH} --log-format json",
        watchdog_s=_WATCHDOG_S,
        service={
            "SupplementaryGroups": "audio gpio systemd-journal video",
            "LimitRTPRIO": "10",
            # The library of the pins makes a pipe where it is started, and knows no pins where it cannot.
            "WorkingDirectory": f"/var/lib/{NAME}",
            "SuccessExitStatus": "5",  # it was asked from afar to start again
            "MemoryMax": "300M",
            "TasksMax": "64",
            "OOMScoreAdjust": "-500",
            "DevicePolicy": "closed",
            "DeviceAllow": "\nDeviceAllow=".join(f"{device} rw" for device in _DEVICES),
            "MemoryDenyWriteExecute": "no",  # libffi's closures, by which libasound is called
        },
    )


def install_agent(root: Path, say: Say, *, start: bool) -> None:
    """Raises `CannotInstall`."""
    what = Installation(
        unit=unit(program(NAME, Path(sys.executable))),
        groups=("audio", "gpio", "systemd-journal", "video"),
        settings=_SETTINGS_TEXT,
        settings_path=SETTINGS_PATH,
    )
    install(what, root, say, start=start)
