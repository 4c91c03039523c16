"""Where ``python3 -m dev COMMAND`` starts."""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - this is the one place that tells an older Python so
    sys.exit("Sprava needs Python 3.11 or newer; this one is {}.{}.".format(*sys.version_info[:2]))

from dev.commands import main

sys.exit(main(sys.argv[1:]))
