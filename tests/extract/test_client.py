"""Client.call: what is retried, what is waited for, what fails, and what messages say."""

import functools
import threading
from collections.abc import Callable, Iterator
from email.utils import formatdate

import orjson
import pytest
import requests

from itpm_pipeline.errors import (
    ConfigurationError,
    CredentialError,
    ItpmError,
    ProtocolError,
    RefusedError,
    TransientError,
)
from itpm_pipeline.extract.client import Answer, Client, ThrottledError, Traffic

http_date = functools.partial(formatdate, usegmt=True)
OK = Answer(200, {}, b'{"ok":true}')


def client(clock, **settings) -> Client:
    return Client("acme", clock=clock.time, now=clock.time, sleep=clock.sleep, **settings)


def script(*steps: Answer | Exception) -> Callable[[], Answer]:
    """A ``send`` that plays the steps in order and fails the test when asked once too often."""
    left: Iterator[Answer | Exception] = iter(steps)

    def send() -> Answer:
        step = next(left)
        if isinstance(step, Exception):
            raise step
        return step

    return send


def test_first_good_answer_is_delivered_and_counted(clock):
    traffic = Traffic()
    assert client(clock).call("x", script(OK), traffic) is OK
    assert (traffic.requests, traffic.retries, traffic.waited_seconds, traffic.bytes) == (1, 0, 0.0, 11)


@pytest.mark.parametrize(
    "failure",
    [
        Answer(500, {}, b"oops"),
        Answer(502, {}, b"<html>bad gateway</html>"),
        Answer(408, {}, b""),
        Answer(522, {}, b""),
        requests.ConnectionError("reset by peer"),
        requests.ReadTimeout("read timed out"),
        requests.exceptions.ChunkedEncodingError("IncompleteRead(10 bytes read)"),
        ConnectionResetError("reset"),
    ],
    ids=lambda step: str(getattr(step, "status", type(step).__name__)),
)
def test_passing_failures_are_retried_with_growing_jittered_pauses(clock, failure):
    traffic = Traffic()
    assert client(clock).call("x", script(failure, failure, failure, OK), traffic) is OK
    assert (traffic.requests, traffic.retries) == (4, 3)
    assert len(clock.naps) == 3
    for nap, base in zip(clock.naps, (0.5, 1, 2), strict=True):
        assert base <= nap <= base + 1
    assert traffic.waited_seconds == pytest.approx(sum(clock.naps))


def test_gives_up_after_max_attempts(clock):
    traffic = Traffic()
    overloaded = [Answer(503, {}, b"overloaded")] * 3
    with pytest.raises(TransientError, match='acme: reading issues of PAY: HTTP 503 "overloaded"'):
        client(clock, max_attempts=3).call("reading issues of PAY", script(*overloaded), traffic)
    assert traffic.requests == 3


@pytest.mark.parametrize("status", [400, 403, 404, 405, 409, 410, 414, 415, 422, 451, 302, 418, 499, 507, 599])
def test_refusals_and_unknown_statuses_fail_at_once(clock, status):
    traffic = Traffic()
    with pytest.raises(RefusedError, match=f'HTTP {status} "no: gone"') as caught:
        client(clock).call("x", script(Answer(status, {}, b'{"errorMessages":["no: gone"],"errors":{}}')), traffic)
    assert caught.value.status == status
    assert traffic.requests == 1
    assert clock.naps == []


def test_wrong_token_is_a_credential_error(clock):
    with pytest.raises(CredentialError, match="check email and token"):
        client(clock).call("x", script(Answer(401, {}, b"Client must be authenticated")), Traffic())


def test_locked_account_is_a_credential_error(clock):
    answer = Answer(403, {"X-Seraph-LoginReason": "AUTHENTICATION_DENIED"}, b"")
    with pytest.raises(CredentialError):
        client(clock).call("x", script(answer), Traffic())


def test_certificate_failure_is_for_a_person_to_mend(clock):
    with pytest.raises(ConfigurationError, match="ca_file"):
        client(clock).call("x", script(requests.exceptions.SSLError("self-signed certificate")), Traffic())


def test_foreign_exceptions_pass_unchanged(clock):
    with pytest.raises(ZeroDivisionError):
        client(clock).call("x", script(ZeroDivisionError()), Traffic())


