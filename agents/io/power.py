"""What outlives the program but not the power: the boot id, and what was known of controller time.

The monotonic clock goes on over a restart of the program, so a mapping of the same boot is as good as holdover. It is
kept in a small file that is replaced as a whole; one that cannot be read is as none.
"""

import dataclasses
import json
import os
import secrets
from pathlib import Path
from typing import Final

from agents.domain.clock import ControllerClock, Mapping

CLOCK_FILE: Final = "clock.json"
_KERNEL_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")


def boot_id() -> str:
    """Changes whenever power came back; where the kernel has none, whenever the program starts."""
    try:
        return _KERNEL_BOOT_ID.read_text("ascii").strip()
    except OSError:
        return secrets.token_hex(16)


def save_clock(state_dir: Path, boot: str, clock: ControllerClock) -> None:
    """Raises `OSError`."""
    saved = clock.saved()
    if saved is None:
        return
    clock_id, mapping = saved
    text = json.dumps({"boot_id": boot, "clock_id": clock_id, "mapping": dataclasses.asdict(mapping)})
    fresh = state_dir / (CLOCK_FILE + ".new")
    with fresh.open("w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(state_dir / CLOCK_FILE)


def restore_clock(state_dir: Path, boot: str, clock: ControllerClock) -> bool:
    """Whether there was something of this boot to restore."""
    try:
        kept = json.loads((state_dir / CLOCK_FILE).read_text("ascii"))
        if kept["boot_id"] != boot:
            return False
        clock.restore(str(kept["clock_id"]), Mapping(**kept["mapping"]))
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return True


def forget_clock(state_dir: Path) -> None:
    """For a device that was released: the next controller has a time of its own."""
    (state_dir / CLOCK_FILE).unlink(missing_ok=True)


def notify_ready() -> None:
    """Tells systemd that the agent is ready, where it asked to be told (sd_notify(3))."""
    import socket

    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        try:
            sender.sendto(b"READY=1", address)
        except OSError:
            return  # whoever asked is gone
