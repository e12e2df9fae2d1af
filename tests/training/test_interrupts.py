"""The first Ctrl-C or `kill` is remembered, the second one ends the run."""

import signal
import threading

import pytest

from photochrom.training.interrupts import deferred_interrupts

SIGNALS = [signal.SIGINT, signal.SIGTERM]


@pytest.mark.parametrize("number", SIGNALS)
def test_the_first_signal_is_remembered_and_the_second_raises(number: signal.Signals) -> None:
    stopping = threading.Event()
    before = [signal.getsignal(each) for each in SIGNALS]
    with deferred_interrupts(stopping):
        assert not stopping.is_set()
        signal.raise_signal(number)
        assert stopping.is_set()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(number)
    assert [signal.getsignal(each) for each in SIGNALS] == before


def test_the_handlers_come_back_after_an_error() -> None:
    before = [signal.getsignal(each) for each in SIGNALS]

    def fail() -> None:
        with deferred_interrupts(threading.Event()):
            assert [signal.getsignal(each) for each in SIGNALS] != before
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert [signal.getsignal(each) for each in SIGNALS] == before


def test_another_thread_leaves_the_handlers_alone() -> None:
    before = [signal.getsignal(each) for each in SIGNALS]
    seen = []

    def work() -> None:
        with deferred_interrupts(threading.Event()):
            seen.extend(signal.getsignal(each) for each in SIGNALS)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == before
