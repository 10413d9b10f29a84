"""Debian's archive through Debian's own apt, in a private root: signatures are apt's to verify.

No list or setting of the machine is changed, and no architecture is added to its dpkg.
"""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gobp.errors import UserError
from release.lock import ARCHITECTURES, Package, PoolFile

MIRROR_VARIABLE = "GOBP_DEBIAN_MIRROR"
_SOURCES = Path("/etc/apt")
_KEYRINGS = Path("/usr/share/keyrings")
_ONE_LINE = re.compile(r"^\s*deb\s+(?:\[[^]]*\]\s+)?(https?://\S+)", re.MULTILINE)
_URIS_FIELD = re.compile(r"^URIs:((?:.*\n?)(?:[ \t]+.*\n?)*)", re.MULTILINE | re.IGNORECASE)
_SOURCE_FIELD = re.compile(r"(\S+)(?: \((.+)\))?")


@dataclass(frozen=True, slots=True)
class Mirror:
    """Where Debian's two archives are: the main one, and the one of security updates."""

    main: str
    security: str

    def url(self, file: str) -> str:
        """Return the address of a pool file; security updates have a pool of their own."""
        root = self.security if file.startswith("pool/updates/") else self.main
        return f"{root}/{file}"


def find_mirror(env: Mapping[str, str], sources: Iterable[str]) -> Mirror:
    """Choose the mirror: the variable's, else the one in the texts of apt's source files.

    Raises UserError where neither names one.
    """
    named = env.get(MIRROR_VARIABLE, "").rstrip("/")
    if named:
        return Mirror(named, f"{named}-security")
    uris = [uri.rstrip("/") for text in sources for uri in _uris(text)]
    main = next((uri for uri in uris if uri.endswith("/debian")), "")
    if not main:
        raise UserError(
            "this machine's apt sources name no Debian mirror",
            remedy=f"set {MIRROR_VARIABLE} to one (its address ends in /debian; security updates "
            "are taken from the same address with -security behind it).",
        )
    security = (uri for uri in uris if uri.endswith("/debian-security"))
    return Mirror(main, next(security, f"{main}-security"))


def machine_sources() -> list[str]:
    """Return the texts of the apt source files of this machine."""
    paths = [_SOURCES / "sources.list", *sorted((_SOURCES / "sources.list.d").glob("*"))]
    return [
        path.read_text(encoding="utf-8", errors="replace")
        for path in paths
        if path.is_file() and path.suffix in {".list", ".sources"}
    ]


def current_packages(
    mirror: Mirror, suite: str, keyring: str, names: Sequence[str]
) -> dict[str, Package]:
    """Return the current version of each package, by name, from lists whose signature is right.

    Raises UserError where apt is missing, refuses the archive or does not know a package.
    """
    with tempfile.TemporaryDirectory(prefix="gobp-apt-") as root:
        env = _private_root(Path(root), mirror, suite, _keyring(keyring))
        _apt(["apt-get", "update", "-qq", "--error-on=any"], env)
        wanted = [f"{name}:{arch}" for name in names for arch in ARCHITECTURES]
        shown = _apt(["apt-cache", "show", "--no-all-versions", *wanted], env)
    return parse_packages(shown, names)


def parse_packages(shown: str, names: Sequence[str]) -> dict[str, Package]:
    """Return the packages of an ``apt-cache show`` by name.

    Raises UserError where one is missing or not at one version for all architectures.
    """
    stanzas = [_fields(text) for text in shown.split("\n\n") if text.strip()]
    by_name = {(fields["Package"], fields["Architecture"]): fields for fields in stanzas}
    missing = [name for name in names if any((name, arch) not in by_name for arch in ARCHITECTURES)]
    if missing:
        raise UserError(
            f"the archive does not have {', '.join(missing)} for every architecture",
            remedy="look what the packages are called now and correct release/recipe.py.",
        )
    return {name: _package(name, [by_name[name, arch] for arch in ARCHITECTURES]) for name in names}


