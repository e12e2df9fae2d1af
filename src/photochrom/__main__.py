"""The command ``photochrom``, also as ``python -m photochrom``."""

import gc


def main() -> None:
    """Run the command in ``sys.argv``."""
    # Imports make many objects and hardly any garbage. The collector would look through them 200 times, which takes
    # 30 ms. `photochrom.cli.process` starts it again.
    gc.disable()
    from photochrom.cli import main as run

    run()


if __name__ == "__main__":
    main()
