from gobp.modproxy.kept import Kept


def test_a_value_is_kept_until_its_time() -> None:
    kept: Kept[str, int] = Kept(10)
    kept.put("a", 1, until=5.0)
    assert kept.get("a", 4.9) == 1
    assert kept.get("a", 5.0) is None
    assert kept.get("b", 0.0) is None


def test_the_oldest_goes_where_there_are_too_many() -> None:
    kept: Kept[int, int] = Kept(3)
    for number in (1, 2, 3):
        kept.put(number, number, until=9.0)
    kept.put(1, 10, until=9.0)
    kept.put(4, 4, until=9.0)
    assert [kept.get(number, 0.0) for number in (1, 2, 3, 4)] == [10, None, 3, 4]
    assert len(kept) == 3
