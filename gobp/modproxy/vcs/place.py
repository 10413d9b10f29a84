"""Where in its repository a module is (https://go.dev/ref/mod#vcs-dir)."""

from dataclasses import dataclass
from posixpath import join

from gobp.errors import UserError
from gobp.golang import semver
from gobp.golang.module import check_version_fits, split_path_major
from gobp.modproxy.vcs.refs import versions_of_tags


@dataclass(frozen=True, slots=True)
class Root:
    """A repository: its git URL, and the import path that its folder ``folder`` stands for."""

    prefix: str
    url: str
    folder: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """A module in a repository.

    ``folder`` is below the repository's root ("" at it); a module example.com/m/v2 may be in a
    folder v2 of it instead, its ``major_folder`` ("" where it cannot be). ``major`` is what ends
    the module's path: /v2, .v3 (gopkg.in), or "".
    """

    module: str
    folder: str
    major: str
    major_folder: str

    @classmethod
    def of(cls, module: str, root: Root) -> "Place":
        """Return the place of a module in the repository that it is in."""
        before_major, major = split_path_major(module)
        if module == root.prefix:
            folder = root.folder
        else:
            below = before_major.removeprefix(root.prefix).strip("/")
            folder = join(below, root.folder).strip("/")
        own_folder = major.startswith("/") and module != root.prefix
        return cls(module, folder, major, join(folder, major[1:]) if own_folder else "")

    @property
    def tag_prefix(self) -> str:
        """What is before the version in a tag of the module."""
        return f"{self.folder}/" if self.folder else ""

    @property
    def major_version(self) -> str:
        """The major version that the path demands: v2; "" where it may be v0 or v1."""
        return self.major[1:].removesuffix("-unstable")

    @property
    def tag_prefix_of_major(self) -> str:
        """What is before minor and patch in a tag of the module, or before all of its version."""
        return f"{self.tag_prefix}{self.major[1:]}." if self.major else self.tag_prefix

    def fits(self, version: str) -> bool:
        """Say whether the path may be at a version, of which +incompatible says nothing."""
        try:
            check_version_fits(self.module, version.removesuffix(semver.INCOMPATIBLE))
        except UserError:
            return False
        return True

    @property
    def may_be_incompatible(self) -> bool:
        """Whether a version v2 or higher of a module without go.mod may be of this path."""
        return not self.folder and not self.major

    def tagged(self, tags: dict[str, str]) -> dict[str, str]:
        """Return the tags of the module by version, whether they fit its path or not."""
        if self.major.endswith("-unstable"):
            return {}  # https://gopkg.in: the tags are those of the stable path
        return versions_of_tags(tags, self.tag_prefix)
