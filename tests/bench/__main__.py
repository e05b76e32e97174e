"""Load an estate, or measure the site that `./run bench` started on it."""

import argparse
import os
import sys

import django

# Nobody listens here: what this process stores itself, to count statements, rings no worker.
os.environ["REDIS_URL"] = "redis+socket:///nonexistent/bench.sock"
os.environ["LOG_LEVEL"] = "ERROR"  # that nobody listens is no news
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "supplychain.settings")
django.setup()

from tests.bench import commands  # noqa: E402  (its imports need Django)

parser = argparse.ArgumentParser(prog="./run bench", description=__doc__)
commands.add_options(parser)
sys.exit(commands.run(parser.parse_args()))
