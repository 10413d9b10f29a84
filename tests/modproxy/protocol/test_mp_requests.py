import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gobp.errors import UserError
from gobp.golang.module import check_path, escape_path, escape_version
from gobp.modproxy.protocol.requests import (
    Kind,
    Latest,
    ModuleFile,
    NotOfTheProtocolError,
    Query,
    SumdbFile,
    VersionList,
    is_canonical,
    parse_request,
)

elements = st.from_regex(r"[A-Za-z0-9_~.-]{1,12}", fullmatch=True)
modules = st.builds(
    lambda host, rest, major: "/".join([host, *rest]) + major,
    st.from_regex(r"[a-z0-9-]{1,8}\.[a-z]{2,5}", fullmatch=True),
    st.lists(elements, max_size=4),
    st.sampled_from(["", "/v2", "/v12"]),
)
versions = st.from_regex(
    r"v(0|1|2|12)\.(0|[1-9][0-9]?)\.(0|[1-9][0-9]?)(-[A-Za-z][0-9A-Za-z-]{0,8}(\.[1-9])?)?"
    r"(\+incompatible)?",
    fullmatch=True,
)


def is_module(path: str) -> bool:
    try:
        check_path(path)
    except UserError:
        return False
    return True


def is_version(text: str) -> bool:
    try:
        escape_version(text)
    except UserError:
        return False
    return True


@given(module=modules, version=versions, kind=st.sampled_from(Kind))
def test_every_file_of_a_version_survives_its_path(module: str, version: str, kind: Kind) -> None:
    assume(is_module(module) and is_canonical(module, version))
    file = ModuleFile(module, version, kind)
    assert parse_request(file.path) == file


@given(module=modules)
def test_lists_and_latest_versions_survive_their_paths(module: str) -> None:
    assume(is_module(module))
    for request in (VersionList(module), Latest(module)):
        assert parse_request(request.path) == request


@given(module=modules, query=st.from_regex(r"[A-Za-z0-9._-]{1,20}", fullmatch=True))
def test_queries_survive_their_paths(module: str, query: str) -> None:
    assume(is_module(module) and not is_canonical(module, query) and is_version(query))
    assume(query not in {"latest", "upgrade", "patch"})
    request = Query(module, query)
    assert parse_request(request.path) == request


@given(path=st.text(max_size=60) | st.from_regex(r"[a-z./@v!%\\-]{0,40}", fullmatch=True))
def test_whatever_is_asked_for_is_a_request_inside_the_tree_or_refused(path: str) -> None:
    try:
        request = parse_request(path)
    except NotOfTheProtocolError:
        return
    assert request.path == path
    assert not {"", ".", ".."} & set(path.split("/"))


@pytest.mark.parametrize(
    "path",
    [
        "",
        "example.com",
        "example.com/m",
        "example.com/m/@v",
        "example.com/m/@v/",
        "example.com/m/@v/list/",
        "example.com/m/@v/v1.0.0.exe",
        "example.com/m/@v/.info",
        "example.com/m/@v/v1.0.0",
        "/example.com/m/@v/list",
        "example.com//m/@v/list",
        "example.com/./m/@v/list",
        "example.com/../m/@v/list",
        "example.com/.hidden/@v/list",
        "example.com/m./@v/list",
        "example.com/m\\n/@v/list",
        "example.com/m\x00/@v/list",
        "example.com/m\n/@v/list",
        "example.com/M/@v/list",
        "example.com/!M/@v/list",
        "example.com/!!m/@v/list",
        "example.com/m!/@v/list",
        "example.com/mé/@v/list",
        "example.com/m n/@v/list",
        "example.com/con/@v/list",
        "example.com/LPT1.txt/@v/list",
        "example.com/a~1/@v/list",
        "example.com/m/v0/@v/list",
        "example.com/m/v1/@v/list",
        "example.com/m/v02/@v/list",
        "example.com/m/v2.0/@v/list",
        "gopkg.in/yaml/@v/list",
        "gopkg.in/yaml.v01/@v/list",
        "nodot/m/@v/list",
        "-example.com/m/@v/list",
        "Example.com/m/@v/list",
        "example_x.com/m/@v/list",
        "example.com/m/@v/v1.0.mod",
        "example.com/m/@v/v1.zip",
        "example.com/m/@v/main.mod",
        "example.com/m/@v/v2.0.0.mod",
        "example.com/m/v2/@v/v1.0.0.zip",
        "example.com/m/@v/v1.0.0+meta.zip",
        "example.com/m/@v/v01.0.0.zip",
        "example.com/m/@v/V1.0.0.info",
        "example.com/m/@v/latest.info",
        "example.com/m/@v/upgrade.info",
        "example.com/m/@v/patch.info",
        "example.com/m/@v/feature/x.info",
        "example.com/m/@latest/",
        "@v/list",
        "@latest",
        ".gobp/tmp/@v/list",
        "sumdb/sum.example",
        "sumdb/sum.example/secret",
        "sumdb/sum.example/tile/8/0/../x",
        "sumdb/sum.example/tile/8/0/abc",
        "sumdb/sum.example/lookup/example.com/m",
        "sumdb/sum.example/lookup/example.com/M@v1.0.0",
        "sumdb/../lookup/example.com/m@v1.0.0",
        "a" * 3000,
        "example.com/" + "a" * 250 + "/@v/list",
    ],
)
def test_what_no_go_command_asks_for_is_refused(path: str) -> None:
    with pytest.raises(NotOfTheProtocolError):
        parse_request(path)