def _private_root(root: Path, mirror: Mirror, suite: str, keyring: Path) -> dict[str, str]:
    (root / "lists" / "partial").mkdir(parents=True)
    (root / "cache" / "archives" / "partial").mkdir(parents=True)
    (root / "status").touch()
    security = _source(mirror.security, f"{suite}-security", keyring)
    main = _source(mirror.main, f"{suite} {suite}-updates", keyring)
    (root / "debian.sources").write_text(f"{main}\n{security}", encoding="utf-8")
    architectures = " ".join(f'"{name}";' for name in ARCHITECTURES)
    (root / "apt.conf").write_text(
        f'Dir::State "{root}";\n'
        f'Dir::State::status "{root}/status";\n'
        f'Dir::Cache "{root}/cache";\n'
        f'Dir::Etc::sourcelist "{root}/debian.sources";\n'
        'Dir::Etc::sourceparts "-";\n'
        f'APT::Architecture "{ARCHITECTURES[0]}";\n'
        f"APT::Architectures {{ {architectures} }};\n"
        'Acquire::Languages "none";\n'
        'APT::Get::AllowUnauthenticated "false";\n'
        'APT::Sandbox::User "root";\n',  # its own user cannot read a private folder
        encoding="utf-8",
    )
    return {**os.environ, "APT_CONFIG": str(root / "apt.conf"), "LC_ALL": "C.UTF-8"}


def _source(uri: str, suites: str, keyring: Path) -> str:
    return (
        f"Types: deb\nURIs: {uri}\nSuites: {suites}\nComponents: main\n"
        f"Targets: Packages\nSigned-By: {keyring}\n"
    )


def _keyring(name: str) -> Path:
    found = [path for end in ("gpg", "pgp") if (path := _KEYRINGS / f"{name}.{end}").is_file()]
    if not found:
        raise UserError(
            f"the keyring {name} that signatures are checked with is not installed",
            remedy="install Debian's package debian-archive-keyring.",
        )
    return found[0]


def _apt(argv: Sequence[str], env: Mapping[str, str]) -> str:
    if shutil.which(argv[0]) is None:
        raise UserError(
            f"{argv[0]} is not installed",
            remedy="run this on Debian or Ubuntu, or in a container of either.",
        )
    done = subprocess.run(argv, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise UserError(
            f"{argv[0]} {argv[1]} failed",
            detail=done.stderr.strip(),
            remedy=f"check the network and the mirror ({MIRROR_VARIABLE} names another).",
        )
    return done.stdout


def _package(name: str, stanzas: Sequence[Mapping[str, str]]) -> Package:
    sources = [_built_from(fields) for fields in stanzas]
    if len(set(sources)) > 1:
        raise UserError(
            f"{name} is not at the same version for all architectures",
            remedy="the archive is in the middle of an update: try again in some hours.",
        )
    return Package(
        name=name,
        version=stanzas[0]["Version"],
        source_name=sources[0][0],
        source_version=sources[0][1],
        files={
            arch: PoolFile(fields["Filename"], int(fields["Size"]), fields["SHA256"])
            for arch, fields in zip(ARCHITECTURES, stanzas, strict=True)
        },
    )


def _built_from(fields: Mapping[str, str]) -> tuple[str, str]:
    match = _SOURCE_FIELD.fullmatch(fields.get("Source", fields["Package"]))
    name, version = match.groups() if match else (fields["Package"], None)
    return name, version or fields["Version"]


def _fields(stanza: str) -> dict[str, str]:
    pairs = (line.partition(": ") for line in stanza.splitlines() if not line.startswith(" "))
    return {name: value for name, _, value in pairs}


def _uris(text: str) -> list[str]:
    fields = (match.split() for match in _URIS_FIELD.findall(text))
    listed = [uri for words in fields for uri in words if uri.startswith(("http://", "https://"))]
    return _ONE_LINE.findall(text) + listed
