"""``python -m picmodel.cli``."""

from picmodel.cli import main

if __name__ == "__main__":
    main()