@pytest.mark.parametrize(
    ("path", "request_"),
    [
        ("example.com/m/@v/list", VersionList("example.com/m")),
        ("example.com/!burnt!sushi/@latest", Latest("example.com/BurntSushi")),
        (
            "example.com/m/@v/v1.0.0-!r!c1.zip",
            ModuleFile("example.com/m", "v1.0.0-RC1", Kind.ZIP),
        ),
        (
            "example.com/m/@v/v2.0.0+incompatible.mod",
            ModuleFile("example.com/m", "v2.0.0+incompatible", Kind.MOD),
        ),
        ("gopkg.in/yaml.v3/@v/v3.0.1.mod", ModuleFile("gopkg.in/yaml.v3", "v3.0.1", Kind.MOD)),
        (
            "gopkg.in/check.v1/@v/v0.0.0-20161208181325-20d25e280405.mod",
            ModuleFile("gopkg.in/check.v1", "v0.0.0-20161208181325-20d25e280405", Kind.MOD),
        ),
        (
            "golang.org/toolchain/@v/v0.0.1-go1.26.7.linux-amd64.zip",
            ModuleFile("golang.org/toolchain", "v0.0.1-go1.26.7.linux-amd64", Kind.ZIP),
        ),
        ("example.com/m/@v/v1.2.info", Query("example.com/m", "v1.2")),
        ("example.com/m/@v/main.info", Query("example.com/m", "main")),
        ("example.com/m/@v/v1.0.0+meta.info", Query("example.com/m", "v1.0.0+meta")),
        ("example.com/m/v2/@v/v1.0.0.info", Query("example.com/m/v2", "v1.0.0")),
        ("sumdb/sum.example/supported", SumdbFile("sum.example", "supported")),
        ("sumdb/host.example/a/b/latest", SumdbFile("host.example/a/b", "latest")),
        (
            "sumdb/sum.example/lookup/example.com/!foo@v1.0.0",
            SumdbFile("sum.example", "lookup/example.com/!foo@v1.0.0"),
        ),
        (
            "sumdb/sum.example/tile/8/0/x001/234.p/17",
            SumdbFile("sum.example", "tile/8/0/x001/234.p/17"),
        ),
        ("sumdb/sum.example/tile/8/data/000", SumdbFile("sum.example", "tile/8/data/000")),
    ],
)
def test_what_a_go_command_asks_for_is_understood(path: str, request_: object) -> None:
    assert parse_request(path) == request_


def test_a_lookup_names_what_is_looked_up() -> None:
    looked_up = SumdbFile("sum.example", "lookup/example.com/!foo@v1.0.0").looked_up
    assert looked_up == ("example.com/Foo", "v1.0.0")
    assert SumdbFile("sum.example", "latest").looked_up is None


@given(module=modules)
def test_escaping_leaves_no_upper_case(module: str) -> None:
    assume(is_module(module))
    assert escape_path(module) == escape_path(module).lower()
