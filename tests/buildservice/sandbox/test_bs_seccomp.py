from gobp.buildservice.sandbox.seccomp import make_filter

_INSTRUCTION = 8  # bytes: struct sock_filter
_MOST_INSTRUCTIONS = 4096  # BPF_MAXINSNS


def test_the_filter_is_one_that_the_kernel_takes() -> None:
    program = make_filter()

    assert len(program) % _INSTRUCTION == 0
    assert 0 < len(program) // _INSTRUCTION <= _MOST_INSTRUCTIONS


def test_the_filter_is_the_same_each_time() -> None:
    assert make_filter() == make_filter()
