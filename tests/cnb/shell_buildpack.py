"""A buildpack in shell that gives a platform any files, and keeps what the platform gave it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gobp.cnb import toml
from gobp.cnb.build_plan import BuildPlan
from gobp.cnb.buildpack import escape_id


@dataclass(frozen=True, slots=True)
class ShellBuildpack:
    """A shell buildpack: its plan, and files that its build copies into its layers folder.

    It also keeps what it was given: ``given/plan``, ``given/variables`` and ``given/store.toml``.
    """

    id: str
    api: str
    plan: BuildPlan
    files: Mapping[str, str]

    def write(self, root: Path) -> None:
        folder = root / escape_id(self.id) / "1.0.0"
        self._program(folder / "bin/detect", 'cp "$home/plan.toml" "${CNB_BUILD_PLAN_PATH:-$2}"\n')
        self._program(
            folder / "bin/build",
            'layers="${CNB_LAYERS_DIR:-$1}"; mkdir "$layers/given"\n'
            'cp "${CNB_BP_PLAN_PATH:-$3}" "$layers/given/plan"\n'
            '/usr/bin/env -0 > "$layers/given/variables"\n'
            'test ! -e "$layers/store.toml" || cp "$layers/store.toml" "$layers/given/"\n'
            'cp -r "$home/files/." "$layers/"\n'
            # Without types the lifecycle would rename the folder.
            'printf "[types]\\nlaunch = true\\n" > "$layers/given.toml"\n',
        )
        (folder / "buildpack.toml").write_text(
            f'api = "{self.api}"\n[buildpack]\nid = "{self.id}"\nversion = "1.0.0"\n'
            'homepage = "https://example.com/?a&b"\n[[stacks]]\nid = "*"\n'
        )
        (folder / "plan.toml").write_text(toml.dumps(self.plan.to_toml()))
        for path, text in self.files.items():
            file = folder / "files" / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)

    @staticmethod
    def _program(path: Path, body: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f'#!/bin/sh\nset -e\nhome="$(dirname "$(dirname "$0")")"\n{body}')
        path.chmod(0o755)
