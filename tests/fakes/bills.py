"""Bills of materials of two programs and of a toolchain, with something of everything."""

from gobp.golang import buildinfo
from gobp.sbom.bill import (
    Archive,
    Bill,
    ProgramFile,
    bill_of_programs,
    bill_of_toolchain,
)
from gobp.sbom.origin import Origin
from tests.fakes.known_modules import KnownModules

ORIGIN = Origin("1.2.3")
OUTPUT = """\
bin/web: go1.26.8-X:nodwarf5
\tpath\texample.com/app/cmd/web
\tmod\texample.com/app\tv0.0.0-20260102030405-0123456789ab+dirty\t
\tdep\tgithub.com/BurntSushi/toml\tv1.2.0\th1:Rt8g24XnyGTyglgET/PRUNlrUeu9F5L+7FilkXfZgs0=
\tdep\tgithub.com/docker/docker\tv28.5.2+incompatible\t
\tdep\texample.com/old\tv1.0.0
\t=>\texample.com/fork\tv1.1.0\th1:Zm9yaw==
\tdep\texample.com/local\tv1.0.0
\t=>\t./local\t(devel)\t
\tbuild\tGOARCH=amd64
\tbuild\tvcs.revision=0123456789ab
bin/cli: go1.26.8-X:nodwarf5
\tpath\texample.com/app/cmd/cli
\tmod\texample.com/app\tv0.0.0-20260102030405-0123456789ab+dirty\t
\tdep\tgithub.com/BurntSushi/toml\tv1.2.0\th1:Rt8g24XnyGTyglgET/PRUNlrUeu9F5L+7FilkXfZgs0=
\tbuild\tGOARCH=amd64
"""
MODULES = KnownModules(
    {
        "github.com/BurntSushi/toml": ("MIT",),
        "github.com/docker/docker": ("Apache-2.0", "BSD-3-Clause"),
    },
    {("github.com/docker/docker", "v28.5.2+incompatible"): "h1:ZG9ja2Vy"},
)


def program_files(output: str = OUTPUT) -> list[ProgramFile]:
    """Return the programs that an output of ``go version -m`` is of."""
    infos = buildinfo.parse(output)
    return [ProgramFile(info, f"{number:064x}") for number, info in enumerate(infos)]


def two_programs() -> Bill:
    """Return a bill of modules that are required, replaced, local and known by go.sum only."""
    return bill_of_programs("targets", program_files(), MODULES)


def toolchain() -> Bill:
    """Return the bill of a Go that was downloaded."""
    archive = Archive("https://go.dev/dl/go1.26.8.linux-amd64.tar.gz", "ab" * 32)
    return bill_of_toolchain("go", "1.26.8", h1="h1:Z28=", archive=archive)


BILLS = {"programs": two_programs(), "toolchain": toolchain()}
