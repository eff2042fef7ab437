"""A disk whose power is cut, made from the record of what a program did to its files (strace).

What a disk holds after a cut is more than what the program saw written and less than it wished. Here, as POSIX lets it
be: what was written to a file before its last fsync is there. Of what was written since, each write is there, or not,
or up to some byte of it, or some of its sectors, in any order. A name that came, went or changed is as it was at the
last fsync of its directory, or has gone any number of steps on from there.
"""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

TRACED: Final = (
    "openat,write,pwrite64,writev,pwritev,ftruncate,truncate,fsync,fdatasync,rename,renameat,renameat2,unlink,unlinkat"
)
_LINE: Final = re.compile(r"^(\d+)\s+(.*)$")
_RESUMED: Final = re.compile(r"^<\.\.\. \w+ resumed>(.*)$")
_CALL: Final = re.compile(r"^(\w+)\((.*)\)\s+=\s+(-?\d+)(?:<([^>]*)>)?", re.DOTALL)
_ON: Final = re.compile(r"^\d+<([^>]*)>")
_TEXT: Final = re.compile(r'"((?:\\x[0-9a-f]{2})*)"(\.\.\.)?')
_NUMBER: Final = re.compile(r"(\d+)$")
_SECTOR_BYTES: Final = 512


class Unreadable(Exception):
    """The record cannot be read: strace cut something short, or the program did what is not modelled here."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call that succeeded. ``path`` is the file it was made on or with, ``to`` where a rename led."""

    name: str
    path: str
    data: bytes = b""
    offset: int | None = None
    to: str = ""
    flags: str = ""


def calls(trace: Path) -> Iterator[Call]:
    """In the order in which they ended. Raises `Unreadable`."""
    unfinished: dict[str, str] = {}
    with trace.open(encoding="ascii") as lines:
        for line in lines:
            found = _LINE.match(line.rstrip("\n"))
            if found is None:
                continue
            thread, text = found.groups()
            if text.endswith("<unfinished ...>"):
                unfinished[thread] = text.removesuffix("<unfinished ...>").rstrip()
                continue
            resumed = _RESUMED.match(text)
            if resumed is not None:
                text = unfinished.pop(thread, "") + resumed.group(1)
            call = _call(text)
            if call is not None:
                yield call


def _call(text: str) -> Call | None:
    found = _CALL.match(text)
    if found is None or int(found.group(3)) < 0:
        return None
    name, arguments, result, opened = found.groups()
    texts = _TEXT.findall(arguments)
    if any(cut for _, cut in texts):
        raise Unreadable("strace left something out")
    strings = [_plain(one) for one, _ in texts]
    on = _ON.match(arguments)
    path = "" if on is None else _plain(on.group(1)).decode()
    number = _NUMBER.search(arguments)
    offset = int(number.group(1)) if number is not None else None
    match name:
        case "openat":
            flags = arguments[arguments.rindex('"') + 1 :]
            return Call(name, _plain(opened or "").decode(), flags=flags)
        case "write":
            return Call(name, path, strings[0][: int(result)])
        case "pwrite64":
            return Call(name, path, strings[0][: int(result)], offset)
        case "fsync" | "fdatasync":
            return Call("fsync", path)
        case "ftruncate":
            return Call(name, path, offset=offset)
        case "rename" | "renameat" | "renameat2":
            return Call("rename", strings[0].decode(), to=strings[1].decode())
        case "unlink" | "unlinkat":
            return Call("unlink", strings[0].decode())
        case _:
            raise Unreadable(f"{name} is not modelled")


def _plain(hexed: str) -> bytes:
    return bytes.fromhex(hexed.replace("\\x", "")) if hexed.startswith("\\x") else hexed.encode()


@dataclass(frozen=True, slots=True)
class _Write:
    offset: int
    data: bytes


@dataclass(frozen=True, slots=True)
class _Cut:
    size: int


@dataclass(slots=True)
class _File:
    live: bytearray = field(default_factory=bytearray)
    durable: bytes = b""
    pending: list[_Write | _Cut] = field(default_factory=list)

    def do(self, change: _Write | _Cut) -> None:
        _apply(self.live, change)
        self.pending.append(change)

    def sync(self) -> None:
        self.durable = bytes(self.live)
        self.pending.clear()

    def after_a_cut(self, chance: random.Random) -> bytes:
        content = bytearray(self.durable)
        in_order = chance.random() < 0.5
        until = chance.randint(0, len(self.pending))
        for number, change in enumerate(self.pending):
            if in_order and number > until:
                break
            if in_order and number < until:
                _apply(content, change)
                continue
            for piece in _torn(change, chance):
                _apply(content, piece)
        return bytes(content)


