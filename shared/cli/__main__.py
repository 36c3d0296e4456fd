"""``lanes``, and ``python -m shared.cli``: what begins before the command line is there to say what Ctrl-C does.

So nothing is imported here but what every Python has loaded by then.
"""

import signal


def main() -> None:
    """Import the command line, and run it. Until it is there, Ctrl-C ends the process without a word."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # a shell that ignores it goes on to
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from shared.cli.main import main as run

    run()


if __name__ == "__main__":
    main()
