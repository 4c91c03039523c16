"""Every check and every test, and one clear end."""

from pathlib import Path

from dev import system
from dev.paths import script
from dev.process import say, shown, status

# The tests open real windows, on no screen.
_TEST_ENVIRONMENT = {"QT_QPA_PLATFORM": "offscreen"}


def check(_arguments: list[str]) -> int:
    """Run the checks that read the code, and return 0 when all are content."""
    return _report(_failures(_checks()))


def test(arguments: list[str]) -> int:
    """Run the checks and all tests, or with arguments only pytest with these.

    Args:
        arguments: Further arguments for pytest.
    """
    system.ensure_test_packages()
    python = script("python")
    if arguments:
        return status([python, "-m", "pytest", *arguments], env=_TEST_ENVIRONMENT)
    pytest: list[str | Path] = [python, "-m", "pytest", "--numprocesses=2", "--dist=worksteal"]
    return _report(_failures([*_checks(), pytest]))


def _checks() -> list[list[str | Path]]:
    python = script("python")
    return [
        [python, "-m", "ruff", "check"],
        [python, "-m", "ruff", "format", "--check"],
        [python, "-m", "mypy"],
        [script("lint-imports"), "--no-logo"],
        [python, "-m", "dev.catalogues", "check"],
    ]


def _failures(commands: list[list[str | Path]]) -> list[str]:
    """Run all the commands, also after one has failed: a person wants to see everything that is wrong."""
    failed = []
    for command in commands:
        name = shown([Path(command[0]).name, *command[1:]])
        say(f"== {name}")
        if status(command, env=_TEST_ENVIRONMENT) != 0:
            failed.append(name)
    return failed


def _report(failed: list[str]) -> int:
    say("All is well." if not failed else "These failed:\n" + "\n".join(f"  {name}" for name in failed))
    return 1 if failed else 0
