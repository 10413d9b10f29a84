import pytest
from hypothesis import given
from hypothesis import strategies as st

from gobp.cnb.env import (
    LayerEnvironment,
    Modification,
    Operation,
    apply,
    apply_platform_env,
    from_folder,
    layer_directories,
)
from gobp.errors import UserError
from tests.strategies_cnb import environments, folders


@given(environments)
def test_every_environment_survives_its_files(environment: LayerEnvironment) -> None:
    assert LayerEnvironment.from_files(environment.to_files()) == environment


@given(folders, st.randoms(use_true_random=False))
def test_the_order_in_which_modifications_are_given_does_not_count(
    folder: tuple[Modification, ...], random: st.DataObject
) -> None:
    shuffled = list(folder)
    random.shuffle(shuffled)  # type: ignore[attr-defined] # Hypothesis has no type for it

    assert apply(shuffled, {"A": "a"}) == apply(folder, {"A": "a"})


def test_each_folder_of_a_layer_has_its_files() -> None:
    environment = LayerEnvironment(
        every=(Modification("A", Operation.OVERRIDE, "a\n"),),
        build=(Modification("B", Operation.DEFAULT, "b"),),
        launch=(Modification("C", Operation.SET, "c"),),
        processes={
            "web": (
                Modification("PATH", Operation.APPEND, "/x"),
                Modification("PATH", Operation.DELIMITER, ":"),
            )
        },
    )

    assert environment.to_files() == {
        "env.build/B.default": "b",
        "env.launch/C": "c",
        "env.launch/web/PATH.append": "/x",
        "env.launch/web/PATH.delim": ":",
        "env/A.override": "a\n",
    }


def test_files_that_are_no_modification_are_ignored() -> None:
    files = {
        "bin/server": "x",
        "env/A.unknown": "x",
        "env/A.B.append": "x",
        "env/A.": "x",
        "env/deep/A": "x",
        "env.launch/web/deep/A": "x",
        "env.launch/web/A.unknown": "x",
    }

    assert LayerEnvironment.from_files(files) == LayerEnvironment()


@pytest.mark.parametrize(
    ("operation", "old", "new"),
    [
        (Operation.APPEND, "old", "old:new"),
        (Operation.APPEND, "", "new"),
        (Operation.APPEND, None, "new"),
        (Operation.PREPEND, "old", "new:old"),
        (Operation.PREPEND, "", "new"),
        (Operation.PREPEND, None, "new"),
        (Operation.DEFAULT, "old", "old"),
        (Operation.DEFAULT, "", "new"),
        (Operation.DEFAULT, None, "new"),
        (Operation.OVERRIDE, "old", "new"),
        (Operation.SET, "old", "new"),
    ],
)
def test_an_operation_changes_what_is_there(
    operation: Operation, old: str | None, new: str
) -> None:
    modifications = [
        Modification("A", Operation.DELIMITER, ":"),
        Modification("A", operation, "new"),
    ]

    result = apply(modifications, {} if old is None else {"A": old})

    assert result == {"A": new}


def test_there_is_no_delimiter_unless_one_is_given() -> None:
    assert apply([Modification("A", Operation.APPEND, "b")], {"A": "a"}) == {"A": "ab"}


def test_a_delimiter_alone_changes_nothing() -> None:
    assert apply([Modification("A", Operation.DELIMITER, ":")], {}) == {}


def test_a_plain_file_comes_before_append_and_override_after_it() -> None:
    files = {"A": "set", "A.append": "+", "B.append": "+", "B.override": "over"}

    result = apply(from_folder(files), {"A": "old", "B": "old"})

    assert result == {"A": "set+", "B": "over"}


def test_an_operators_plain_file_is_a_default() -> None:
    modifications = from_folder({"A": "a", "B": "b"}, without_suffix=Operation.DEFAULT)

    assert apply(modifications, {"A": "kept"}) == {"A": "kept", "B": "b"}


def test_a_delimiter_counts_for_its_folder_alone() -> None:
    append = Modification("A", Operation.APPEND, "b")
    environment = LayerEnvironment(
        every=(append, Modification("A", Operation.DELIMITER, ",")), build=(append,)
    )

    assert environment.at_build({"A": "a"}) == {"A": "a,bb"}


def test_a_process_sees_launch_folders_and_then_its_own() -> None:
    environment = LayerEnvironment(
        every=(Modification("A", Operation.OVERRIDE, "1"),),
        build=(Modification("A", Operation.APPEND, "build"),),
        launch=(Modification("A", Operation.APPEND, "2"),),
        processes={"web": (Modification("A", Operation.APPEND, "3"),)},
    )

    assert environment.at_launch({}, "web") == {"A": "123"}
    assert environment.at_launch({}, "worker") == {"A": "12"}


@pytest.mark.parametrize("name", ["", "1A", "A-B", "A B", "A=B", "Ä", "A.append", "../A", "A\n"])
def test_a_name_that_no_variable_can_have_is_not_written(name: str) -> None:
    environment = LayerEnvironment(every=(Modification(name, Operation.OVERRIDE, "x"),))

    with pytest.raises(UserError, match="cannot be the name of an environment variable"):
        environment.to_files()


def test_a_type_that_no_process_can_have_is_not_written() -> None:
    with pytest.raises(UserError, match="cannot be the type of a process"):
        LayerEnvironment(processes={"../x": ()}).to_files()


def test_two_values_for_one_file_are_a_bug() -> None:
    twice = (Modification("A", Operation.SET, "1"), Modification("A", Operation.SET, "2"))

    with pytest.raises(ValueError, match="two values for env/A"):
        LayerEnvironment(every=twice).to_files()


def test_a_layers_own_folders_come_first_at_build() -> None:
    present = ["bin", "lib", "include", "pkgconfig", "share"]

    result = layer_directories("/layers/x/go", present, {"PATH": "/bin", "CPATH": ""}, launch=False)

    assert result == {
        "PATH": "/layers/x/go/bin:/bin",
        "LD_LIBRARY_PATH": "/layers/x/go/lib",
        "LIBRARY_PATH": "/layers/x/go/lib",
        "CPATH": "/layers/x/go/include",
        "PKG_CONFIG_PATH": "/layers/x/go/pkgconfig",
    }


def test_at_launch_only_bin_and_lib_count() -> None:
    present = ["bin", "lib", "include", "pkgconfig"]

    result = layer_directories("/l", present, {}, launch=True)

    assert result == {"PATH": "/l/bin", "LD_LIBRARY_PATH": "/l/lib"}


def test_a_users_paths_come_before_and_other_values_replace() -> None:
    env = {"PATH": "/bin", "A": "old", "B": "kept"}

    result = apply_platform_env(env, {"PATH": "/mine", "CPATH": "/inc", "A": "new\n"})

    assert result == {"PATH": "/mine:/bin", "CPATH": "/inc", "A": "new\n", "B": "kept"}
