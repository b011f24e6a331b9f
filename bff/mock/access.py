"""Who may call the mock's own API: anybody who reaches it. It is never part of a real service."""

from dataclasses import dataclass

from sanic import Request

from kit.describe import AccessRule


@dataclass(frozen=True, slots=True)
class MockCaller:
    key: str = "mock"
    sender: str = "mock"


class MockAccess(AccessRule):
    name = "mock"

    async def admit(self, request: Request) -> MockCaller:
        return MockCaller()


MOCK = MockAccess()
