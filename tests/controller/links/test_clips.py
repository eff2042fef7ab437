"""Clips for devices: only with the ticket of a live link, any range of them, and nothing beside them."""

import hashlib

import pytest


@pytest.fixture
def clip(station):
    content = bytes(range(256)) * 40
    name = hashlib.sha256(content).hexdigest()
    (station.clips / f"{name}.opus").write_bytes(content)
    (station.clips / "secret.opus").write_bytes(b"not a clip")
    return name, content


def ticket_of(device, **changes):
    device_id = changes.get("device_id", device.device_id)
    ticket = changes.get("ticket", device.welcome.clip_ticket)
    return {"Authorization": f"Loa-Device {device_id}:{ticket}", **changes.get("headers", {})}


async def get(station, path, headers):
    async with station.http.get(f"{station.url}/device/clips/{path}", headers=headers) as answer:
        return answer.status, await answer.read(), answer.headers


async def test_a_linked_device_gets_the_clip_whole_and_may_keep_it(station, clip):
    name, content = clip
    device = await station.adopted()
    status, body, headers = await get(station, name, ticket_of(device))
    assert (status, body) == (200, content)
    assert headers["Content-Type"] == "audio/ogg"
    assert "immutable" in headers["Cache-Control"]
    assert headers["ETag"]
    assert "Content-Encoding" not in headers


async def test_a_fetch_that_broke_off_goes_on(station, clip):
    name, content = clip
    device = await station.adopted()
    status, body, headers = await get(station, name, ticket_of(device, headers={"Range": "bytes=10000-"}))
    assert (status, body) == (206, content[10_000:])
    assert headers["Content-Range"] == f"bytes 10000-{len(content) - 1}/{len(content)}"
    status, _, _ = await get(station, name, ticket_of(device, headers={"Range": f"bytes={len(content)}-"}))
    assert status == 416


async def test_without_the_ticket_of_this_link_nothing_is_told(station, clip):
    name, _ = clip
    device, other = await station.adopted(), await station.adopted()
    for headers in (
        {},
        {"Authorization": "Loa-Device"},
        {"Authorization": "Basic YTpi"},
        ticket_of(device, ticket="guess"),
        ticket_of(device, ticket=""),
        ticket_of(device, ticket=other.welcome.clip_ticket),
        ticket_of(device, device_id="d-nobody"),
        ticket_of(device, ticket="é"),
    ):
        assert (await get(station, name, headers))[0] == 401
        assert (await get(station, "0" * 64, headers))[0] == 401, "not even whether it is there"
    assert station.hub.counters.clips_denied == 16


async def test_the_ticket_ends_with_the_link(station, clip):
    name, _ = clip
    device = await station.adopted()
    await station.hub.disconnect(device.device_id)
    assert (await get(station, name, ticket_of(device)))[0] == 401


@pytest.mark.parametrize("path", ["0" * 64, "secret", "..%2f..%2fkeys", "%00", "A" * 64, "0" * 63, "0" * 65])
async def test_what_is_no_clip_is_not_found(station, clip, path):
    device = await station.adopted()
    assert (await get(station, path, ticket_of(device)))[0] == 404
