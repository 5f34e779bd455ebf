"""The programs of this folder are read by tests, not imported: each of them would train its network."""

collect_ignore_glob = ["*.py"]
