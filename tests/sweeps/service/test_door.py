"""What the service answers over HTTP: how it is, its numbers, and nothing else."""

from __future__ import annotations

import http.client
import json
import socket
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from prometheus_client.parser import text_string_to_metric_families

from sweeps.service.door import open_door

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Bench, Clock

    from sweeps.service.service import Service


@pytest.fixture
def service(bench: Bench) -> Service:
    return bench.service()


@pytest.fixture
def ask(service: Service) -> Iterator[Any]:
    """Ask the service: method, path; status, headers and body come back."""
    with open_door(service, "127.0.0.1", 0) as address:

        def request(method: str, path: str) -> tuple[int, dict[str, str], bytes]:
            connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=10)
            connection.request(method, path)
            answer = connection.getresponse()
            body = answer.read()
            connection.close()
            return answer.status, dict(answer.getheaders()), body

        yield request


def test_health_says_how_it_is(bench: Bench, service: Service, ask: Any) -> None:
    """200 and counts while the loop turns; 503 when it has not for long, when the catalog is away,
    and while it stops."""
    bench.submit(bench.stores.folder / "none.yaml")
    service._options = replace(service._options, concurrency=0)  # nothing begins
    service.tick()
    status, headers, body = ask("GET", "/healthz")
    found = json.loads(body)
    assert (status, headers["Content-Type"]) == (200, "application/json")
    assert found.pop("last_tick_age_s") < 10
    assert found == {
        "status": "ok",
        "database": "ok",
        "mlflow": "local",
        "running": 0,
        "queued": 1,
    }
    fine = service.state
    for wrong, word in (
        (replace(fine, ticked=time.monotonic() - 1000), "failing"),
        (replace(fine, fault="the catalog is away"), "failing"),
        (replace(fine, stopping=True), "stopping"),
    ):
        service.state = wrong
        status, _, body = ask("GET", "/healthz?verbose")
        assert (status, json.loads(body)["status"]) == (503, word)


def test_metrics_are_read_by_prometheus(
    bench: Bench, service: Service, ask: Any, clock: Clock
) -> None:
    """Its own parser finds jobs, schedules and what runs; a name with quotes in it breaks none."""
    bench.submit(bench.stores.folder / "none.yaml")
    bench.schedules.add("monday 7", "report", "/w.yaml", "0 7 * * 1", "UTC", now=clock())
    service.tick()
    bench.tick_until(service, lambda: not service._children)
    service._due.clear()
    service.tick()
    status, headers, body = ask("GET", "/metrics")
    assert (status, headers["Content-Type"].split(";")[0]) == (200, "text/plain")
    samples = {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(body.decode())
        for sample in family.samples
    }
    assert samples["fairtrial_jobs", (("kind", "sweep"), ("state", "failed"))] == 1
    attempts = ("kind", "sweep"), ("outcome", "failed")
    assert samples["fairtrial_job_attempts_total", attempts] == 1
    assert samples["fairtrial_job_seconds_count", (("kind", "sweep"),)] == 1
    assert samples["fairtrial_running_jobs", ()] == 0
    assert samples["fairtrial_up", ()] == 1
    due = ("kind", "report"), ("schedule", "monday 7")
    following = bench.schedules.get("monday 7").next_due
    assert following is not None
    name = "fairtrial_schedule_next_due_timestamp_seconds"
    assert samples[name, due] == following.timestamp()
    assert any(name == "fairtrial_build_info" for name, _ in samples)


def test_nothing_else_is_answered(ask: Any) -> None:
    """404 for other paths, 405 for what is no GET; HEAD has the same headers and no body."""
    for method in ("POST", "PUT", "DELETE", "OPTIONS", "BREW"):
        status, headers, _ = ask(method, "/healthz")
        assert (status, headers["Allow"]) == (405, "GET, HEAD")
    for path in ("/", "/healthz/", "/metrics/../jobs", "/%2e%2e/etc/passwd"):
        assert ask("GET", path)[0] == 404
    status, headers, body = ask("HEAD", "/metrics")
    assert (status, body) == (200, b"")
    assert int(headers["Content-Length"]) > 100
    assert headers["Server"].strip() == "fairtrial"


def test_a_client_that_says_nothing_holds_up_no_other(service: Service) -> None:
    """It connects and waits; the next is answered, and the door closes without it."""
    service.tick()
    with open_door(service, "127.0.0.1", 0) as address:
        place = urlsplit(address)
        assert place.hostname is not None
        with socket.create_connection((place.hostname, place.port or 0)):
            connection = http.client.HTTPConnection(place.netloc, timeout=10)
            connection.request("GET", "/healthz")
            assert connection.getresponse().status == 200
            connection.close()


def test_mlflow_is_looked_at(service: Service, ask: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it is a server, health says whether that answers; it being away is not our failing."""
    service.tick()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{free.getsockname()[1]}")
        status, _, body = ask("GET", "/healthz")
    assert (status, json.loads(body)["mlflow"]) == (200, "away")
    with open_door(service, "127.0.0.1", 0) as other:  # any server will do
        monkeypatch.setenv("MLFLOW_TRACKING_URI", other)
        with open_door(service, "127.0.0.1", 0) as address:
            connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=10)
            connection.request("GET", "/healthz")
            assert json.loads(connection.getresponse().read())["mlflow"] == "ok"
            connection.close()
