import zipfile
from pathlib import Path

import pytest

from gobp.errors import UserError
from release.runtime import REQUIREMENTS
from release.wheels import BUNDLED, bundled_requirements, wheel_files, wheel_licences


def wheel(path: Path, *names: str) -> Path:
    with zipfile.ZipFile(path, "w") as zipped:
        for name in names:
            zipped.writestr(name, name)
    return path


def test_only_the_bundled_packages_are_taken_each_with_its_hashes() -> None:
    pins = bundled_requirements(REQUIREMENTS.read_text(encoding="utf-8"))

    pinned = [line.partition("==")[0] for line in pins.splitlines() if not line.startswith(" ")]
    assert tuple(pinned) == BUNDLED
    assert pins.count("--hash=sha256:") >= len(BUNDLED)


def test_a_package_that_is_not_pinned_is_named() -> None:
    with pytest.raises(UserError, match="does not pin certifi, charset-normalizer"):
        bundled_requirements("click==8.1 \\\n    --hash=sha256:00\nidna==3.0 \\\n    --hash=...\n")


def test_sources_and_certificates_are_taken_from_a_wheel(tmp_path: Path) -> None:
    made = wheel(
        tmp_path / "certifi.whl",
        *("certifi/__init__.py", "certifi/cacert.pem", "certifi/py.typed", "certifi/fast.so"),
        "certifi-1.0.dist-info/METADATA",
    )

    assert sorted(wheel_files(made)) == ["certifi/__init__.py", "certifi/cacert.pem"]


def test_licences_and_notices_are_taken_wherever_the_wheel_keeps_them(tmp_path: Path) -> None:
    made = wheel(
        tmp_path / "requests.whl",
        *("requests-2.0.dist-info/LICENSE", "requests-2.0.dist-info/licenses/NOTICE"),
        *("requests-2.0.dist-info/RECORD", "requests/licenses.py"),
    )

    assert sorted(wheel_licences(made)) == ["requests/LICENSE", "requests/NOTICE"]


def test_a_wheel_that_would_write_outside_its_root_is_refused(tmp_path: Path) -> None:
    made = wheel(tmp_path / "bad.whl", "a/../../evil.py")

    with pytest.raises(UserError, match=r"bad\.whl is not a sound wheel"):
        wheel_files(made)
