"""How do many files travel as one, so that the same files always give the same bytes?

A zip archive with one spelling: names in ascending order, stored without compression, dated
1980-01-01, no comments, no extra fields. Every tool unpacks it, and a reader can rebuild each
header from the files, so that no byte of the container is left unchecked. Compression is left
out because its bytes change with the version of the library.
A bundle may as well be a plain directory; both are read through the same three methods.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol, Self
from zlib import crc32

from audit.errors import BundleTooLarge, MalformedBundle

_LOCAL = struct.Struct("<4s5H3I2H")
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")
_DATE = 0x0021  # 1980-01-01, the earliest that zip can say
_UNIX_FILE = 0o100644 << 16
_MOST_BYTES = 2**32 - 1
_MOST_FILES = 2**16 - 1


class Files(Protocol):
    """Named files that can be read one at a time."""

    @property
    def names(self) -> list[str]:
        """Every file's name, with `/` between its parts, in ascending order."""

    @property
    def damage(self) -> list[tuple[str, str]]:
        """What is wrong with the container itself: file and detail."""

    def read(self, name: str) -> bytes:
        """The bytes of a file that is in `names`."""


class _Member(NamedTuple):
    name: str
    crc: int
    size: int
    offset: int


def write_archive(path: Path, files: Iterable[tuple[str, bytes]]) -> None:
    """Write the one archive of these files, which come in ascending order of their names.

    Raises `BundleTooLarge` over 65,535 files or 4 GiB: such a bundle is written as a directory.
    """
    members: list[_Member] = []
    with path.open("wb") as out:
        for name, data in files:
            # INVARIANT: one order only; it also rules out two files of one name.
            assert not members or members[-1].name < name
            member = _Member(name, crc32(data), len(data), out.tell())
            if member.offset + member.size > _MOST_BYTES or len(members) == _MOST_FILES:
                raise BundleTooLarge("expected at most 65,535 files and 4 GiB, write a directory instead")
            members.append(member)
            out.write(_local(member))
            out.write(data)
        start = out.tell()
        for member in members:
            out.write(_central(member))
        if out.tell() > _MOST_BYTES:
            raise BundleTooLarge("expected at most 4 GiB, write a directory instead")
        out.write(_end(len(members), start=start, size=out.tell() - start))


def write_directory(path: Path, files: Iterable[tuple[str, bytes]]) -> None:
    """Write the files below a directory, which must not exist yet."""
    path.mkdir(parents=True)
    for name, data in files:
        target = path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)


def open_files(path: Path) -> Files:
    """The files of a bundle, be it an archive or a directory. Raises `MalformedBundle` when it is neither."""
    if path.is_dir():
        return Directory(path)
    return Archive.open(path)


class Directory:
    """A bundle that was unpacked. A link in it is damage: it would lead outside. So is a name that no archive has."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.damage: list[tuple[str, str]] = []
        self.names: list[str] = []
        for item in sorted(path.rglob("*")):
            name = item.relative_to(path).as_posix()
            if not name.isascii() or not name.isprintable():
                shown = ascii(name)[1:-1]  # it may be no text at all, which nothing could print
                self.damage.append((shown, "expected file names of printable ASCII"))
            elif item.is_symlink():
                self.damage.append((name, "expected a file, got a link"))
            elif item.is_file():
                self.names.append(name)
        self.names.sort()

    def read(self, name: str) -> bytes:
        """The bytes of a file that is in `names`."""
        return (self._path / name).read_bytes()


class Archive:
    """A bundle as one zip file of our one spelling."""

    def __init__(self, path: Path, members: list[_Member], damage: list[tuple[str, str]]) -> None:
        self._path = path
        self._members = {member.name: member for member in members}
        self.names = sorted(self._members)
        self.damage = damage

    @classmethod
    def open(cls, path: Path) -> Self:
        """Read the list of files. Raises `MalformedBundle` when it cannot be found or followed."""
        try:
            with path.open("rb") as file:
                return cls(path, *_members(file))
        except OSError as error:
            raise MalformedBundle("expected a readable file or directory") from error

    def read(self, name: str) -> bytes:
        """The bytes of a file that is in `names`. Raises `MalformedBundle` when its checksum differs."""
        member = self._members[name]
        with self._path.open("rb") as file:
            file.seek(member.offset + _LOCAL.size + len(name))
            data = file.read(member.size)
        if crc32(data) != member.crc:
            raise MalformedBundle("expected the checksum that the archive states")
        return data


def _members(file: BinaryIO) -> tuple[list[_Member], list[tuple[str, str]]]:
    """The members, and each header that is not the one its file gives."""
    central, count, start = _directory(file)
    members: list[_Member] = []
    damage: list[tuple[str, str]] = []
    at = free = 0
    for _ in range(count):
        member, header = _member_at(central, at)
        if central[at : at + len(header)] != header:
            damage.append((member.name, "expected the one spelling of its directory entry"))
        if members and members[-1].name >= member.name:
            damage.append((member.name, "expected ascending names, each once"))
        file.seek(member.offset)
        local = _local(member)
        if member.offset != free or file.read(len(local)) != local:
            damage.append(
                (member.name, "expected the one spelling of its header, right after the file before")
            )
        members.append(member)
        at, free = at + len(header), member.offset + len(local) + member.size
    if at != len(central) or free != start:
        raise MalformedBundle("expected nothing between the files and the directory of the archive")
    return members, damage


def _directory(file: BinaryIO) -> tuple[bytes, int, int]:
    """The directory of the archive, how many files it lists, and where it starts."""
    size = file.seek(0, 2)
    if size < _END.size:
        raise MalformedBundle("expected a zip archive, got a file that is too short")
    file.seek(size - _END.size)
    end = file.read(_END.size)
    count, length, start = _END.unpack(end)[4:7]
    if end != _end(count, start=start, size=length) or start + length + _END.size != size:
        raise MalformedBundle("expected the end of a zip archive without comment or trailing bytes")
    file.seek(start)
    return file.read(length), count, start


def _member_at(central: bytes, at: int) -> tuple[_Member, bytes]:
    """The file listed at this place of the directory, and the entry that it should have there."""
    if at + _CENTRAL.size > len(central):
        raise MalformedBundle("expected as many files as the archive states")
    values = _CENTRAL.unpack_from(central, at)
    name = _name(central[at + _CENTRAL.size : at + _CENTRAL.size + values[10]])
    member = _Member(name, values[7], values[9], values[16])
    return member, _central(member)


def _name(raw: bytes) -> str:
    try:
        name = raw.decode("ascii")
    except UnicodeDecodeError as error:
        raise MalformedBundle("expected file names of ASCII") from error
    if not name.isprintable() or any(part in ("", ".", "..") for part in name.split("/")):
        raise MalformedBundle("expected file names that stay inside the bundle")
    return name


def _local(member: _Member) -> bytes:
    name = member.name.encode()
    sizes = (member.crc, member.size, member.size)
    return _LOCAL.pack(b"PK\x03\x04", 20, 0, 0, 0, _DATE, *sizes, len(name), 0) + name


def _central(member: _Member) -> bytes:
    name = member.name.encode()
    sizes = (member.crc, member.size, member.size)
    versions = (0x0300 | 20, 20)  # made on Unix, needs 2.0
    tail = (len(name), 0, 0, 0, 0, _UNIX_FILE, member.offset)
    return _CENTRAL.pack(b"PK\x01\x02", *versions, 0, 0, 0, _DATE, *sizes, *tail) + name


def _end(count: int, *, start: int, size: int) -> bytes:
    return _END.pack(b"PK\x05\x06", 0, 0, count, count, size, start, 0)
