"""python -m gobp."""

from gobp.cli.main import main

if __name__ == "__main__":
    main()
