"""What a server tells those who watch over it: health, figures, lines of a log, and a description of its routes."""

import json
import os
import socket
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from dev.postgres import Cluster
from sync import wire
from sync.client import sync_with
from sync.ids import new_id
from sync.server import Options, RunningServer
from sync.server.limits import Limits
from sync.server.openapi import document
from tests.sync.replicas import Replica
from tests.sync.server.processes import server_process


def _figures(server: RunningServer) -> dict[tuple[str, ...], float]:
    text = requests.get(server.url + "/metrics", timeout=30).text
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_health(server: RunningServer) -> None:
    answer = requests.get(server.url + "/healthz", timeout=30)
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_health_without_its_database(own_cluster: Cluster, tmp_path: Path) -> None:
    with RunningServer(tmp_path / "data", options=Options(database=own_cluster.new_database())) as server:
        own_cluster.stop("immediate")
        answer = requests.get(server.url + "/healthz", timeout=60)
        assert (answer.status_code, answer.json()) == (503, {"status": "busy"})
        own_cluster.start()
        assert requests.get(server.url + "/healthz", timeout=60).ok


def test_figures_count_what_happened(server: RunningServer, first: Replica, second: Replica) -> None:
    for _ in range(3):
        first.set(new_id(), name="Олена")
    sync_with(first.log, server.url)
    sync_with(second.log, server.url)
    requests.post(server.url + wire.EXCHANGE_PATH, data=b"x", timeout=30)
    figures = _figures(server)
    assert figures["sprava_frames_total", "accepted"] == 3
    assert figures["sprava_frames_total", "given"] == 3
    assert figures["sprava_requests_total", "/v1/exchange", "400"] == 1
    assert figures["sprava_requests_total", "/v1/exchange", "200"] >= 3
    assert figures["sprava_request_seconds_count", "/v1/exchange"] >= 4
    assert figures["sprava_communities", "served"] == 1
    assert figures["sprava_stored_bytes",] == sum(map(len, first.frames()))
    assert figures["sprava_replies_bytes",] == 0


def test_figures_name_nobody(server: RunningServer, first: Replica) -> None:
    first.set(new_id(), name="Олена")
    sync_with(first.log, server.url)
    text = requests.get(server.url + "/metrics", timeout=30).text
    for name in (first.log.community, first.log.device, first.unit):
        assert name.hex() not in text


def test_figures_are_for_those_who_watch(server: RunningServer, tmp_path: Path) -> None:
    through_a_proxy = {"X-Forwarded-For": "127.0.0.1"}
    assert requests.get(server.url + "/metrics", headers=through_a_proxy, timeout=30).status_code == 404
    with RunningServer(tmp_path / "strict", options=Options(monitors=("192.0.2.0/24",))) as strict:
        assert requests.get(strict.url + "/metrics", timeout=30).status_code == 404


@pytest.mark.parametrize("proxies", [(), ("127.0.0.0/8",)])
def test_only_a_trusted_proxy_says_for_whom_it_speaks(tmp_path: Path, proxies: tuple[str, ...]) -> None:
    options = Options(proxies=proxies, limits=Limits(failure_burst=1, failure_rate=0.0001))
    with RunningServer(tmp_path / "data", options=options) as server:
        url = server.url + wire.HELLO_PATH
        statuses = [
            requests.post(url, data=b"x", headers={"X-Forwarded-For": address}, timeout=30).status_code
            for address in ("192.0.2.1", "192.0.2.1", "192.0.2.2")
        ]
    assert statuses == ([400, 429, 400] if proxies else [400, 429, 429])


def test_the_log_is_lines_of_json_that_name_nobody(tmp_path: Path, first: Replica) -> None:
    log = tmp_path / "log"
    with log.open("wb") as errors, server_process(tmp_path / "data", errors=errors) as (_process, url):
        first.set(new_id(), name="Олена")
        sync_with(first.log, url)
        requests.post(url + wire.EXCHANGE_PATH, data=os.urandom(200), timeout=30)
        requests.get(url + "/Параскева", timeout=30)
        parts = urlsplit(url)
        with socket.create_connection((parts.hostname, parts.port), timeout=30) as connection:
            connection.sendall(b"rubbish\r\n\r\n")
            connection.recv(4_096)
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    answered = [line for line in lines if line["event"] == "request"]
    assert {(line["route"], line["method"], line["status"]) for line in answered} >= {
        ("/v1/hello", "POST", 200),
        ("/v1/exchange", "POST", 200),
        ("/v1/exchange", "POST", 400),
        ("other", "GET", 404),
    }
    for line in answered:
        assert {"time", "level", "request", "received", "sent", "ms"} <= line.keys()
    text = log.read_text(encoding="utf-8")
    for secret in ("127.0.0.1", "Параскева", "%D0", first.log.device.hex(), first.log.community.hex()):
        assert secret not in text


def test_the_description_is_the_one_in_the_documents(server: RunningServer, project: Path) -> None:
    kept = json.loads((project / "docs" / "formats" / "openapi.json").read_text(encoding="utf-8"))
    assert requests.get(server.url + "/openapi.json", timeout=30).json() == kept == document()


@pytest.mark.parametrize("path", document()["paths"])
def test_every_described_route_is_there(server: RunningServer, path: str) -> None:
    (method,) = document()["paths"][path]
    described = document()["paths"][path][method]["responses"]
    answer = requests.request(method, server.url + path, data=b"x", timeout=30)
    assert str(answer.status_code) in described
    assert requests.request("DELETE", server.url + path, timeout=30).status_code == 405
