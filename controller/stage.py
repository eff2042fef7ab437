"""What people do at a station, on the real thing: a technician who adopts, an editor who sends.

The demonstration, the measurements and the system tests all stand on this.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

from controller.premises import LOOPBACK, Json, Premises, Program, StageError, command, free_port


class Stage(Premises):
    """A station, and what people do there."""

    async def found(self, name: str, *, within_s: float = 30) -> Json:
        """Waits until this speaker's new device was found by mDNS and has dialled in."""
        # By id: a name can be copied, and another station may be on show on the same machine.
        device_id = await self.device_id(name)

        async def look() -> Json | None:
            for device in (await self.api("GET", "/api/v1/found"))["found"]:
                if device["device_id"] == device_id and device["linked"] and device["seen_by_mdns"]:
                    return dict(device)
            return None

        return await self.until(f"{name} to be found", look, within_s=within_s, alive=[self.agents[name]])

    async def adopt(self, name: str, *, area: str = "", listen_s: float | None = None) -> Json:
        """Read the code at the box and type it, as a technician would. Returns the speaker.

        With ``listen_s`` the device is first asked to speak its code aloud, and listened to for that long.
        """
        device = await self.found(name)
        path = f"/api/v1/found/{device['device_id']}"
        if listen_s is not None:
            await self.api("POST", path + "/identify")
            await asyncio.sleep(listen_s)
        code = await self.run(command("loa-agent"), "code", "--state-dir", str(self.state_dir(name)))
        speaker = await self.api("POST", path + "/adopt", {"code": code, "name": name, "area": area})
        return dict(speaker)

    async def connected(self, count: int, *, within_s: float = 30) -> list[Json]:
        """Waits until this many adopted speakers are ready, and returns them by name."""

        async def look() -> list[Json] | None:
            speakers = (await self.api("GET", "/api/v1/speakers"))["speakers"]
            return speakers if sum(1 for s in speakers if s["ready"]) >= count else None

        return await self.until(f"{count} speakers to be ready", look, within_s=within_s, alive=[*self.agents.values()])

    # --- bulletins and airings --------------------------------------------------------------------------------------

    async def text_bulletin(self, title: str, text: str, *, language: str = "vi") -> str:
        """Hands in a text and waits until its clips are ready. Returns the bulletin's id."""
        body = {"title": title, "text": text, "language": language, "words_per_minute": 125}
        bulletin = await self.api("POST", "/api/v1/bulletins", body)
        return await self.bulletin_ready(bulletin["bulletin_id"])

    async def bulletin_ready(self, bulletin_id: str, *, within_s: float = 120) -> str:
        async def look() -> str | None:
            bulletin = await self.api("GET", f"/api/v1/bulletins/{bulletin_id}")
            if bulletin["state"] == "failed":
                raise StageError(f"the bulletin could not be made: {bulletin['failure']} {bulletin['failure_detail']}")
            return bulletin_id if bulletin["state"] == "ready" else None

        return await self.until("the bulletin to be ready", look, within_s=within_s)

    async def send_now(self, bulletin_id: str) -> str:
        """Sends it to every speaker. Returns the airing's id."""
        airing = await self.api("POST", "/api/v1/airings", {"bulletin_id": bulletin_id, "speaker_ids": "all"})
        return str(airing["airing_id"])

    async def airing(self, airing_id: str) -> Json:
        return dict(await self.api("GET", f"/api/v1/airings/{airing_id}"))

    async def playbacks_reach(
        self, airing_id: str, enough: Callable[[list[Json]], bool], what: str, *, within_s: float, every_s: float = 0.05
    ) -> list[Json]:
        """Waits until the evidence of the airing satisfies ``enough``, and returns it."""

        async def look() -> list[Json] | None:
            playbacks = (await self.airing(airing_id))["playbacks"]
            return playbacks if enough(playbacks) else None

        return await self.until(what, look, within_s=within_s, every_s=every_s)


@contextlib.asynccontextmanager
async def station(folder: Path, speakers: Sequence[str], *flags: str) -> AsyncIterator[Stage]:
    """A controller and adopted speakers, ready. ``flags`` go to every ``loa-agent run``."""
    async with Stage(folder) as stage:
        await stage.start_controller()
        await stage.sign_in()
        for name in speakers:
            await stage.start_agent(name, *flags)
        for name in speakers:
            await stage.adopt(name)
        await stage.connected(len(speakers))
        yield stage


__all__ = ["LOOPBACK", "Json", "Program", "Stage", "StageError", "command", "free_port", "station"]
