"""read_ahead: order, overlap, bounded look-ahead, errors in their turn."""

import threading

import pytest

from itpm_pipeline.extract.read_ahead import read_ahead


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
