"""project.toml: what an app's repository says about its build.

Source: project descriptor specification 0.2; 0.1, which pack still reads, has the same under
``[build]``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from gobp.cnb import gitignore
from gobp.cnb.toml import Table, get_str, get_strs, get_table, get_tables, require_str
from gobp.errors import UserError

_VERSION = "0.2"


@dataclass(frozen=True, slots=True)
class ProjectDescriptor:
    """Variables of the build, and patterns of the files that take part in it."""

    env: Mapping[str, str] = field(default_factory=dict)
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()

    def keeps(self, path: str) -> bool:
        """Say whether a file, by its path relative to the app, takes part in the build."""
        if self.include:
            return gitignore.matches(self.include, path)
        return not gitignore.matches(self.exclude, path)

    @classmethod
    def from_toml(cls, document: Mapping[str, object], *, source: str) -> "ProjectDescriptor":
        """Read the document. Raises UserError on a wrong type or on include beside exclude."""
        patterns, variables = _sections(document, source)
        descriptor = cls(
            env={
                require_str(table, "name", source=source): get_str(table, "value", source=source)
                for table in get_tables(variables, "env", source=source)
            },
            include=get_strs(patterns, "include", source=source),
            exclude=get_strs(patterns, "exclude", source=source),
        )
        if descriptor.include and descriptor.exclude:
            raise UserError(
                f"{source} has include and exclude", remedy="keep the one that says it shorter."
            )
        return descriptor


def _sections(document: Mapping[str, object], source: str) -> tuple[Table, Table]:
    """Return the table of include and exclude, and the table of env."""
    if "_" not in document:
        build = get_table(document, "build", source=source)
        return build, build
    version = get_str(get_table(document, "_", source=source), "schema-version", source=source)
    if version != _VERSION:
        raise UserError(
            f"{source} has the schema-version {version!r}",
            remedy=f'write schema-version = "{_VERSION}" under [_].',
        )
    buildpacks = get_table(get_table(document, "io", source=source), "buildpacks", source=source)
    return buildpacks, get_table(buildpacks, "build", source=source)
