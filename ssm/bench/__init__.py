"""Speed, measured: ``python -m ssm.bench``."""
