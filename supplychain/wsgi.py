"""The WSGI entry point, served by gunicorn."""

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "supplychain.settings")
# The web process keeps a pool of database connections; workers and commands keep one each.
os.environ.setdefault("SUPPLYCHAIN_PROCESS", "web")

application = get_wsgi_application()
# What stays for good is not searched for garbage again and again: a question of 5,000 purls costs half the time.
gc.freeze()
