"""The programs of the frameworks are run, not imported."""

collect_ignore_glob = ["*_runs.py", "shared.py"]
