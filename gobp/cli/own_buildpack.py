"""Where gobp's own buildpack lies: the folder that commands use when no other is named."""

from pathlib import Path

from gobp.errors import UserError


def own_buildpack() -> Path:
    """Return the folder with buildpack.toml and bin. Raises UserError where there is none."""
    folder = Path(__file__).resolve().parents[2]
    if (folder / "buildpack.toml").is_file() and (folder / "bin" / "build").is_file():
        return folder
    raise UserError(
        f"gobp's own buildpack is not at {folder}",
        remedy="run gobp from its clone (pip install --editable .), or name one with --buildpack.",
    )
