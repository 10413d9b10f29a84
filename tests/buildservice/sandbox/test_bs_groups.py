"""Control groups as folders: the real ones are in integration/test_builds_sandbox.py."""

import os
from pathlib import Path

import pytest

from gobp.buildservice.sandbox.groups import GroupsV1, GroupsV2, find_groups
from gobp.buildservice.sandbox.sandbox import Limits

LIMITS = Limits(memory=1000, processes=7, disk=1, file=1, output=1, seconds=1)
PID = os.getpid()


def group_v2(folder: Path, *, divided: bool = False, controllers: str = "cpu memory pids") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "cgroup.controllers").write_text(controllers)
    (folder / "cgroup.subtree_control").write_text("memory pids" if divided else "")
    (folder / "cgroup.procs").write_text(f"{PID}\n")
    (folder / "cgroup.type").write_text("domain\n")
    return folder


def groups_v1(mount: Path) -> list[Path]:
    folders = [mount / "memory", mount / "pids"]
    for folder in folders:
        folder.mkdir(parents=True)
        (folder / "cgroup.procs").write_text("")
    return folders


def test_version_2_is_taken_where_it_has_the_controllers(tmp_path: Path) -> None:
    group_v2(tmp_path)
    own = group_v2(tmp_path / "system.slice" / "gobp.service")

    groups = find_groups(tmp_path, "0::/system.slice/gobp.service\n")

    assert isinstance(groups, GroupsV2)
    assert (own / "cgroup.subtree_control").read_text() == "+memory +pids"


def test_a_service_moves_into_a_leaf_so_that_its_group_can_be_divided(tmp_path: Path) -> None:
    group_v2(tmp_path)
    own = group_v2(tmp_path / "own")

    find_groups(tmp_path, "0::/own\n")

    assert (own / "gobp-service" / "cgroup.procs").read_text() == str(PID)


def test_the_root_of_a_container_is_divided_as_any_other_group(tmp_path: Path) -> None:
    group_v2(tmp_path)

    find_groups(tmp_path, "0::/\n")

    assert (tmp_path / "gobp-service" / "cgroup.procs").read_text() == str(PID)


def test_the_root_of_the_machine_keeps_its_processes(tmp_path: Path) -> None:
    (group_v2(tmp_path) / "cgroup.type").unlink()

    groups = find_groups(tmp_path, "0::/\n")

    assert isinstance(groups, GroupsV2)
    assert not (tmp_path / "gobp-service").exists()


def test_a_process_of_the_leaf_makes_groups_beside_it(tmp_path: Path) -> None:
    group_v2(tmp_path)
    own = group_v2(tmp_path / "own", divided=True)
    group_v2(own / "gobp-service")

    groups = find_groups(tmp_path, "0::/own/gobp-service\n")

    assert isinstance(groups, GroupsV2)
    assert groups.base == own
    assert not (own / "gobp-service" / "gobp-service").exists()


def test_version_1_is_taken_where_version_2_has_no_controllers(tmp_path: Path) -> None:
    group_v2(tmp_path / "unified", controllers="hugetlb")
    groups_v1(tmp_path)

    assert isinstance(find_groups(tmp_path, "5:pids:/\n0::/\n"), GroupsV1)


def test_no_groups_are_found_where_there_are_none(tmp_path: Path) -> None:
    assert find_groups(tmp_path, "0::/\n") is None


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_groups_of_somebody_else_are_not_taken(tmp_path: Path) -> None:
    group_v2(tmp_path).chmod(0o555)

    assert find_groups(tmp_path, "0::/\n") is None


def test_groups_of_dead_processes_are_removed(tmp_path: Path) -> None:
    for folder in groups_v1(tmp_path):
        (folder / "gobp" / f"gobp-{2**22 + 1}-0").mkdir(parents=True)
        (folder / "gobp" / f"gobp-{PID}-77").mkdir()

    find_groups(tmp_path, "0::/\n")

    left = {path.name for path in tmp_path.glob("*/gobp/*")}
    assert left == {f"gobp-{PID}-77"}


def test_a_group_of_version_2_has_the_limits_and_tells_what_was_met(tmp_path: Path) -> None:
    with GroupsV2(tmp_path).group(LIMITS) as group:
        (folder,) = tmp_path.iterdir()
        (folder / "memory.events").write_text("max 3\noom 1\noom_kill 1\n")
        (folder / "pids.events").write_text("max 0\n")
        group.add(PID)
        written = {path.name: path.read_text() for path in folder.iterdir()}
        told = group.is_out_of_memory(), group.has_refused_processes(), group.pids()
        for path in folder.iterdir():  # in a real one they go with the folder
            path.unlink()

    assert (written["memory.max"], written["pids.max"]) == ("1000", "7")
    assert told == (True, False, [PID])
    assert list(tmp_path.iterdir()) == []


def test_a_group_of_version_1_has_the_limits_and_tells_what_was_met(tmp_path: Path) -> None:
    memory, pids = groups_v1(tmp_path)
    with GroupsV1(memory, pids).group(LIMITS) as group:
        folders = [*memory.glob("gobp-*"), *pids.glob("gobp-*")]
        (folders[0] / "memory.oom_control").write_text("under_oom 0\noom_kill 0\n")
        (folders[1] / "pids.events").write_text("max 5\n")
        group.add(PID)
        limits = (
            (folders[0] / "memory.limit_in_bytes").read_text(),
            (folders[1] / "pids.max").read_text(),
        )
        told = group.is_out_of_memory(), group.has_refused_processes(), group.pids()
        for folder in folders:
            for path in folder.iterdir():
                path.unlink()

    assert limits == ("1000", "7")
    assert told == (False, True, [PID])
    assert not any(folder.exists() for folder in folders)