@pytest.mark.parametrize(
    ("status", "headers", "body", "pause"),
    [
        (429, {"Retry-After": "7"}, b"", 7),
        (429, {"retry-after": http_date(1_800_000_009), "Date": http_date(1_800_000_000)}, b"", 9),
        (503, {"Retry-After": "3"}, b"", 3),
        (429, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "2027-01-15T08:00:20Z"}, b"", 20),
        (429, {"RateLimit-Remaining": "0", "RateLimit-Limit": "100", "RateLimit-Reset": "12"}, b"", 12),
        (429, {"X-RateLimit-Remaining": "0", "X-RateLimit-Limit": "10", "X-RateLimit-Interval-Seconds": "5"}, b"", 5),
        (403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Limit": "5000", "X-RateLimit-Reset": "1800000030"}, b"", 30),
        (403, {"Retry-After": "11"}, b'{"message":"You have exceeded a secondary rate limit."}', 11),
        (403, {}, b'{"message":"You have exceeded a secondary rate limit."}', 60),
        (429, {}, b"", 60),
        (429, {"Retry-After": "0"}, b"", 0.1),
    ],
)
def test_waits_as_told(clock, status, headers, body, pause):
    traffic = Traffic()
    assert client(clock).call("x", script(Answer(status, headers, body), OK), traffic) is OK
    assert clock.naps == pytest.approx([pause])
    assert traffic.waited_seconds == pytest.approx(pause)


def test_reset_is_read_against_the_servers_clock(clock):
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Limit": "60", "X-RateLimit-Reset": "1700000040",
               "Date": http_date(1_700_000_000)}
    client(clock).call("x", script(Answer(403, headers, b""), OK), Traffic())
    assert clock.naps == pytest.approx([40])


def test_permission_403_is_not_a_rate_limit(clock):
    headers = {"X-RateLimit-Remaining": "4999", "X-RateLimit-Limit": "5000", "X-RateLimit-Reset": "1800000030"}
    with pytest.raises(RefusedError) as caught:
        client(clock).call("x", script(Answer(403, headers, b'{"message":"Must have admin rights"}')), Traffic())
    assert caught.value.status == 403


@pytest.mark.parametrize(
    "headers", [{}, {"X-RateLimit-Limit": "0", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "0"}]
)
def test_limits_switched_off_mean_unlimited(clock, headers):
    one = client(clock)
    for _ in range(3):
        one.call("x", script(Answer(200, headers, b"{}")), Traffic())
    assert clock.naps == []
    with pytest.raises(RefusedError):
        one.call("x", script(Answer(403, headers, b'{"message":"forbidden"}')), Traffic())


def test_last_allowed_answer_holds_its_lane_until_the_reset(clock):
    one = client(clock)
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Limit": "5000", "X-RateLimit-Reset": "1800000030"}
    one.call("x", script(Answer(200, headers, b"{}")), Traffic(), lane="graphql")
    one.call("x", script(OK), Traffic(), lane="core")
    assert clock.naps == []
    one.call("x", script(OK), Traffic(), lane="graphql")
    assert clock.naps == pytest.approx([30])


def test_a_wait_longer_than_any_reset_is_not_waited_for(clock):
    with pytest.raises(TransientError, match="try again in 90000 s"):
        client(clock).call("x", script(Answer(429, {"Retry-After": "90000"}, b"")), Traffic())
    assert clock.naps == []


def test_rate_limits_do_not_use_up_the_attempts(clock):
    limited = Answer(429, {"Retry-After": "1"}, b"")
    assert client(clock, max_attempts=2).call("x", script(*[limited] * 10, OK), Traffic()) is OK


def test_endless_rate_limit_ends(clock):
    with pytest.raises(TransientError, match="rate limit"):
        client(clock).call("x", lambda: Answer(429, {"Retry-After": "1"}, b""), Traffic())


