"""Repositories with all that the go command makes a difference of, for tests of version control."""

from pathlib import Path

from integration.git_hosting import GitHost, GitRepository

HOST = "git.example.com"
GOPKG = "gopkg.in"


def go_mod(path: str, *lines: str) -> str:
    return "\n".join([f"module {path}", "", *lines, ""])


def publish_all(host: GitHost, work: Path) -> None:
    """Make the repositories, and have the host serve them."""
    _plain(host, GitRepository(work / "plain"))
    _before_modules(host, GitRepository(work / "old"))
    _major_on_a_branch(host, GitRepository(work / "branch"))
    _several_in_one(host, GitRepository(work / "mono"))
    _upper_case(host, GitRepository(work / "upper"))
    _untagged(host, GitRepository(work / "untagged"))
    _gopkg(host, GitRepository(work / "gopkg"))
    _attributes(host, GitRepository(work / "attributes"))
    _vendored(host, GitRepository(work / "vendored"))
    _in_a_folder(host, GitRepository(work / "folder"))
    _long_hashes(host, GitRepository(work / "sha256", object_format="sha256"))
    host.publish(GitRepository(work / "empty"), "empty", f"{HOST}/empty")


def _plain(host: GitHost, repository: GitRepository) -> None:
    path = f"{HOST}/plain"
    repository.commit({"README": "no module yet\n"})
    repository.commit({"go.mod": go_mod(path), "a.go": "package plain\n"}, "v0.1.0")
    repository.git("branch", "dev")
    repository.commit({"a.go": "package plain // 2\n"}, "release")
    repository.commit({"a.go": "package plain // 3\n"}, "v0.2.0-rc.1")
    repository.commit({"a.go": "package plain // 4\n"})
    repository.commit({"a.go": "package plain // 5\n"}, "v1.0.0", "v1.0.0-rc.1")
    repository.commit({"a.go": "package plain // 6\n"}, "v1.0.1")
    retract = "retract [v1.0.1, v1.0.2] // wrong"
    repository.commit({"go.mod": go_mod(path, "go 1.20", retract)}, "v1.0.2", "v1.0.3")
    repository.git("tag", "-a", "-m", "annotated", "v1.1.0")
    repository.commit({"a.go": "package plain // 7\n"}, "v1.2", "v1.1.1+meta")
    repository.commit({"a.go": "package plain // 8\n"}, "v1.3.0-0.20200101000000-abcdefabcdef")
    repository.git("checkout", "-q", "dev")
    repository.commit({"b.go": "package plain // dev\n"})
    repository.git("checkout", "-q", "main")
    host.publish(repository, "plain", path)


def _before_modules(host: GitHost, repository: GitRepository) -> None:
    repository.commit({"a.go": "package old\n"}, "v1.0.0")
    repository.commit({"a.go": "package old // 2\n"}, "v2.0.0")
    repository.commit({"a.go": "package old // 3\n"}, "v2.1.0")
    repository.commit({"a.go": "package old // 4\n"}, "v3.0.0-beta")
    repository.commit({"a.go": "package old // 5\n"})
    repository.commit({"v4/go.mod": go_mod(f"{HOST}/old/v4"), "v4/a.go": "package old\n"}, "v4.0.0")
    repository.commit({"a.go": "package old // 6\n"})
    host.publish(repository, "old", f"{HOST}/old")


def _major_on_a_branch(host: GitHost, repository: GitRepository) -> None:
    path = f"{HOST}/branch"
    repository.commit({"a.go": "package branch\n"}, "v1.0.0")
    repository.commit({"go.mod": go_mod(path)}, "v1.1.0")
    repository.git("checkout", "-q", "-b", "v2")
    repository.commit({"go.mod": go_mod(f"{path}/v2")}, "v2.0.0")
    repository.commit({"a.go": "package branch // 2\n"})
    repository.git("checkout", "-q", "main")
    repository.commit({"a.go": "package branch // 3\n"}, "v3.0.0")
    host.publish(repository, "branch", path)


