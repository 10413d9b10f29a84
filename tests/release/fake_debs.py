"""Small Debian packages, made as dpkg-deb lays them out."""

import hashlib
import io
import lzma
import tarfile
from collections.abc import Mapping

from release.lock import Package, PoolFile


def ar(members: Mapping[str, bytes]) -> bytes:
    data = b"!<arch>\n"
    for name, content in members.items():
        header = f"{name:<16}{0:<12}{0:<6}{0:<6}{100644:<8}{len(content):<10}`\n"
        data += header.encode() + content + b"\n" * (len(content) % 2)
    return data


def deb(files: Mapping[str, bytes], links: Mapping[str, str] | None = None) -> bytes:
    tar_bytes = io.BytesIO()
    with tarfile.open(fileobj=tar_bytes, mode="w") as tar:
        for path, content in files.items():
            member = tarfile.TarInfo(path)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
        for path, target in (links or {}).items():
            member = tarfile.TarInfo(path)
            member.type = tarfile.SYMTYPE
            member.linkname = target
            tar.addfile(member)
    data = lzma.compress(tar_bytes.getvalue())
    return ar({"debian-binary": b"2.0\n", "control.tar.xz": b"", "data.tar.xz": data})


def pool_file(name: str, data: bytes) -> PoolFile:
    return PoolFile(f"pool/main/x/x/{name}", len(data), hashlib.sha256(data).hexdigest())


def package(name: str, data: bytes, *, version: str = "1.0-1") -> Package:
    file = pool_file(f"{name}_{version}_all.deb", data)
    return Package(name, version, "x", version, {"amd64": file, "arm64": file})
