"""The load measurement on few devices: its shape and that nothing is lost, never its times."""

from benchmarks.load import measure


def test_few_devices_at_once_lose_nothing() -> None:
    row = measure(12, 4, 3, 300, 2)
    assert (row.figures["devices"], row.figures["frames_lost"]) == (12, 0)
    assert row.figures["ratio"] > 0
    assert row.figures["server_peak_mb"] > 0
    assert row.met is False  # a thousand devices are wanted
