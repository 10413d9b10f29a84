"""Lock files of dep, glide and godep."""

import contextlib
import re
import string
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gobp.errors import UserError
from gobp.golang import semver
from gobp.golang.legacy_lock import (
    LegacyLock,
    LockedProject,
    as_import_path,
    from_glide,
    from_godeps,
    from_gopkg,
    module_paths,
    untranslatable,
)

REVISION = "0123456789abcdef0123456789abcdef01234567"
GOPKG_LOCK = f"""\
[[projects]]
  digest = "1:00"
  name = "github.com/pkg/errors"
  packages = ["."]
  pruneopts = "UT"
  revision = "{REVISION}"
  version = "v0.9.1"

[[projects]]
  branch = "master"
  name = "golang.org/x/net"
  packages = ["context"]
  revision = "{REVISION}"
  source = "https://github.com/golang/net.git"

[[projects]]
  name = "github.com/old/tags"
  revision = "{REVISION}"
  version = "1.0"

[solve-meta]
  solver-version = 1
"""

_names = st.text(string.ascii_lowercase + string.digits + "-_", min_size=1, max_size=8)
_hosts = st.sampled_from(["example.com", "git.example.org", "github.com", "gopkg.in"])
_paths = st.builds(lambda host, rest: "/".join([host, *rest]), _hosts, st.lists(_names, min_size=1))
_revisions = st.text("0123456789abcdef", min_size=40, max_size=40)
_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
_rows = st.dictionaries(
    st.sampled_from(["name", "revision", "version", "source", "repo", "ImportPath", "Rev"]), _values
)
_documents = st.dictionaries(
    st.sampled_from(["projects", "imports", "testImports", "Deps", "ImportPath", "package"]),
    st.lists(_rows, max_size=3) | _values,
)


def test_a_lock_of_dep_gives_tags_revisions_and_forks() -> None:
    lock = from_gopkg(tomllib.loads(GOPKG_LOCK))

    assert lock == LegacyLock(
        (
            LockedProject(("github.com/pkg/errors",), REVISION, "v0.9.1"),
            LockedProject(("golang.org/x/net",), REVISION, source="github.com/golang/net"),
            LockedProject(("github.com/old/tags",), REVISION),
        )
    )


def test_a_lock_of_glide_gives_what_app_and_tests_import_once() -> None:
    row = {"name": "gopkg.in/yaml.v2", "version": REVISION, "subpackages": ["x"]}
    fork = {"name": "example.com/a", "version": "v1.2.3", "repo": "git@example.com:fork/a.git"}

    lock = from_glide(
        {"hash": "00", "imports": [row], "testImports": [fork, row]}, {"package": "example.com/app"}
    )

    assert lock == LegacyLock(
        (
            LockedProject(("gopkg.in/yaml.v2",), REVISION),
            LockedProject(("example.com/a",), "v1.2.3", "v1.2.3", "example.com/fork/a"),
        ),
        import_path="example.com/app",
    )


def test_a_lock_of_godep_gives_each_repository_once() -> None:
    rows = [
        {"ImportPath": "github.com/pkg/errors", "Comment": "v0.9.1-2-g0123456", "Rev": REVISION},
        {
            "ImportPath": "github.com/pkg/errors/sub",
            "Comment": "v0.9.1-2-g0123456",
            "Rev": REVISION,
        },
        {"ImportPath": "k8s.io/api/core/v1", "Comment": "v1.2.3", "Rev": REVISION},
    ]

    lock = from_godeps({"ImportPath": "example.com/app", "GoVersion": "go1.8", "Deps": rows})

    assert lock.import_path == "example.com/app"
    errors, api = lock.projects
    assert errors.queries == (f"github.com/pkg/errors@{REVISION}",)
    assert api.queries[:3] == (
        "k8s.io/api/core/v1@v1.2.3",
        "k8s.io/api/core@v1.2.3",
        "k8s.io/api@v1.2.3",
    )


