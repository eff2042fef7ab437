"""Any mDNS browser sees an agent: here Debian's Avahi, in a network namespace of its own with its own message bus."""

import asyncio
import os
from pathlib import Path

import pytest

from controller.stage import command

SCRIPT = Path(__file__).with_name("avahi_room.sh")


@pytest.mark.system
@pytest.mark.alone
async def test_avahi_browse_sees_a_new_agent(tmp_path: Path) -> None:
    namespace = ["unshare", "--net", "--mount"]
    if os.getuid() != 0:
        namespace += ["--user", "--map-root-user"]
    browse = await asyncio.create_subprocess_exec(
        *namespace,
        "sh",
        str(SCRIPT),
        str(tmp_path),
        command("loa-agent"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await asyncio.wait_for(browse.communicate(), 60)

    assert browse.returncode == 0, err.decode()
    seen = [line for line in out.decode().splitlines() if line.startswith("=")]
    assert len(seen) == 1
    assert "_loa-agent._tcp" in seen[0]
    assert '"state=new"' in seen[0]
    assert '"id=d-' in seen[0]
    assert '"protocol=1"' in seen[0]
