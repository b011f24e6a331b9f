"""What a refresh token is bound to."""

import pytest

from auth.devices import device_of
from kit.problems import MalformedRequest


def test_the_device_id_alone_counts_when_there_is_one():
    one = device_of({"x-device-id": "device_1234", "user-agent": "a"})
    assert one == device_of({"x-device-id": "device_1234", "user-agent": "b"})
    assert one != device_of({"x-device-id": "device_1235", "user-agent": "a"})


def test_without_an_id_the_platform_counts():
    one = device_of({"x-client-platform": "wechat", "user-agent": "NetType/WIFI"})
    assert one == device_of({"x-client-platform": "wechat", "user-agent": "NetType/4G"})
    assert one != device_of({"x-client-platform": "h5", "user-agent": "NetType/WIFI"})


def test_a_client_cannot_describe_itself_as_a_device_id():
    assert device_of({"x-device-id": "device_1234"}) != device_of(
        {"x-client-platform": "device_1234"}
    )


@pytest.mark.parametrize(
    "device_id", ["", "short", "a" * 65, "with space", "device/1234", "设备设备设备设备"]
)
def test_other_ids_are_malformed(device_id):
    with pytest.raises(MalformedRequest):
        device_of({"x-device-id": device_id})
