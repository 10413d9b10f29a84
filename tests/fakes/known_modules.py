"""Modules of which a test says what there is to know."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from gobp.golang.buildinfo import BuiltModule


@dataclass(frozen=True)
class KnownModules:
    """Licences by module path; hashes by path and version."""

    by_path: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    sums: Mapping[tuple[str, str], str] = field(default_factory=dict)

    def licences(self, module: BuiltModule) -> tuple[str, ...]:
        return self.by_path.get(module.path, ())

    def sum(self, module: BuiltModule) -> str:
        return self.sums.get((module.path, module.version), "")
