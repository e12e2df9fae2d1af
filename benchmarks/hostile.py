"""Ten thousand requests that no honest client makes, against a real server: does it refuse them and go on?

    python benchmarks/hostile.py [--requests 10000] [--own 6000] [--clients 16] [--seed 0]

`--own` of them come from our own list (`hostile_requests.py`: bombs, polyglots, names, broken forms, broken HTTP,
clients that are slow, leave or announce 5 GB, and photos and requests damaged at random), the rest from schemathesis
(`pip install schemathesis`), which reads the server's OpenAPI. Ends with 1 if a promise is broken.
"""

import argparse
import io
import json
import random
import sys
import threading
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

from hostile_requests import (
    Answer,
    Request,
    about,
    at_random,
    every_kind,
    form,
    http,
    picture,
    send,
    slow,
    upload,
)
from PIL import Image
from studio_process import Served, serving

KEEP_MINUTES = 0.5
BODY_SECONDS = 3.0
SLOW = 30
# Seconds in which the server puts its memory in order.
REST = 20 * KEEP_MINUTES
LEAKS = (b"Traceback", b"site-packages", b"photochrom-studio-", b'File "')


class Tally:
    """What came back; shared by all clients."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.statuses: Counter[str] = Counter()
        self.kinds: Counter[str] = Counter()
        self.wrong: list[str] = []

    def add(self, kind: str, status: int, right: bool, why: str = "") -> None:
        """Note one answer; `why` is for the ones that are not as they must be."""
        with self.lock:
            self.statuses[str(status or "none")] += 1
            self.kinds[kind.partition(":")[0].partition(",")[0]] += 1
            if not right:
                self.wrong.append(f"{kind}: {status} {why}")

    @property
    def failures(self) -> int:
        """Answers of 500 and above."""
        return sum(count for status, count in self.statuses.items() if status.startswith("5"))


class Victim:
    """A photo that the server knows, sent anew before it is forgotten."""

    def __init__(self, served: Served) -> None:
        self.served, self.lock, self.sent = served, threading.Lock(), 0.0
        self.id = ""

    def photo(self) -> str:
        """Its id."""
        with self.lock:
            if time.monotonic() - self.sent > KEEP_MINUTES * 60 / 2:
                kind = "multipart/form-data; boundary=0123456789abcdef"
                request = Request("job", (http("POST", "/api/jobs", form(picture()), kind),))
                answer = send(self.served.address, request)
                if answer.status == 202:
                    self.id, self.sent = json.loads(answer.body)["photos"][0]["id"], time.monotonic()
            return self.id


def own(count: int, rng: random.Random) -> Iterator[Request]:
    """Our list once, slow clients, and damage at random for the rest."""
    listed = every_kind() + [slow("head"), slow("body")] * SLOW
    rng.shuffle(listed)
    yield from listed[:count]
    for _ in range(count - len(listed)):
        yield at_random(rng)


def attack(served: Served, victim: Victim, tally: Tally, request: Request, timeout: float = 60.0) -> None:
    """Send one of ours and judge what comes back."""
    try:
        answer = send(served.address, about(request, victim.photo()), timeout)
    except OSError as error:
        tally.add(request.kind, 0, False, repr(error))
    else:
        judge(answer, tally, request)


def judge(answer: Answer, tally: Tally, request: Request) -> None:
    """Note whether an answer is one of those that are right, and tells nothing of the server's inside."""
    leak = any(word in answer.head + answer.body for word in LEAKS)
    header = answer.head.lower()
    injected = b"\r\nset-cookie:" in header or b"\r\nx-bad:" in header
    right = answer.status in request.right or request.end == "leave"
    tally.add(request.kind, answer.status, right and not leak and not injected, f"{answer.body[:200]!r}")