def _several_in_one(host: GitHost, repository: GitRepository) -> None:
    path = f"{HOST}/mono"
    repository.commit(
        {
            "go.mod": go_mod(path),
            "LICENSE": "for all\n",
            "a.go": "package mono\n",
            "sub/go.mod": go_mod(f"{path}/sub"),
            "sub/b.go": "package sub\n",
            "sub/deep/x y.txt": "\n",
            "own/go.mod": go_mod(f"{path}/own"),
            "own/LICENSE": "its own\n",
            "plain/c.go": "package plain\n",
        },
        *("v1.0.0", "sub/v0.1.0", "own/v0.2.0"),
    )
    repository.commit(
        {
            "sub/v2/go.mod": go_mod(f"{path}/sub/v2"),
            "sub/v2/b.go": "package sub\n",
            "v2/go.mod": go_mod(f"{path}/v2"),
            "v2/a.go": "package mono\n",
        },
        *("sub/v2.0.0", "sub/v0.1.1", "v2.0.0"),
    )
    repository.commit({"sub/b.go": "package sub // 2\n"})
    repository.commit({"GO/Go.Mod": "\n", "GO/c.go": "package x\n"}, "v1.1.0")
    host.publish(repository, "mono", path)


def _upper_case(host: GitHost, repository: GitRepository) -> None:
    path = f"{HOST}/BurntSushi/TOML"
    repository.commit({"go.mod": go_mod(path), "A.go": "package toml\n"}, "v1.0.0", "v1.1.0-RC1")
    host.publish(repository, "BurntSushi/TOML", path)


def _untagged(host: GitHost, repository: GitRepository) -> None:
    repository.commit({"go.mod": go_mod(f"{HOST}/untagged"), "a.go": "package untagged\n"})
    repository.commit({"a.go": "package untagged // 2\n"})
    host.publish(repository, "untagged", f"{HOST}/untagged")


def _gopkg(host: GitHost, repository: GitRepository) -> None:
    repository.commit({"a.go": "package yaml\n"}, "v1.0.0")
    repository.commit({"a.go": "package yaml // 2\n"}, "v2.0.0")
    repository.commit({"go.mod": go_mod("gopkg.in/yaml.v2")}, "v2.1.0")
    repository.commit({"a.go": "package yaml // 3\n"})
    for name in ("yaml.v1", "yaml.v2", "yaml.v2-unstable"):
        host.publish(repository, name, f"{GOPKG}/{name}")


def _attributes(host: GitHost, repository: GitRepository) -> None:
    path = f"{HOST}/attributes"
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"
    (repository.path / "link").symlink_to("a.go")
    (repository.path / "submodule").mkdir()
    repository.git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},module")
    repository.commit(
        {
            "go.mod": go_mod(path),
            "a.go": "package attributes\n",
            "ignored.txt": "but not by go\n",
            "substituted.txt": "$Format:%H$\n",
            "ident.txt": "$Id$\n",
            "crlf.txt": "a\nb\n",
            "as-is.txt": "a\r\nb\n",
            "wide.txt": "a\n",
            "big.bin": pointer,
            "run.sh": "#!/bin/sh\n",
            ".hg_archival.txt": "\n",
            ".gitattributes": (
                "ignored.txt export-ignore\nsubstituted.txt export-subst\nident.txt ident\n"
                "crlf.txt text eol=crlf\nas-is.txt -text\nbig.bin filter=lfs diff=lfs -text\n"
                "wide.txt working-tree-encoding=UTF-16LE\n"
            ),
        },
        "v1.0.0",
    )
    host.publish(repository, "attributes", path)


def _vendored(host: GitHost, repository: GitRepository) -> None:
    path = f"{HOST}/vendored"
    files = {
        "a.go": "package vendored\n",
        "vendor/modules.txt": "# none\n",
        "vendor/x/y/z.go": "package y\n",
        "pkg/vendor/vendor.go": "package vendor\n",
        "pkg/vendor/a/b.go": "package a\n",
    }
    repository.commit({**files, "go.mod": go_mod(path, "go 1.23")}, "v1.0.0")
    repository.commit({"go.mod": go_mod(path, "go 1.24")}, "v1.1.0")
    host.publish(repository, "vendored", path)


def _in_a_folder(host: GitHost, repository: GitRepository) -> None:
    path = f"{HOST}/elsewhere"
    repository.commit(
        {"LICENSE": "for all\n", "go/lib/go.mod": go_mod(path), "go/lib/a.go": "package lib\n"},
        "go/lib/v1.0.0",
        "v9.9.9",
    )
    host.publish(repository, "folder", path, "go/lib")


def _long_hashes(host: GitHost, repository: GitRepository) -> None:
    path = f"{HOST}/sha256"
    repository.commit({"go.mod": go_mod(path), "a.go": "package sha256\n"}, "v0.1.0")
    repository.commit({"a.go": "package sha256 // 2\n"})
    host.publish(repository, "sha256", path)
