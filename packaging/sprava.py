"""Where the bundled program starts."""

import sys

from ui.main import main

sys.exit(main())
