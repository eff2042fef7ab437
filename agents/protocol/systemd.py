"""What both programs share as services of systemd: its notices, its watchdog, and the hardening of their units.

Rules of the module: nothing here needs systemd to be there. Notices go nowhere where nobody asked for them
(sd_notify(3)); a unit is a text until it is written.
"""

import asyncio
import os
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

_WATCHED_LEAST_S: Final = 0.05

# Every line is one that `systemd-analyze security` knows. `ProtectClock` is not among them: it takes away adjtimex(2),
# by which both programs learn whether the system clock is kept true, along with setting it; without capabilities
# nobody sets it anyway.
HARDENING: Final[Mapping[str, str]] = {
    "NoNewPrivileges": "yes",
    "CapabilityBoundingSet": "",
    "AmbientCapabilities": "",
    "ProtectSystem": "strict",
    "ProtectHome": "yes",
    "PrivateTmp": "yes",
    "PrivateMounts": "yes",
    "ProtectKernelTunables": "yes",
    "ProtectKernelModules": "yes",
    "ProtectKernelLogs": "yes",
    "ProtectControlGroups": "yes",
    "ProtectHostname": "yes",
    "ProtectProc": "invisible",
    "RestrictAddressFamilies": "AF_UNIX AF_INET AF_INET6 AF_NETLINK",
    "RestrictNamespaces": "yes",
    "RestrictSUIDSGID": "yes",
    "LockPersonality": "yes",
    "SystemCallArchitectures": "native",
    "SystemCallFilter": "@system-service adjtimex clock_adjtime",
    "SystemCallErrorNumber": "EPERM",
    "RemoveIPC": "yes",
    "UMask": "0077",
}


@dataclass(frozen=True, kw_only=True)
class Unit:
    """A service that is always to run: started at boot, started again whatever ended it, watched over.

    ``name`` is also its user, its group, and its folders under ``/var/lib`` and ``/etc``. ``service`` holds more lines
    of the section, and wins over `HARDENING`.
    """

    name: str
    description: str
    command: str
    watchdog_s: int
    service: Mapping[str, str] = field(default_factory=dict)

    def text(self) -> str:
        """The file as systemd reads it (systemd.service(5), systemd.exec(5))."""
        base = {
            "Type": "notify",
            "NotifyAccess": "main",
            "ExecStart": self.command,
            "User": self.name,
            "Group": self.name,
            "StateDirectory": self.name,
            "StateDirectoryMode": "0700",
            "WatchdogSec": f"{self.watchdog_s}s",
            "TimeoutStartSec": "120s",
            "TimeoutStopSec": "20s",
            "Restart": "always",
            "RestartSec": "2s",
        }
        lines = [f"{name}={value}" for name, value in {**base, **HARDENING, **self.service}.items()]
        return "\n".join(
            [
                "# Written by the program's own install command, which may write it again. Changes belong into",
                f"# /etc/systemd/system/{self.name}.service.d/.",
                "[Unit]",
                f"Description={self.description}",
                # Not after time-sync.target, which may wait for a time server for ever: both know how sure they are.
                "After=network.target sound.target",
                # Never give up: nobody stands beside it to start it again.
                "StartLimitIntervalSec=0",
                "",
                "[Service]",
                *lines,
                "",
                "[Install]",
                "WantedBy=multi-user.target",
                "",
            ]
        )


def notify(notice: str) -> None:
    """Tells systemd, where it asked to be told: ``READY=1``, ``STOPPING=1``, ``WATCHDOG=1``, ``STATUS=...``."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        try:
            sender.sendto(notice.encode(), address)
        except OSError:
            return  # whoever asked is gone


def watchdog_s() -> float | None:
    """Within how many seconds systemd wants to hear ``WATCHDOG=1`` again; None where it does not watch this process
    (sd_watchdog_enabled(3)).
    """
    watched = os.environ.get("WATCHDOG_PID", "")
    try:
        limit_s = int(os.environ.get("WATCHDOG_USEC", "")) / 1e6
    except ValueError:
        return None
    if limit_s <= 0 or watched not in ("", str(os.getpid())):
        return None
    return limit_s


async def keep_watched(alive: Callable[[], bool]) -> None:
    """Tells the watchdog, three times in its limit, that the program goes on; for as long as it does.

    That this runs shows that the event loop does; ``alive`` answers for the rest. Where it says no, nothing is told,
    and systemd starts the program again. Returns only by being cancelled.
    """
    limit_s = watchdog_s()
    if limit_s is None:
        await asyncio.Event().wait()
        return
    while True:
        if alive():
            notify("WATCHDOG=1")
        await asyncio.sleep(max(_WATCHED_LEAST_S, limit_s / 3))