def until(true: Callable[[], object], seconds: float) -> bool:
    """Wait for something, and tell whether it came in time."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def generated(served: Served, victim: Victim, tally: Tally, count: int, seed: int) -> None:
    """Send what schemathesis makes of the OpenAPI document, right and wrong, for each operation alike."""
    if count <= 0:
        return
    import hypothesis
    import requests
    import schemathesis

    schema = schemathesis.openapi.from_dict(json.loads(served.get("/openapi.json")[1]))
    session = requests.Session()
    sent = 0

    def one(case: schemathesis.Case) -> None:
        nonlocal sent
        if sent >= count:
            return
        try:
            answer = case.call(base_url=served.url, session=session, timeout=60, allow_redirects=False)
        except (requests.exceptions.InvalidHeader, requests.exceptions.InvalidURL, UnicodeError):
            return  # the client library did not send it
        except requests.exceptions.ConnectionError:
            # The server may cut off what is no HTTP, but not die of it.
            tally.add("schemathesis", 0, served.process.poll() is None)
        else:
            leak = any(word in answer.content for word in LEAKS)
            right = answer.status_code < 500 and not leak
            tally.add("schemathesis", answer.status_code, right, case.as_curl_command())
        sent += 1

    pairs = [
        (found.ok(), mode) for found in schema.get_all_operations() for mode in schemathesis.GenerationMode
    ]
    while sent < count and pairs:
        for operation, mode in list(pairs):
            known = {}
            if "/photos/{id}" in operation.path and operation.method != "delete":
                known = {"path_parameters": {"id": victim.photo()}}
            once = hypothesis.given(case=operation.as_strategy(mode, **known))(one)
            once = hypothesis.settings(
                max_examples=25,
                database=None,
                deadline=None,
                phases=[hypothesis.Phase.generate],
                suppress_health_check=list(hypothesis.HealthCheck),
            )(once)
            try:
                hypothesis.seed(seed + sent)(once)()
            except hypothesis.errors.Unsatisfiable:
                pairs.remove((operation, mode))  # nothing can be wrong about it
    if sent < count:
        raise SystemExit("schemathesis has nothing that can be sent")


def colorizes(served: Served) -> bool:
    """Whether a good photo comes back in colour and in its own size."""
    answer = send(served.address, Request("good", (upload(picture(size=(96, 64))),)))
    if answer.status != 200:
        return False
    with Image.open(io.BytesIO(answer.body)) as image:
        return image.mode == "RGB" and image.size == (96, 64)


def warm(served: Served, clients: int) -> None:
    """What an honest day does to the memory: photos of all kinds, sizes and options, by all clients at once."""
    sizes = ((48, 32), (640, 480), (2000, 1500))
    formats = ("JPEG", "PNG", "TIFF", "WEBP", "AVIF")
    wishes = ({}, {"candidates": b"16"}, {"quality": b"best"}, {"size": b"1024"})
    largest = {"candidates": b"16", "quality": b"best", "size": b"1024"}
    good = [
        upload(picture(format, size), fields=fields)
        for format in formats
        for size in sizes
        for fields in wishes
        if fields != {"candidates": b"16"} or size != sizes[-1]
    ] + [upload(picture("PNG", sizes[0]), fields=largest) for _ in range(4)]
    with ThreadPoolExecutor(clients) as pool:
        for answer in pool.map(lambda data: send(served.address, Request("good", (data,)), 300), good):
            if answer.status != 200:
                raise SystemExit(f"a good photo was refused: {answer.status} {answer.body[:200]!r}")


def main() -> None:
    """Parse the command line, attack, print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--own", type=int, default=6_000)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    tally, rng = Tally(), random.Random(given.seed)
    settings = {"requests_per_minute": 10**9, "body_seconds": BODY_SECONDS, "keep_minutes": KEEP_MINUTES}
    with serving(**settings) as served:
        warm(served, given.clients)
        time.sleep(REST)
        victim = Victim(served)
        before, began = served.memory(), time.monotonic()
        course = [before]
        ours = min(given.own, given.requests)
        with ThreadPoolExecutor(given.clients) as pool:
            # In portions: the whole list at once would be the larger load on the machine's memory.
            requests = own(ours, rng)
            while portion := list(islice(requests, 500)):
                list(pool.map(lambda request: attack(served, victim, tally, request), portion))
                course.append(served.memory())
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of hypothesis, that strategies are narrow
            generated(served, victim, tally, given.requests - ours, given.seed)
        seconds = time.monotonic() - began
        healthy = served.get("/healthz")[0] == 200 and colorizes(served)
        until(lambda: not served.files(), 60 * KEEP_MINUTES + 90)
        time.sleep(REST)
        left, after = len(served.files()), served.memory()
        status = served.stop()
        remains = len(list(served.folder.iterdir()))
        said = served.log.read_text(errors="replace")
    total = sum(tally.statuses.values())
    print("| what | measured | target |\n| --- | --- | --- |")
    print(f"| hostile requests | {total:,} in {seconds:.0f} s | 10,000 |")
    print(f"| answers of 5xx | {tally.failures} | 0 |")
    print(f"| answers other than they must be | {len(tally.wrong)} | 0 |")
    print(f"| files left after their time, after the end | {left}, {remains} | 0, 0 |")
    print(
        f"| resident memory after / before | {after / before:.2f} ({after:.0f} MB / {before:.0f} MB) | 1.2 |"
    )
    print(
        f"| answers and colorizes afterwards, ends with | {'yes' if healthy else 'no'}, {status} | yes, 0 |"
    )
    print(
        "\nby status:", ", ".join(f"{status} {count:,}" for status, count in sorted(tally.statuses.items()))
    )
    print("memory on the way, MB:", ", ".join(f"{each:.0f}" for each in [*course, after]))
    print("by kind:", ", ".join(f"{kind} {count:,}" for kind, count in tally.kinds.most_common()))
    for line in tally.wrong[:40]:
        print("wrong:", line)
    reported = Counter(line for line in said.splitlines() if " at " in line or "Traceback" in line)
    for line, count in reported.most_common(40):
        print(f"the server said {count} times: {line}")
    broken = tally.failures or tally.wrong or left or remains or after > 1.2 * before or not healthy or status
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()
