"""The demonstration, as a newcomer runs it."""

import asyncio
from pathlib import Path

import pytest

from controller.stage import command


@pytest.mark.system
@pytest.mark.alone
async def test_the_demonstration_checks_itself_and_stops(tmp_path: Path) -> None:
    argv = [command("loa"), "demo", "--once", "--folder", str(tmp_path)]
    demo = await asyncio.create_subprocess_exec(*argv, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT)
    out, _ = await asyncio.wait_for(demo.communicate(), 150)
    said = out.decode()

    assert demo.returncode == 0, said
    for name in ("Đầu làng", "Nhà văn hoá", "Chợ xã"):
        row = next(line for line in said.splitlines() if line.strip().startswith(name) and "yes" in line)
        assert "NO" not in row
    assert len(list(tmp_path.glob("run-*/*/heard/*.wav"))) >= 3 or "sound card" in said
