"""Who asks: the public parameters of a request, checked as the real gateway checks them."""

import base64
import binascii
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import parse_qsl

from aiohttp import web
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from adapters.alipay.simulator import scenarios
from adapters.alipay.simulator.authority import serial
from adapters.alipay.simulator.keys import KeyOffice
from adapters.alipay.simulator.wire import AlipaySide, Call, invalid, missing
from adapters.far_side import FarSide
from kit.clock import CHINA

STAMP_DIFFERENCE_MAX_S = 15 * 60

_LENGTHS = {
    "app_id": 32,
    "method": 128,
    "format": 40,
    "charset": 10,
    "sign_type": 10,
    "sign": 344,
    "timestamp": 19,
    "version": 3,
    "app_auth_token": 40,
    "notify_url": 256,
    "return_url": 256,
}
_REQUIRED = {
    "method": "isv.missing-method",
    "app_id": "isv.missing-app-id",
    "sign_type": "isv.missing-signature-type",
    "sign": "isv.missing-signature",
    "timestamp": "isv.missing-timestamp",
    "version": "isv.missing-version",
}


async def parameters_of(request: web.Request) -> dict[str, str]:
    """Those of the address and of the form. A form is read in the charset that its header names,
    and in GBK when it names none: why the signature of Chinese is wrong in so many first attempts
    (from memory)."""
    form = parse_qsl(
        (await request.read()).decode("ascii", "replace"),
        keep_blank_values=True,
        encoding=request.charset or "gbk",
        errors="replace",
    )
    return {**request.query, **dict(form)}


class RequestCheck:
    """In which order several mistakes are named is our guess."""

    def __init__(self, side: AlipaySide, far_side: FarSide, keys: KeyOffice) -> None:
        self._side = side
        self._far = far_side
        self._keys = keys
        app_key = serialization.load_der_public_key(base64.b64decode(side.app_public_key))
        if not isinstance(app_key, rsa.RSAPublicKey):
            raise ValueError("the app's key is not RSA")
        self._app_key = app_key

    def check(self, parameters: Mapping[str, str]) -> Call:
        for name, sub_code in _REQUIRED.items():
            if not parameters.get(name):
                raise missing(sub_code)
        for name, length_max in _LENGTHS.items():
            if len(parameters.get(name, "")) > length_max:
                raise invalid("isv.invalid-parameter", f"参数无效：{name}")
        if parameters["app_id"] != self._side.app_id:
            raise invalid("isv.invalid-app-id", "无效的AppID参数", signed=False)
        for name, values, sub_code in (
            ("version", {"1.0"}, "isv.invalid-version"),
            ("charset", {"utf-8", "UTF-8"}, "isv.invalid-charset"),
            ("format", {"", "JSON", "json"}, "isv.invalid-format"),
            ("sign_type", {"RSA2"}, "isv.invalid-signature-type"),
        ):
            if parameters.get(name, "") not in values:
                raise invalid(sub_code, f"参数无效：{name}")
        self._check_serials(parameters)
        self._check_signature(parameters)
        self._check_stamp(parameters)
        return Call(parameters["method"], parameters)

    def _check_serials(self, parameters: Mapping[str, str]) -> None:
        if not self._side.app_certificate:
            return
        own = serial(x509.load_pem_x509_certificate(self._side.app_certificate.encode()))
        if parameters.get("app_cert_sn") != own:
            raise invalid("isv.app-cert-not-exist", "应用公钥证书不存在")
        if parameters.get("alipay_root_cert_sn") != self._keys.root_serial():
            raise invalid("isv.invalid-alipay-root-cert-sn", "支付宝根证书序列号无效")

    def _check_signature(self, parameters: Mapping[str, str]) -> None:
        signed = "&".join(
            f"{name}={parameters[name]}"
            for name in sorted(parameters)
            if name != "sign" and parameters[name] != ""
        )
        try:
            signature = base64.b64decode(parameters["sign"], validate=True)
            self._app_key.verify(
                signature, signed.encode("utf-8"), padding.PKCS1v15(), hashes.SHA256()
            )
        except (InvalidSignature, binascii.Error):
            raise invalid("isv.invalid-signature", "验签出错") from None

    def _check_stamp(self, parameters: Mapping[str, str]) -> None:
        wrong = invalid("isv.invalid-timestamp", "非法的时间戳参数")
        try:
            stamp = datetime.strptime(parameters["timestamp"], "%Y-%m-%d %H:%M:%S").replace(
                tzinfo=CHINA
            )
        except ValueError:
            raise wrong from None
        off_s = abs((self._far.clock.now() - stamp).total_seconds())
        scenario = self._far.take(scenarios.CLOCK_WRONG, method=parameters["method"])
        if off_s > STAMP_DIFFERENCE_MAX_S or scenario is not None:
            raise wrong
