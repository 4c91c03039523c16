"""What a server tells Prometheus: how many, how large, how long; nothing of whom."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from sync.server.store import Community

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60)


class Metrics:
    """The figures of one server process.

    Args:
        waiting: Says how many devices wait for something new.
        replies: Says how many bytes of replies are under way.
    """

    def __init__(self, waiting: Callable[[], float], replies: Callable[[], float]) -> None:
        self._registry = registry = CollectorRegistry()
        self._requests = Counter("sprava_requests", "Requests answered", ["route", "status"], registry=registry)
        self._seconds = Histogram(
            "sprava_request_seconds",
            "From the head of a request to the end of its reply; waiting for news included",
            ["route"],
            buckets=_SECONDS,
            registry=registry,
        )
        self._received = Counter("sprava_received_bytes", "Bytes of bodies", ["route"], registry=registry)
        self._sent = Counter("sprava_sent_bytes", "Bytes of replies", ["route"], registry=registry)
        self._frames = Counter("sprava_frames", "Frames: accepted, given, or why refused", ["what"], registry=registry)
        self._chunks = Counter(
            "sprava_chunks", "Chunks of files: accepted, given, lost, or why refused", ["what"], registry=registry
        )
        Gauge("sprava_waiting_devices", "Devices waiting for news", registry=registry).set_function(waiting)
        Gauge("sprava_replies_bytes", "Bytes of replies under way", registry=registry).set_function(replies)
        self._communities = Gauge("sprava_communities", "Communities served", ["state"], registry=registry)
        self._stored = Gauge(
            "sprava_stored_bytes", "Bytes of frames and of files kept, all communities", registry=registry
        )

    def answered(self, route: str, status: int, received: int, sent: int, seconds: float) -> None:
        """Count a request.

        Args:
            route: Its path, one of few.
            status: The HTTP status.
            received: Bytes of its body.
            sent: Bytes of the reply.
            seconds: How long it took.
        """
        self._requests.labels(route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)
        self._received.labels(route).inc(received)
        self._sent.labels(route).inc(sent)

    def frames(self, what: str, count: int) -> None:
        """Count what became of frames."""
        self._frames.labels(what).inc(count)

    def chunks(self, what: str, count: int) -> None:
        """Count what became of chunks of files."""
        self._chunks.labels(what).inc(count)

    def page(self, communities: list[Community]) -> bytes:
        """Return all figures in Prometheus's text form.

        Args:
            communities: Those that are served.
        """
        suspended = sum(community.suspended for community in communities)
        self._communities.labels("served").set(len(communities) - suspended)
        self._communities.labels("suspended").set(suspended)
        self._stored.set(sum(community.used for community in communities))
        return generate_latest(self._registry)
