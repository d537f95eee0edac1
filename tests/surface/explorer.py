"""Schemathesis against a running server: what it generates from `/openapi.json`, signed, and with ids that exist.

Each generated case is sent several times: as it is, with known ids in it, and as the action's example with some of what
was generated. So a good share of the requests gets beyond "not found"; and generating takes longer than sending.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

import hypothesis
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from jsonschema import Draft202012Validator
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.operations.signed_door import OPERATIONS, SYSTEM_EXCEPTION
from tests.story.servers import WhimbrelServer
from tests.story.signed_client import SignedClient
from tests.surface.declared import parameter_names
from tests.surface.known_ids import KnownIds, freshened
from tests.surface.long_run import Count
from tests.surface.signing_hook import SigningHook
from whimbrel.rpc.signing_caller import Credentials

ANSWER_WITHIN_S = 30.0
FLEET_PRODUCT = "fleet"
TIMES_WITH_IDS, TIMES_AS_EXAMPLE = 3, 2
TIMES_SENT = 1 + TIMES_WITH_IDS + TIMES_AS_EXAMPLE
#: What the examples do not say, and without which what they make is of no use here.
FURNISHED = {"CreateOTAFirmware": {"NeedToVerify": "false"}}
EXAMPLE_PRODUCT_KEY = OPERATIONS["QueryProduct"].example.request["ProductKey"]
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
#: What no HTTP client can put on the wire.
UNSENDABLE = (requests.exceptions.InvalidHeader, requests.exceptions.InvalidURL, UnicodeError)


class Explorer:
    """One server, all its actions, and what is known of its objects."""

    def __init__(self, server: WhimbrelServer, seed: int) -> None:
        self.server = server
        self._url = f"http://{server.endpoint}"
        self._seed = seed
        self._random = random.Random(seed)
        self._session = requests.Session()
        self._hook = SigningHook(Credentials(*server.access_key), self._random)
        asked = [name for operation in OPERATIONS.values() for name in parameter_names(operation)]
        # Not the key that signs: it would be taken away.
        self._known = KnownIds(asked, [server.access_key.key_id])
        self._document = self._session.get(f"{self._url}/openapi.json", timeout=ANSWER_WITHIN_S).json()
        self._schema = schemathesis.openapi.from_dict(self._document)
        self.succeeded: Counter[str] = Counter()
        self.codes: Counter[str] = Counter()

    def explore(self, action: str, mode: schemathesis.GenerationMode, cases: int, count: Count) -> None:
        """So many cases of one action, each sent TIMES_SENT times. AssertionError for an answer that should not be."""
        operation = self._schema[f"/?Action={action}"]["POST"]

        @hypothesis.seed(self._seed)
        @settings(
            max_examples=cases,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate],  # a server that remembers is no place to shrink in
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def send(case: schemathesis.Case) -> None:
            for parameters, response in self._sent(action, case):
                count.requests += 1
                self._judge(action, case, response)
                self._learn(action, parameters, response)

        send()

    def furnish(self, rounds: int, share: float = 1.0) -> None:
        """Make, by the examples, new objects of this share of the kinds, and look at all there are."""
        for _ in range(rounds):
            url = SignedClient(self.server).upload(self._random.randbytes(64))
            assert url is not None
            self._known.learn({}, {"FirmwareUrl": url})
            for action, operation in OPERATIONS.items():
                if operation.is_read or (operation.manner.creates and self._random.random() < share):
                    more = FURNISHED.get(action, {}) if self._random.random() < 0.7 else {}
                    parameters = {**self._example(action), **more}
                    self._learn(action, parameters, self._post(action, parameters))

    def _sent(self, action: str, case: schemathesis.Case) -> Iterator[tuple[dict[str, Any], requests.Response]]:
        body = {name: value for name, value in case.body.items() if name} if isinstance(case.body, dict) else {}
        try:
            asked = {"base_url": self._url, "session": self._session, "timeout": ANSWER_WITHIN_S}
            yield body, case.call(auth=self._hook, **asked)
        except UNSENDABLE:
            hypothesis.reject()
        for number in range(TIMES_WITH_IDS + TIMES_AS_EXAMPLE):
            if number < TIMES_WITH_IDS:
                parameters = self._known.put_into(body, self._random, 0.9)
            else:
                some = {name: value for name, value in body.items() if self._random.random() < 0.3}
                parameters = {**self._example(action), **some}
            yield parameters, self._post(action, parameters)

    def _example(self, action: str) -> dict[str, Any]:
        """The action's example with known ids, and with new names where it makes something, or else at times."""
        operation = OPERATIONS[action]
        shown = operation.example.request
        known = self._known.put_into({**shown, "ProductKey": ""}, self._random, 0.85)
        product_key = known["ProductKey"] if "ProductKey" in shown else known.pop("ProductKey")
        known = {name: str(value).replace(EXAMPLE_PRODUCT_KEY, product_key) for name, value in known.items()}
        is_fresh = operation.manner.creates or self._random.random() < 0.2
        return {**known, **freshened(shown, self._random)} if is_fresh else known

    def _post(self, action: str, parameters: dict[str, Any]) -> requests.Response:
        return self._session.post(
            f"{self._url}/?Action={action}",
            data=parameters,
            headers={"X-Response-Case": "pascal"},
            auth=self._hook,
            timeout=ANSWER_WITHIN_S,
        )

    def _judge(self, action: str, case: schemathesis.Case, response: requests.Response) -> None:
        where = f"{action} {response.request.body!r} {response.request.url} answered {response.status_code}"
        assert response.status_code < 500, f"{where} {response.text}"
        assert SYSTEM_EXCEPTION not in response.text, f"{where} {response.text}"
        if response.headers.get("Content-Type", "").startswith("text/xml"):
            ElementTree.fromstring(response.text)
        elif "requestId" in (answer := response.json()):
            self._check_camel(action, answer, response)
        else:
            case.validate_response(response, checks=CHECKS)

    def _check_camel(self, action: str, answer: dict[str, Any], response: requests.Response) -> None:
        """An answer in lowerCamelCase, which was asked for by not asking for the other."""
        assert str(response.status_code) in self._document["paths"][f"/?Action={action}"]["post"]["responses"]
        if answer["success"]:
            schema = self._document["components"]["schemas"][f"{action}ResponseCamel"]
            Draft202012Validator(schema).validate(answer)
        else:
            assert answer["code"]
            assert answer["errorMessage"]

    def _learn(self, action: str, parameters: dict[str, Any], response: requests.Response) -> None:
        if not response.headers.get("Content-Type", "").startswith("application/json"):
            return
        answer = response.json()
        self.codes[f"{action} {answer.get('Code', answer.get('code'))}"] += 1
        if answer.get("Success"):
            self.succeeded[action] += 1
            self._known.learn(parameters, answer)