@pytest.mark.parametrize(
    ("package", "expected"),
    [
        ("github.com/a/b/c/d", ("github.com/a/b",)),
        ("golang.org/x/net/http2", ("golang.org/x/net",)),
        ("gopkg.in/yaml.v2", ("gopkg.in/yaml.v2",)),
        ("gopkg.in/user/pkg.v3/sub", ("gopkg.in/user/pkg.v3",)),
        ("example.com/a/b", ("example.com/a/b", "example.com/a")),
        ("example.com", ("example.com",)),
    ],
)
def test_a_packages_module_is_at_its_repositorys_root(
    package: str, expected: tuple[str, ...]
) -> None:
    assert module_paths(package) == expected


@given(_paths)
def test_each_module_path_of_a_package_is_above_the_next(package: str) -> None:
    paths = module_paths(package)

    assert all(f"{package}/".startswith(f"{path}/") for path in paths)
    assert list(paths) == sorted(paths, key=len, reverse=True)


@pytest.mark.parametrize(
    "address",
    [
        "example.com/a/b",
        "https://example.com/a/b",
        "https://me:secret@Example.com/a/b.git",
        "git@example.com:a/b.git",
        "ssh://git@example.com/a/b",
        "ssh://git@example.com:2222/a/b/",
    ],
)
def test_addresses_of_a_repository_stand_for_one_import_path(address: str) -> None:
    assert as_import_path(address) == "example.com/a/b"


@pytest.mark.parametrize("address", ["", "/srv/git/a", "../a", "file:///srv/a", "host/a"])
def test_an_address_without_a_host_stands_for_none(address: str) -> None:
    assert as_import_path(address) == ""


@given(
    st.lists(st.tuples(_paths, _revisions, st.from_regex(r"v[0-9]\.[0-9]\.[0-9]", fullmatch=True)))
)
def test_every_locked_project_is_asked_for_by_its_tag_and_then_its_revision(
    rows: list[tuple[str, str, str]],
) -> None:
    document = {
        "projects": [
            {"name": path, "revision": revision, "version": version}
            for path, revision, version in rows
        ]
    }

    lock = from_gopkg(document)

    assert [project.queries for project in lock.projects] == [
        (f"{path}@{version}", f"{path}@{revision}") for path, revision, version in rows
    ]


@given(st.text(max_size=20))
def test_only_what_go_takes_for_a_version_is_a_tag(version: str) -> None:
    project = from_gopkg({"projects": [{"name": "example.com/a", "version": version}]}).projects[0]

    assert project.version in {"", version}
    if project.version:
        assert semver.is_valid(project.version)
        assert not re.search(r"-\d+-g[0-9a-f]{4,}$", project.version)


@given(_documents)
def test_a_document_is_read_or_refused_with_a_reason(document: dict[str, object]) -> None:
    for reader in (from_gopkg, from_godeps, lambda read: from_glide(read, read)):
        with contextlib.suppress(UserError):
            assert all(project.path for project in reader(document).projects)


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ({"projects": {"name": "a"}}, "Gopkg.lock cannot be read: projects is not a list"),
        ({"projects": [{"revision": "a"}]}, "Gopkg.lock cannot be read: a dependency has no name"),
        ({"projects": [{"name": 1}]}, "Gopkg.lock cannot be read: name is not a text"),
    ],
)
def test_what_dep_would_not_write_is_refused(document: dict[str, object], reason: str) -> None:
    with pytest.raises(UserError, match=re.escape(reason)):
        from_gopkg(document)


def test_what_go_mod_has_no_words_for_is_said() -> None:
    said = untranslatable({"required": ["example.com/tool"], "ignored": ["example.com/a*"]})

    assert [line.partition(":")[0] for line in said] == [
        "Gopkg.toml requires example.com/tool, which no package imports",
        "Gopkg.toml ignores example.com/a*",
    ]
    assert untranslatable({}) == ()
