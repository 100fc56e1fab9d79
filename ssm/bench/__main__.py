"""``python -m ssm.bench``."""

from ssm.bench.report import main

main()
