"""`python -m gatework.cli` is `gatework`."""

from gatework.cli import main

main()
