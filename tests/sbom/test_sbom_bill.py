import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gobp.sbom.bill import Bill, Component, Kind, bill_of_programs, bill_of_toolchain, settings_of
from tests.fakes.bills import MODULES, OUTPUT, program_files, toolchain, two_programs
from tests.fakes.known_modules import KnownModules


def bill_of(*lines: str, go: str = "go1.26.8") -> Bill:
    output = "\n".join([f"bin/app: {go}", *(f"\t{line}" for line in lines)])
    return bill_of_programs("targets", program_files(output), KnownModules())


def component(bill: Bill, name: str) -> Component:
    (found,) = [each for each in bill.components if each.name == name]
    return found


def test_every_module_of_every_program_is_one_component() -> None:
    names = [each.purl for each in two_programs().components]

    assert names == [
        "pkg:golang/example.com/app@v0.0.0-20260102030405-0123456789ab%2Bdirty",
        "pkg:golang/example.com/fork@v1.1.0",
        "pkg:golang/example.com/local",
        "pkg:golang/github.com/BurntSushi/toml@v1.2.0",
        "pkg:golang/github.com/docker/docker@v28.5.2%2Bincompatible",
        "pkg:golang/stdlib@1.26.8",
    ]


def test_a_bill_says_which_program_holds_which_module() -> None:
    held = {p.name: [part.name for part in p.parts] for p in two_programs().programs}

    assert held["bin/cli"] == ["example.com/app", "github.com/BurntSushi/toml", "stdlib"]
    assert len(held["bin/web"]) == 6
    assert two_programs().top == ("bin/cli", "bin/web")


def test_the_module_that_replaces_another_is_the_component_and_names_the_other() -> None:
    fork = component(two_programs(), "example.com/fork")

    assert (fork.version, fork.h1) == ("v1.1.0", "h1:Zm9yaw==")
    assert fork.replacements == ("example.com/old v1.0.0 => example.com/fork v1.1.0",)


@pytest.mark.parametrize("folder", ["./local", "../local", "/home/me/local", ".."])
def test_a_folder_that_replaces_a_module_has_its_name_but_no_version(folder: str) -> None:
    bill = bill_of("mod\texample.com/app", "dep\texample.com/x\tv1.0.0", f"=>\t{folder}\t(devel)\t")

    found = component(bill, "example.com/x")

    assert (found.version, found.h1, found.purl) == ("", "", "pkg:golang/example.com/x")
    assert found.replacements == (f"example.com/x v1.0.0 => {folder}",)


def test_two_modules_replaced_by_one_are_one_component_that_names_both() -> None:
    bill = bill_of(
        "mod\texample.com/app",
        *("dep\texample.com/b\tv1.0.0", "=>\texample.com/fork\tv1.1.0\th1:x="),
        *("dep\texample.com/a\tv1.0.0", "=>\texample.com/fork\tv1.1.0\th1:x="),
    )

    assert component(bill, "example.com/fork").replacements == (
        "example.com/a v1.0.0 => example.com/fork v1.1.0",
        "example.com/b v1.0.0 => example.com/fork v1.1.0",
    )


def test_hashes_that_a_program_lacks_are_those_of_go_sum() -> None:
    assert component(two_programs(), "github.com/docker/docker").h1 == "h1:ZG9ja2Vy"


def test_a_module_that_was_built_where_it_lies_has_no_version() -> None:
    assert component(bill_of("mod\texample.com/app\t(devel)\t"), "example.com/app").version == ""


def test_a_program_without_modules_is_known_by_its_package() -> None:
    bill = bill_of("path\texample.com/old/cmd/app")

    assert [each.name for each in bill.components] == ["example.com/old/cmd/app", "stdlib"]


@pytest.mark.parametrize("lines", [[], ["path\tcommand-line-arguments"]])
def test_a_program_that_names_nothing_has_the_standard_library_alone(lines: list[str]) -> None:
    bill = bill_of(*lines)

    assert [each.name for each in bill.components] == ["stdlib"]
    assert bill.programs[0].main is None


@pytest.mark.parametrize(
    ("printed", "version", "cpe"),
    [
        ("go1.26.8", "1.26.8", "cpe:2.3:a:golang:go:1.26.8:-:*:*:*:*:*:*"),
        ("go1.27rc1 X:nodwarf5", "1.27rc1", "cpe:2.3:a:golang:go:1.27:rc1:*:*:*:*:*:*"),
        ("go1.26.8-acme", "1.26.8-acme", "cpe:2.3:a:golang:go:1.26.8:-:*:*:*:*:*:*"),
        ("weird", "weird", ""),
    ],
)
def test_the_standard_library_has_the_version_of_go(printed: str, version: str, cpe: str) -> None:
    library = component(bill_of(go=printed), "stdlib")

    assert (library.version, library.cpe, library.kind) == (version, cpe, Kind.STANDARD_LIBRARY)
    assert library.licences == ("BSD-3-Clause",)


def test_a_program_says_how_it_was_built() -> None:
    assert settings_of(two_programs().programs[1]) == {
        "GOARCH": "amd64",
        "go": "go1.26.8-X:nodwarf5",
        "path": "example.com/app/cmd/web",
        "vcs.revision": "0123456789ab",
    }


def test_go_itself_is_a_bill_of_one_component() -> None:
    (go,) = toolchain().components

    assert (go.name, go.version, go.purl) == ("Go", "1.26.8", "pkg:generic/go@1.26.8")
    assert toolchain().top == (go.purl,)
    assert bill_of_toolchain("go", "1.26.8").components[0].archive is None


@given(st.randoms(use_true_random=False))
def test_the_order_in_which_things_are_found_does_not_matter(chance: random.Random) -> None:
    files = program_files()
    shuffled = []
    for file in chance.sample(files, len(files)):
        dependencies = list(file.info.dependencies)
        chance.shuffle(dependencies)
        info = replace(file.info, dependencies=tuple(dependencies))
        shuffled.append(type(file)(info, file.sha256))

    bill = bill_of_programs("targets", shuffled, MODULES)

    assert bill.components == two_programs().components
    assert [p.parts for p in bill.programs] == [p.parts for p in two_programs().programs]
    assert OUTPUT.index("bin/web") < OUTPUT.index("bin/cli")  # the programs were not sorted before
