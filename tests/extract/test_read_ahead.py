"""read_ahead and at_once: order, overlap, bounded look-ahead, errors in their turn."""

import threading

import pytest

from itpm_pipeline.extract import read_ahead as module
from itpm_pipeline.extract.read_ahead import at_once, read_ahead


def test_results_come_in_order_and_calls_overlap():
    both_in = threading.Barrier(2, timeout=10)

    def call(item: int) -> int:
        both_in.wait()
        return item * 10

    assert list(read_ahead(call, range(6), workers=2)) == [0, 10, 20, 30, 40, 50]


def test_no_more_is_taken_than_is_asked_for():
    taken: list[int] = []

    def items():
        for item in range(100):
            taken.append(item)
            yield item

    results = read_ahead(lambda item: item, items(), workers=3)
    assert [next(results), next(results)] == [0, 1]
    assert len(taken) <= 4
    results.close()


def test_an_error_comes_out_in_its_turn():
    def call(item: int) -> int:
        if item == 2:
            raise KeyError(item)
        return item

    results = read_ahead(call, range(5), workers=4)
    assert [next(results), next(results)] == [0, 1]
    with pytest.raises(KeyError):
        next(results)


def test_an_error_of_the_items_comes_out():
    def items():
        yield 1
        raise ValueError("page 2")

    with pytest.raises(ValueError, match="page 2"):
        list(read_ahead(lambda item: item, items(), workers=2))


def test_several_are_read_at_once_each_in_its_order():
    both_in = threading.Barrier(2, timeout=10)

    def items(start: int):
        both_in.wait()
        yield from range(start, start + 5)

    got = list(at_once([items(0), items(10), [20]], workers=3))
    assert sorted(got) == [*range(5), *range(10, 15), 20]
    assert [item for item in got if item < 10] == list(range(5))


def test_no_more_is_read_at_once_than_there_are_workers():
    under_way, most = 0, 0
    lock, another_is_in = threading.Lock(), threading.Barrier(2, timeout=10)

    def items():
        nonlocal under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
        another_is_in.wait()
        yield from range(50)
        with lock:
            under_way -= 1

    assert len(list(at_once([items() for _ in range(6)], workers=2))) == 300
    assert most == 2


def test_who_brings_more_than_is_taken_is_held_up(monkeypatch):
    monkeypatch.setattr(module, "MOST_WAITING", 3)
    made: list[int] = []

    def items():
        for item in range(1000):
            made.append(item)
            yield item

    results = at_once([items()], workers=1)
    assert next(results) == 0
    results.close()
    assert len(made) <= 10


def test_an_error_of_one_ends_all():
    begun: list[int] = []

    def good(number: int):
        begun.append(number)
        yield from range(10_000)

    def bad():
        yield -1
        raise KeyError("page 2")

    with pytest.raises(KeyError, match="page 2"):
        list(at_once([bad(), *(good(number) for number in range(5))], workers=1))
    assert begun == []
