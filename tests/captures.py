"""`python -m tests.captures [slug…]`: draws again the pictures of the fiches, from the portal started for it (issue 13.7).

The scenes are tests/parcours/scenes_captures.py, the drawing tests/parcours/dessin.py; what it writes is committed.
"""

import os
import sys


def main() -> None:
    choix = " or ".join(sys.argv[1:])
    arguments = ["-q", "-p", "no:randomly", "tests/parcours/dessin.py", *(["-k", choix] if choix else [])]
    os.execv(sys.executable, [sys.executable, "-m", "pytest", *arguments])  # noqa: S606


if __name__ == "__main__":
    main()
