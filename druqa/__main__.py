"""`python -m druqa` is `druqa`."""

from druqa.cli import main

main()
