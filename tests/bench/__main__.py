"""Measure the site that `./run bench` started."""

import os
import sys

import django

# Nobody listens here: what this process stores itself, to count statements, rings no worker.
os.environ["REDIS_URL"] = "redis+socket:///nonexistent/bench.sock"
os.environ["LOG_LEVEL"] = "ERROR"  # that nobody listens is no news
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "supplychain.settings")
django.setup()

from tests.bench.measure import main  # noqa: E402  (its imports need Django)

sys.exit(main())