def test_one_thread_told_to_wait_holds_all_threads(clock):
    one = client(clock)
    with pytest.raises(TransientError):
        client(clock, max_attempts=1).call("x", script(Answer(500, {}, b"")), Traffic())
    one.budget.hold(25)
    seen: list[float] = []

    def send() -> Answer:
        seen.append(clock.at)
        return OK

    started = clock.at
    threads = [threading.Thread(target=one.call, args=("x", send, Traffic())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 4
    assert min(seen) >= started + 25


def test_a_request_that_queued_for_a_slot_obeys_what_was_told_meanwhile(clock):
    checked = threading.Event()

    def tell_time() -> float:
        if threading.current_thread().name == "second":
            checked.set()
        return clock.at

    one = Client("acme", concurrency=1, clock=tell_time, now=clock.time, sleep=clock.sleep)
    sent_at: list[float] = []

    def second_send() -> Answer:
        sent_at.append(clock.at)
        return OK

    second = threading.Thread(target=one.call, args=("x", second_send, Traffic()), name="second")

    def first_send() -> Answer:
        second.start()
        assert checked.wait(10)
        one.budget.hold(40)
        return OK

    started = clock.at
    one.call("x", first_send, Traffic())
    second.join(10)
    assert sent_at == [started + 40]


def test_never_more_requests_under_way_than_allowed():
    one = Client("acme", concurrency=3)
    lock, all_in = threading.Lock(), threading.Event()
    inside = most = 0

    def send() -> Answer:
        nonlocal inside, most
        with lock:
            inside += 1
            most = max(most, inside)
            if inside == 3:
                all_in.set()
        assert all_in.wait(10)
        with lock:
            inside -= 1
        return OK

    traffic = Traffic()
    threads = [threading.Thread(target=one.call, args=("x", send, traffic)) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 3
    assert traffic.requests == 12


@pytest.mark.parametrize(
    "broken", [b'{"issues":[{"id":"1"', b"<!DOCTYPE html><title>Log in</title>", b"", b'"\xff"', b'{"a":1}{"b":2}']
)
def test_undecodable_bodies_are_retried(clock, broken):
    traffic = Traffic()
    answer = client(clock).call("x", script(Answer(200, {}, broken), OK), traffic, decode=orjson.loads)
    assert answer.value == {"ok": True}
    assert traffic.retries == 1


def test_bodies_that_stay_undecodable_are_a_protocol_error(clock):
    html = b"<html><script>var t=1</script><body>Please <b>log in</b></body></html>"
    page = Answer(200, {"Content-Type": "text/html"}, html)
    with pytest.raises(ProtocolError, match=r'text/html.*begins with "Please log in"'):
        client(clock, max_attempts=2).call("x", script(page, page), Traffic(), decode=orjson.loads)


def test_decode_may_ask_for_another_attempt_or_a_pause(clock):
    complaints = iter([TransientError("acme: something went wrong"), ThrottledError("RATE_LIMITED", seconds=13)])

    def decode(content: bytes) -> object:
        error = next(complaints, None)
        if error:
            raise error
        return orjson.loads(content)

    assert client(clock).call("x", lambda: OK, Traffic(), decode=decode).value == {"ok": True}
    assert clock.naps[1] == pytest.approx(13)


def test_decode_may_refuse(clock):
    def decode(_: bytes) -> object:
        raise ProtocolError("no")

    with pytest.raises(ProtocolError, match="no"):
        client(clock).call("x", script(OK), Traffic(), decode=decode)


@pytest.mark.parametrize(
    "leak",
    [
        "s3cr3t-t0ken-value",
        "ghp_abcdefghijklmnopqrstuvwx",
        "https://bob:hunter2hunter2@jira.acme.internal/rest",
        "Authorization: Basic Ym9iOmh1bnRlcjI=",
        "ATATT3xFfGF0abcdefghijkl",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
    ],
)
@pytest.mark.parametrize("where", ["body", "json", "exception", "location", "decode"])
def test_no_secret_reaches_a_message(clock, leak, where):
    one = client(clock, secrets=["s3cr3t-t0ken-value"], max_attempts=1)
    steps: dict[str, Answer | Exception] = {
        "body": Answer(400, {}, f"bad {leak}".encode()),
        "json": Answer(400, {}, orjson.dumps({"errorMessages": [f"bad {leak}"]})),
        "exception": requests.ConnectionError(f"cannot reach {leak}"),
        "location": Answer(302, {"Location": f"/login?t={leak}"}, b""),
        "decode": Answer(200, {}, f"{{ {leak}".encode()),
    }
    with pytest.raises(ItpmError) as caught:
        one.call("x", script(steps[where]), Traffic(), decode=orjson.loads)
    secret = {"https": "hunter2", "Autho": "Ym9iOmh1bnRlcjI"}.get(leak[:5], leak)
    assert secret not in str(caught.value)
    assert "[hidden]" in str(caught.value)


def test_long_and_hostile_bodies_are_shortened_to_one_line(clock):
    body = ("<img src=x onerror=alert(1)>\x1b[31m\n\u202e" + "word " * 2000).encode()
    with pytest.raises(RefusedError) as caught:
        client(clock).call("x", script(Answer(400, {}, body)), Traffic())
    text = str(caught.value)
    assert len(text) < 450
    assert not set(text) & set("\x1b\n\u202e<")
