"""What outlives the program, and what outlives the power: the boot id, what was known of controller time, the battery.

The monotonic clock goes on over a restart of the program, so a mapping of the same boot is as good as holdover. It is
kept in a small file that is replaced as a whole; one that cannot be read is as none.

Whether a battery keeps the time cannot be asked of every box. Judged is what the kernel tells of its clock chip: the
voltage of the battery where the chip measures it, the chip's own word on its battery, a date that no chip without power
would show, and that the kernel set its time by it when it started.
"""

import dataclasses
import json
import os
import re
import secrets
from pathlib import Path
from typing import Final

from agents.domain.clock import ControllerClock, Mapping

CLOCK_FILE: Final = "clock.json"
_CLOCK_CHIPS: Final = Path("sys/class/rtc")
_CHIP_STATUS: Final = Path("proc/driver/rtc")
_LEAST_BATTERY_UV: Final = 2_000_000
"""A lithium cell below this is empty, or not there."""
_NO_EARLIER_S: Final = 1_735_689_600
"""The year 2025: an earlier date is what a chip shows that lost its time."""
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


def battery_clock(root: Path = Path("/")) -> bool | None:
    """Whether a battery keeps the time over a power cut; None where it cannot be known. Reads a few small files."""
    if not (root / _CLOCK_CHIPS.parent).is_dir():
        return None
    try:
        chips = sorted((root / _CLOCK_CHIPS).iterdir())
    except OSError:
        return False
    verdicts = [_kept_by_battery(chip, root / _CHIP_STATUS) for chip in chips]
    if True in verdicts:
        return True
    return None if None in verdicts else False


def _kept_by_battery(chip: Path, status: Path) -> bool | None:
    date_s = _number(chip / "since_epoch")
    if date_s is None or date_s < _NO_EARLIER_S:
        return False  # chips that notice that they lost power refuse to tell a time
    voltage_uv = _number(chip / "battery_voltage")
    if voltage_uv is not None:
        return voltage_uv >= _LEAST_BATTERY_UV
    said = re.search(r"^batt_status\s*:\s*(\w+)", _text(status), re.MULTILINE)
    if said is not None and chip.name == "rtc0":
        return said.group(1) == "okay"
    return True if _number(chip / "hctosys") == 1 else None


def _number(path: Path) -> int | None:
    text = _text(path)
    return int(text) if text.isascii() and text.isdigit() else None


def _text(path: Path) -> str:
    try:
        return path.read_text("ascii", "replace").strip()
    except OSError:
        return ""
