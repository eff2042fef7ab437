"""A village: poles in network namespaces of their own, on a bridge, with cables that can be pulled and noisy air.

Names are made from the process and a number, so that several villages can stand side by side. Needs root and iproute2.
"""

import contextlib
import itertools
import os
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

from controller.premises import Program, command
from controller.stage import Stage

_NUMBERS = itertools.count()


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


@dataclass
class Cable:
    """The link of one pole to the bridge."""

    namespace: str
    outer: str
    inner: str

    def pull(self) -> None:
        ip("link", "set", self.outer, "down")

    def plug(self) -> None:
        ip("link", "set", self.outer, "up")

    def noise(self, share: float) -> None:
        """This share of all packets to the pole is lost."""
        self.quiet()
        limit = round(share * 100)
        rules = (
            "add table inet noise",
            "add chain inet noise in { type filter hook input priority 0; }",
            f"add rule inet noise in iifname {self.inner} numgen random mod 100 < {limit} drop",
        )
        for rule in rules:
            subprocess.run(["ip", "netns", "exec", self.namespace, "nft", rule], check=True, capture_output=True)

    def quiet(self) -> None:
        subprocess.run(["ip", "netns", "exec", self.namespace, "nft", "flush", "ruleset"], check=True)


@dataclass
class Village:
    """The station, its poles by name, and their cables."""

    stage: Stage
    gateway: str
    cables: dict[str, Cable] = field(default_factory=dict)

    async def pole(self, name: str, token: str, address: str) -> Program:
        """A pole is put up: its cable, its box, which is adopted by the token."""
        cable = self.cables[name]
        ip("netns", "exec", cable.namespace, "ip", "addr", "add", f"{address}/24", "dev", cable.inner)
        ip("netns", "exec", cable.namespace, "ip", "link", "set", cable.inner, "up")
        ip("netns", "exec", cable.namespace, "ip", "link", "set", "lo", "up")
        state = self.stage.state_dir(name)
        argv = ["ip", "netns", "exec", cable.namespace, command("loa-agent"), "run", "--state-dir", str(state)]
        argv += ["--name", name, "--no-mdns", "--output", "null", "--enrolment-token", token]
        argv += ["--controller-url", f"http://{self.gateway}:{self.stage.port}"]
        program = Program(name, argv, self.stage.folder / name / "agent.log", dict(os.environ))
        self.stage.agents[name] = program
        await program.start()
        return program


@contextlib.asynccontextmanager
async def village(folder: Path, poles: int) -> AsyncIterator[Village]:
    """A running station with this many adopted poles that are ready."""
    number = next(_NUMBERS)
    short = f"{os.getpid() % 100_000}{number}"
    bridge, gateway = f"lb{short}", f"10.{80 + number % 100}.{os.getpid() % 250}.1"
    names = [f"pole-{one}" for one in range(poles)]
    cables = {name: Cable(f"loa{short}p{one}", f"lo{short}{one}", f"li{short}{one}") for one, name in enumerate(names)}
    try:
        ip("link", "add", bridge, "type", "bridge")
        ip("addr", "add", f"{gateway}/24", "dev", bridge)
        ip("link", "set", bridge, "up")
        for cable in cables.values():
            ip("netns", "add", cable.namespace)
            ip("link", "add", cable.outer, "type", "veth", "peer", "name", cable.inner, "netns", cable.namespace)
            ip("link", "set", cable.outer, "master", bridge, "up")
        async with Stage(folder, controller_flags=("--host", "0.0.0.0", "--no-mdns")) as stage:
            built = Village(stage, gateway, cables)
            await stage.start_controller()
            await stage.sign_in()
            token = await stage.run(
                command("loa"),
                "admin",
                "token",
                "--uses",
                str(poles),
                "--area",
                "Xã Hoà Bình",
                "--bare",
                "--data-dir",
                str(stage.data_dir),
            )
            for one, name in enumerate(names):
                await built.pole(name, token, gateway.rsplit(".", 1)[0] + f".{one + 10}")
            await stage.connected(poles, within_s=60)
            yield built
    finally:
        for cable in cables.values():
            subprocess.run(["ip", "netns", "del", cable.namespace], check=False, capture_output=True)
        subprocess.run(["ip", "link", "del", bridge], check=False, capture_output=True)