def _apply(content: bytearray, change: _Write | _Cut) -> None:
    match change:
        case _Write(offset=offset, data=data):
            if len(content) < offset:
                content.extend(bytes(offset - len(content)))
            content[offset : offset + len(data)] = data
        case _Cut(size=size):
            del content[size:]
            content.extend(bytes(size - len(content)))


def _torn(change: _Write | _Cut, chance: random.Random) -> Iterator[_Write | _Cut]:
    """Nothing of it, all of it, its beginning, or some of its sectors."""
    manner = chance.randrange(4)
    if manner == 1 or (isinstance(change, _Cut) and manner > 1):
        yield change
    elif isinstance(change, _Write) and manner == 2:
        yield _Write(change.offset, change.data[: chance.randint(0, len(change.data))])
    elif isinstance(change, _Write) and manner == 3:
        for begin in range(0, len(change.data), _SECTOR_BYTES):
            if chance.random() < 0.5:
                yield _Write(change.offset + begin, change.data[begin : begin + _SECTOR_BYTES])


class Disk:
    """The files below ``root``, as the calls leave them. Directories are taken to be there."""

    def __init__(self, root: Path) -> None:
        self._root = str(root)
        self._names: dict[str, _File] = {}
        self._durable_names: dict[str, _File] = {}
        self._pending: dict[str, list[dict[str, _File | None]]] = {}
        self._offsets: dict[str, int | None] = {}
        self.syncs = 0

    def do(self, call: Call) -> None:
        """Takes a call into account where it is about these files. Raises `Unreadable`."""
        path = call.path
        if not path.startswith(self._root + "/") and path != self._root:
            return
        match call.name:
            case "openat":
                self._open(path, call.flags)
            case "write":
                self._write(path, call.data)
            case "pwrite64":
                self._file(path).do(_Write(call.offset or 0, call.data))
            case "ftruncate":
                self._file(path).do(_Cut(call.offset or 0))
            case "fsync":
                self._sync(path)
            case "rename":
                self._name({path: None, call.to: self._file(path)})
            case "unlink":
                self._name({path: None})

    def _open(self, path: str, flags: str) -> None:
        if "O_DIRECTORY" in flags or ("O_CREAT" not in flags and path not in self._names):
            return
        if path not in self._names:
            self._name({path: _File()})
        if "O_TRUNC" in flags:
            self._file(path).do(_Cut(0))
        self._offsets[path] = None if "O_APPEND" in flags else 0

    def _write(self, path: str, data: bytes) -> None:
        file, offset = self._file(path), self._offsets.get(path)
        file.do(_Write(len(file.live) if offset is None else offset, data))
        if offset is not None:
            self._offsets[path] = offset + len(data)

    def _file(self, path: str) -> _File:
        if path not in self._names:
            raise Unreadable(f"{path} was never opened")
        return self._names[path]

    def _name(self, step: dict[str, _File | None]) -> None:
        """Names come and go. A rename is one step: the old name goes as the new one comes."""
        _take_step(self._names, step)
        self._pending.setdefault(str(Path(next(iter(step))).parent), []).append(step)

    def _sync(self, path: str) -> None:
        self.syncs += 1
        if path in self._names:
            self._names[path].sync()
            return
        for step in self._pending.pop(path, []):
            _take_step(self._durable_names, step)

    def after_a_cut(self, chance: random.Random, target: Path) -> None:
        """Writes to ``target`` what may be on the disk if the power were cut now."""
        names = dict(self._durable_names)
        for steps in self._pending.values():
            for step in steps[: chance.randint(0, len(steps))]:
                _take_step(names, step)
        for name, file in names.items():
            path = target / Path(name).relative_to(self._root)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(file.after_a_cut(chance))


def _take_step(names: dict[str, _File], step: dict[str, _File | None]) -> None:
    for name, file in step.items():
        if file is None:
            names.pop(name, None)
        else:
            names[name] = file
