"""`demo_tour`: load the demo estate, ask an incident question over the API, print the answer."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from incidents.management.demo_answer import Person, Tour, print_out
from inventory.management.demo_access import RESPONDER_KEY, DemoState, read_state
from inventory.management.demo_client import Server, ServerRefusedError

QUESTION = "CVE-2023-32314 lets code out of vm2's sandbox below 3.9.18. Where do we run it?"
INDICATOR = {"kind": "package", "purl": "pkg:npm/vm2", "range": "vers:npm/<3.9.18"}
PASTED = "pkg:npm/vm2@<3.9.18"
"""The same question as a person types it on the page."""

Json = dict[str, Any]


class Command(BaseCommand):
    help = "Load the demo estate into a running server, ask who runs a vulnerable library, and print the answer."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--base", default=settings.PUBLIC_URL, help="Address of the running server")

    def handle(self, *_args: object, **options: Any) -> None:
        base = options["base"].rstrip("/")
        call_command("load_demo", base=base, stdout=self.stdout)
        state = read_state(settings.HOME)
        if state is None:
            raise CommandError(f"load_demo left no state in {settings.HOME}.")
        try:
            answer = _ask(Server(base), key=state.keys[RESPONDER_KEY])
        except ServerRefusedError as error:
            raise CommandError(f"The server refused the question: {error}") from error
        self.stdout.write("")
        for line in print_out(answer, tour=_tour(state, base=base)):
            self.stdout.write(line)


def _ask(server: Server, *, key: str) -> Json:
    """Return the whole answer, the rows of all its pages joined."""
    question: Json = {"indicators": [INDICATOR], "limit": 500}
    answer = _page(server, question, key=key)
    rows = list(answer["rows"])
    following = answer["next"]
    while following:
        page = _page(server, question | {"cursor": following}, key=key)
        rows += page["rows"]
        following = page["next"]
    return answer | {"rows": rows}


def _page(server: Server, question: Json, *, key: str) -> Json:
    return server.send("POST", "/api/v1/impact", key=key, body=json.dumps(question).encode()).body


def _tour(state: DemoState, *, base: str) -> Tour:
    people = tuple(Person(row.username, row.password, row.role) for row in state.sign_ins)
    return Tour(
        question=QUESTION,
        page=f"{base}/impact?{urlencode({'q': PASTED})}",
        sign_in_page=f"{base}/sign-in",
        people=people,
    )
