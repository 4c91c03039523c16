"""The one entry point, ``sprava``: it decides whether a screen is wanted, and loads Qt only then."""

import sys
from argparse import Namespace
from collections.abc import Sequence

PAINT = "paint-pipe"
"""The installed program as the child that draws files; see `desktop_app.attachments.painting`."""

HUB = "hub-pipe"
"""The installed program as the child that serves an office; see `desktop_app.office.hub`."""


def main(argv: Sequence[str] | None = None) -> int:
    """Carry out a command line, or open the desk when it holds no command.

    Args:
        argv: The arguments after the program's name; by default the process's own.

    Returns:
        The exit code of `desktop_app.cli.main.run`.
    """
    from desktop_app.cli.main import run
    from desktop_app.hardening import harden

    if argv is None:
        harden()
    given = list(sys.argv[1:] if argv is None else argv)
    if given == [PAINT]:
        from desktop_app.attachments.painter import serve

        return serve()
    if given == [HUB]:
        from desktop_app.office.process import serve_office

        return serve_office()
    # Options alone, such as --lang uk, still mean the desk.
    only_language = len(given) in {1, 2} and given[0].startswith("--lang") and len(given) == 2 - ("=" in given[0])
    if not given or only_language:
        given.append("desk")
    return run(given, {"desk": _desk, "tour": _tour, "bench": _bench})


def _desk(arguments: Namespace) -> int:
    from ui.app import run_desk

    return run_desk([str(arguments.vault)] if arguments.vault else [])


def _tour(arguments: Namespace) -> int:
    from ui.tour import run_tour

    return run_tour(arguments)


def _bench(arguments: Namespace) -> int:
    from benchmarks.run import run_bench

    return run_bench(arguments)


if __name__ == "__main__":
    sys.exit(main())
