"""``lanes``, and ``python -m shared.cli``: what begins before the command line is there to say what Ctrl-C does."""

import sys

try:
    import signal
except KeyboardInterrupt:
    sys.exit(130)


def main() -> None:
    """Import the command line, and run it. Until it is there, Ctrl-C ends the process without a word."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # a shell may have had it ignored
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from shared.cli.main import main as run

    run()


if __name__ == "__main__":
    main()
