"""The command `druqa`, and `python -m druqa`."""

from __future__ import annotations

import contextlib
import os
import sys

from druqa.cli import main


def run() -> None:
    """Run the command line, then end the process at once.

    A thread may still wait for a host name or load a model, and taking litellm's modules down takes a second: neither
    is worth waiting for once the report is printed and the journal closed. With DRUQA_DEBUG=1 the exit is an ordinary
    one, as profilers need it.
    """
    try:
        main()
    except SystemExit as end:
        if os.environ.get("DRUQA_DEBUG") or not isinstance(end.code, int | None):
            raise
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError, AttributeError):
                stream.flush()
        os._exit(end.code or 0)
    except OSError as error:
        # Help or version, printed before any command runs, into something that takes no more.
        with contextlib.suppress(OSError, AttributeError):
            sys.stderr.write(f"druqa: the output cannot be written: {error.strerror}\n")
        os._exit(1)


if __name__ == "__main__":
    run()
