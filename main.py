"""Opens the app; `python main.py --help` lists what it takes."""

import sys

from gui.app import main

if __name__ == "__main__":
    sys.exit(main())
